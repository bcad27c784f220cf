# What the scripts of the project share: installing Debian packages and building a preset. To be sourced by a POSIX sh whose
# working directory is the project's root.

BUILD_PACKAGES="clang-19 lld-19 llvm-19-dev cmake ninja-build ccache pkg-config libstdc++-12-dev tao-pegtl-dev libyaml-cpp-dev
  libfmt-dev nlohmann-json3-dev libcli11-dev libflatbuffers-dev flatbuffers-compiler libzstd-dev libpfm4-dev libpcre2-dev
  libcurl4-openssl-dev zlib1g-dev libfuse3-dev"

# A clone in another folder finds the objects of this one.
export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1

say() { printf '%s\n' "$*" >&2; }

# install PACKAGE…: installs what is missing, or says how. No service is started by it.
install() {
  missing=""
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    say "these packages are missing; as root, run:"
    say "  apt-get update && apt-get install --no-install-recommends$missing"
    exit 4
  fi
  say "installing$missing"
  blocker=/usr/sbin/policy-rc.d
  if [ ! -e $blocker ]; then
    printf '#!/bin/sh\nexit 101\n' >$blocker
    chmod 755 $blocker
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  log=$(mktemp)
  # shellcheck disable=SC2086  # a list of names
  if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    say "apt-get failed; its output is in $log"
    exit 4
  fi
  rm -f "$log"
}

# build PRESET TARGET…: configures and builds; quiet when all is well.
build() {
  preset=$1
  shift
  say "building ($preset)"
  log=$(mktemp)
  if ! cmake --preset "$preset" >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
  fi
  rm -f "$log"
  NINJA_STATUS='[%f/%t] ' ninja -C "build/$preset" "$@" >&2 || exit 1
}
