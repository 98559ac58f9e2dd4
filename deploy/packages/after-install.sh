# After an installation or an upgrade. nginx goes on with what it has loaded: when it takes new files
# in is for who runs it to say.
nginx=$(command -v nginx || command -v openresty || :)
state=/var/lib/ballast

# Snapshots are written by nginx's workers, and only nginx knows whose they are. A folder that is not
# root's any more has its owner already.
if [ "$(stat -c %U "$state")" = root ]; then
  user=
  if [ -n "$nginx" ]; then
    user=$("$nginx" -T 2>/dev/null | sed -n 's/^[[:space:]]*user[[:space:]][[:space:]]*\([^[:space:];]*\).*/\1/p' | head -n 1)
    [ -n "$user" ] || user=$("$nginx" -V 2>&1 | tr ' ' '\n' | sed -n 's/^--user=//p')
  fi
  for one in $user www-data nginx nobody; do
    if id "$one" >/dev/null 2>&1; then
      chown "$one" "$state"
      break
    fi
  done
  chmod 750 "$state"
fi

if [ -n "$nginx" ] && "$nginx" -T 2>/dev/null | grep -q '^[^#]*/usr/share/ballast/lua'; then
  echo 'ballast-edge: nginx goes on with the files it has loaded; to take these in: nginx -t && nginx -s reload'
elif [ ! -e /etc/ballast/edge.json ]; then
  echo 'ballast-edge: nothing of nginx has changed. Write /etc/ballast/edge.json, then say in your http block'
  echo '  include /etc/ballast/ballast-http.conf; include /etc/ballast/ballast-control.conf;'
fi
