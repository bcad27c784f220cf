#!/bin/sh
# Makes the images of this example in the local Docker daemon, from Debian's busybox-static and stress-ng: nothing is pulled.
#   images.sh [NAME-PREFIX]      cbench-example/busybox:1 and cbench-example/stress-ng:1
set -eu
prefix=${1:-cbench-example}
for program in busybox stress-ng docker; do
  command -v $program >/dev/null || {
    echo "$program is missing; as root: apt-get install busybox-static stress-ng docker.io" >&2
    exit 4
  }
done
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/bin" "$root/tmp" "$root/etc" "$root/proc" "$root/sys" "$root/dev" "$root/usr/bin"
chmod 1777 "$root/tmp"
echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in $(busybox --list); do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
tar -C "$root" -c . | docker import - "$prefix/busybox:1" >/dev/null

stress=$(command -v stress-ng)
cp "$stress" "$root/usr/bin/"
ldd "$stress" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
tar -C "$root" -c . | docker import - "$prefix/stress-ng:1" >/dev/null
echo "made $prefix/busybox:1 and $prefix/stress-ng:1"
