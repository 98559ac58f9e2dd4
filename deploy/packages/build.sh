#!/bin/sh
# Makes the edge's packages, ballast-edge, for Debian and Ubuntu (.deb) and for Fedora and RHEL (.rpm):
# the Lua files, the two includes, an empty state folder, and nothing that touches a site of nginx.
#
#   sh deploy/packages/build.sh FOLDER [deb|rpm]
#
# In: this checkout; its version is that of package.json, or BALLAST_PACKAGE_VERSION. Out: the packages
# in FOLDER, the same bytes from the same files (times are SOURCE_DATE_EPOCH, else the last commit's).
# On failure: what is missing, and no package that is half made.
# Needs dpkg-deb (dpkg) for the one, rpmbuild (Debian's package `rpm`) for the other.
set -eu
umask 022

usage() {
  echo 'usage: sh deploy/packages/build.sh FOLDER [deb|rpm]' >&2
  exit 2
}
[ $# -ge 1 ] && [ $# -le 2 ] || usage
case ${2:-both} in deb | rpm | both) kind=${2:-both} ;; *) usage ;; esac

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
version=${BALLAST_PACKAGE_VERSION:-$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$root/package.json")}
# What comes before a release (1.0.0-rc.1) is older than it to both package managers by this sign alone.
version=$(printf '%s\n' "$version" | sed 's/-\([A-Za-z]\)/~\1/')
[ -n "$version" ] || { echo 'packages: no version in package.json' >&2; exit 1; }
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH LC_ALL=C

need() {
  command -v "$1" >/dev/null || { echo "packages: $1 is missing; Debian's package $2 has it" >&2; exit 1; }
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 143' HUP INT TERM

# What both packages put onto a machine.
stage() {
  mkdir -p "$1/usr/share/ballast/lua" "$1/usr/share/doc/ballast-edge" "$1/etc/ballast" "$1/var/lib/ballast"
  cp -R "$root/lua/ballast" "$root/lua/redis" "$1/usr/share/ballast/lua/"
  cp "$root/nginx/ballast-http.conf" "$root/nginx/ballast-control.conf" "$1/etc/ballast/"
  cp "$root/LICENSE" "$1/usr/share/doc/ballast-edge/copyright"
  find "$1" -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
}

settle_times() {
  find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

make_deb() {
  need dpkg-deb dpkg
  tree=$work/deb
  stage "$tree"
  mkdir -p "$tree/DEBIAN"
  sed "s/@VERSION@/$version/" "$here/control" >"$tree/DEBIAN/control"
  printf '%s\n' /etc/ballast/ballast-http.conf /etc/ballast/ballast-control.conf >"$tree/DEBIAN/conffiles"
  script "$tree/DEBIAN/postinst" '[ "$1" = configure ] || exit 0' "$here/after-install.sh"
  script "$tree/DEBIAN/prerm" '[ "$1" = remove ] || exit 0' "$here/before-removal.sh"
  script "$tree/DEBIAN/postrm" '[ "$1" = purge ] || exit 0' "$here/after-removal.sh"
  settle_times "$tree"
  name=ballast-edge_${version}_all.deb
  dpkg-deb --root-owner-group -Zxz --build "$tree" "$work/$name" >/dev/null
  mv "$work/$name" "$out/$name"
  echo "$out/$name"
}

script() {
  { printf '#!/bin/sh\nset -e\n%s\n' "$2"; cat "$3"; } >"$1"
  chmod 755 "$1"
}

make_rpm() {
  need rpmbuild rpm
  stage "$work/rpm-tree"
  settle_times "$work/rpm-tree"
  rpmbuild --quiet -bb --target noarch \
    --define "_topdir $work/rpm" --define "_rpmdir $work" \
    --define "_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.noarch.rpm" \
    --define "_tmppath $work" --define "_dbpath $work/rpmdb" --define '_binary_payload w9.gzdio' \
    --define "tree $work/rpm-tree" --define "scripts $here" --define "package_version $version" \
    --define '_buildhost localhost' --define 'use_source_date_epoch_as_buildtime 1' \
    --define 'clamp_mtime_to_source_date_epoch 1' "$here/ballast-edge.spec" >"$work/said" 2>&1 || { cat "$work/said" >&2; exit 1; }
  name=ballast-edge-$version-1.noarch.rpm
  mv "$work/$name" "$out/$name"
  echo "$out/$name"
}

if [ "$kind" != rpm ]; then make_deb; fi
if [ "$kind" != deb ]; then make_rpm; fi
