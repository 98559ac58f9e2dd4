# As root: apt-get install PACKAGE..., without starting or stopping a service.
set -eu
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 LC_ALL=C

# One at a time on this machine: two would restore policy-rc.d under each other.
exec 9>/var/lock/ballast-apt-install
flock 9

policy=/usr/sbin/policy-rc.d
aside=$policy.before-ballast
restore() {
  if grep -qs 'written by ballast' "$policy"; then rm -f "$policy"; fi
  if [ -e "$aside" ] || [ -L "$aside" ]; then mv -f "$aside" "$policy"; fi
}
restore # what a killed set-up left
trap restore EXIT
trap 'exit 143' HUP INT TERM
if [ -e "$policy" ] || [ -L "$policy" ]; then mv "$policy" "$aside"; fi
printf '#!/bin/sh\n# written by ballast for the time of an installation\nexit 101\n' >"$policy"
chmod 755 "$policy"

options='-y --no-install-recommends -o DPkg::Lock::Timeout=600 -o APT::Get::Remove=false'

is_installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }
fresh=
for service in nginx redis-server haproxy prometheus prometheus-alertmanager victoria-metrics; do is_installed "$service" || fresh="$fresh $service"; done

# The package lists may be missing altogether (an image), or too old to download by.
apt-get $options -s install "$@" >/dev/null 2>&1 || apt-get -o DPkg::Lock::Timeout=600 update
apt-get $options install "$@" || {
  apt-get -o DPkg::Lock::Timeout=600 update
  apt-get $options install "$@"
}

for service in $fresh; do
  if is_installed "$service"; then update-rc.d "$service" disable >/dev/null 2>&1 || :; fi
done
