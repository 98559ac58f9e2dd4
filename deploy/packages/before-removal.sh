# Before the package goes: an nginx whose configuration still names the files would serve on, and not
# come back after its next start.
nginx=$(command -v nginx || command -v openresty || :)
if [ -n "$nginx" ] && "$nginx" -T 2>/dev/null | grep -q '^[^#]*/usr/share/ballast/lua'; then
  echo 'ballast-edge: nginx would not start without these files: its configuration includes' >&2
  echo '  /etc/ballast/ballast-http.conf. Take the includes out and reload nginx first.' >&2
  exit 1
fi
