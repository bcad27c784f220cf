#!/bin/sh
# run.sh WRITE_TRACE SOURCE_FOLDER WORK_FOLDER: apache-arrow, as an independent judge, reads traces that we wrote. Exit 77: skipped,
# because Node 18 or apache-arrow is not to be had here.
set -eu
write_trace=$1 source=$2 work=$3

command -v node >/dev/null && command -v npm >/dev/null || { echo "skipped: no node and npm (apt install nodejs npm)"; exit 77; }
major=$(node -p 'process.versions.node.split(".")[0]')
[ "$major" -ge 18 ] || { echo "skipped: node $major is older than 18"; exit 77; }

mkdir -p "$work"
cp "$source/package.json" "$source/package-lock.json" "$source/read.mjs" "$work"
cd "$work"
if ! [ -d node_modules/apache-arrow ] || ! cmp -s package-lock.json installed-lock.json; then
  npm ci --no-audit --no-fund --ignore-scripts >npm.log 2>&1 || { echo "skipped: apache-arrow cannot be installed:"; tail -5 npm.log; exit 77; }
  cp package-lock.json installed-lock.json
fi

traces=$(mktemp -d)
trap 'rm -rf "$traces"' EXIT
"$write_trace" "$traces"
node read.mjs "$traces/closed.arrows" "$traces/closed.json"
node read.mjs "$traces/abandoned.arrows" "$traces/abandoned.json"
