#!/bin/sh
# clang-tidy over everything but the tests, by .clang-tidy; a file is looked at again only when it or a header of ours that it
# includes has changed since it was found clean.
#   lint.sh ROOT BUILD      BUILD has been built: ninja knows then what includes what
set -eu
cd "$1"
build=$2
command -v clang-tidy-19 >/dev/null || { echo "clang-tidy-19 is not installed"; exit 77; }
clean=${XDG_CACHE_HOME:-$HOME/.cache}/cbench-lint
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$clean"

tidy=$( (clang-tidy-19 --version; cat .clang-tidy) | sha256sum)
ninja -C "$build" -t deps | awk -v root="$PWD/" '
  /^CMakeFiles\/(compiler|grammar|runtime|stdlib)\./ { ours = 1; next }
  /^[^ ]/ { ours = 0 }
  /^$/ && line != "" { print line; line = "" }
  !ours { next }
  { name = $1; sub(/^(\.\.\/)+/, root, name) }
  index(name, root) == 1 { name = substr(name, length(root) + 1); if (name !~ /^build\//) line = line " " name }
  END { if (line != "") print line }' >"$work/files"
[ -s "$work/files" ] || { echo "$build knows no source files; build it first"; exit 1; }

# A line of `files` is a source file and its headers. What is not yet known to be clean, as "HASH FILE".
while read -r source headers; do
  # shellcheck disable=SC2086  # a list of names
  hash=$( (echo "$tidy"; sha256sum "$source" $headers) | sha256sum | cut -d' ' -f1)
  [ -e "$clean/$hash" ] || echo "$hash $source"
done <"$work/files" >"$work/todo"
echo "$(wc -l <"$work/todo") of $(wc -l <"$work/files") files to look at"

export build clean work
# shellcheck disable=SC2016  # expanded by the inner shell
xargs -r -P "$(nproc)" -L 1 sh -c '
  if clang-tidy-19 --quiet -p "$build" "$2" >"$work/$1.out" 2>/dev/null; then : >"$clean/$1"; else cat "$work/$1.out"; exit 1; fi' lint \
  <"$work/todo"
