#!/bin/sh
# Makes the two images of the tests in a Docker daemon, from programs of this machine and without a network:
#   cbench-test/busybox:1     busybox with all its applets, no entrypoint and no command
#   cbench-test/stress-ng:1   the same and stress-ng with its libraries
#   images.sh SOCKET
set -eu
socket=$1
for program in busybox stress-ng; do
  command -v $program >/dev/null || { echo "$program is missing: apt-get install busybox-static stress-ng" >&2; exit 1; }
done
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

import() { # import NAME [CHANGE]: the image NAME from $root
  answer=$(tar -C "$root" -c . | curl -sS -m 120 --unix-socket "$socket" -X POST -H 'Content-Type: application/x-tar' \
    --data-binary @- "http://docker/images/create?fromSrc=-&repo=$1&tag=1${2:+&changes=$2}")
  case $answer in
  *'"status":"sha256:'*) ;;
  *) echo "import of $1 failed: $answer" >&2; exit 1 ;;
  esac
}

mkdir -p "$root/bin" "$root/tmp" "$root/etc" "$root/proc" "$root/sys" "$root/dev" "$root/root"
chmod 1777 "$root/tmp"
echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'nobody:x:65534:65534:nobody:/:/bin/sh' >>"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in $(busybox --list); do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
import cbench-test/busybox

stress=$(command -v stress-ng)
mkdir -p "$root/usr/bin"
cp "$stress" "$root/usr/bin/"
ldd "$stress" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
import cbench-test/stress-ng
