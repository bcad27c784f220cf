#!/bin/sh
# A private Docker daemon for tests: its own socket, data root and pid file in one folder; ended by its pid.
#   dockerd.sh start FOLDER   starts it and waits until it answers; its socket is FOLDER/docker.sock; status 77: not root
#                             (again, if it is there); CBENCH_DOCKER_OPTIONS: more of dockerd's options
#   dockerd.sh stop FOLDER    ends it and removes everything that it left, FOLDER with it
set -eu
action=$1
folder=$2

# The socket's path must fit into 107 bytes.
socket=$folder/docker.sock
# A bridge and a parent cgroup of our own (the default ones belong to the host's daemon), named after the folder; addresses from
# the range for benchmarks (RFC 2544).
sum=$(printf %s "$folder" | cksum | cut -d' ' -f1)
name=cbt-$sum
subnet=198.18.$((sum % 254 + 1))

is_ours() { # is_ours PID: is this process the daemon of this folder?
  tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" | grep -qF -- "--pidfile $folder/dockerd.pid"
}

answers() { curl -sf -m 2 --unix-socket "$socket" http://docker/_ping >/dev/null 2>&1; }

launch() { # launch NETWORK-OPTION…
  dockerd -H "unix://$socket" --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/dockerd.pid" \
    --storage-driver "${CBENCH_DOCKER_STORAGE:-overlay2}" --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false \
    --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$name" "$@" ${CBENCH_DOCKER_OPTIONS:-} </dev/null >"$folder/dockerd.log" 2>&1 &
  daemon=$!
  n=0
  while [ $n -lt 300 ]; do
    if answers; then return 0; fi
    kill -0 $daemon 2>/dev/null || return 1
    n=$((n + 1))
    sleep 0.1
  done
  return 1
}

end_daemon() {
  [ -f "$folder/dockerd.pid" ] || return 0
  daemon=$(cat "$folder/dockerd.pid")
  if is_ours "$daemon"; then
    if answers; then # what a failed test left would outlive the daemon
      for id in $(curl -s -m 5 --unix-socket "$socket" 'http://docker/containers/json?all=1' |
        grep -o '"Id":"[0-9a-f]*"' | cut -d'"' -f4); do
        curl -s -m 20 -X DELETE --unix-socket "$socket" "http://docker/containers/$id?force=1&v=1" >/dev/null || true
      done
    fi
    kill "$daemon"
    n=0
    while is_ours "$daemon" && [ $n -lt 200 ]; do
      n=$((n + 1))
      sleep 0.1
    done
    if is_ours "$daemon"; then kill -9 "$daemon"; fi
  fi
  # containerd is the daemon's child and ends with it; after a kill -9 it may not.
  containerd=$(cat "$folder/exec/containerd/containerd.pid" 2>/dev/null || true)
  if [ -n "$containerd" ] && tr '\0' ' ' 2>/dev/null <"/proc/$containerd/cmdline" | grep -qF "$folder"; then
    kill "$containerd"
  fi
}

# After a kill -9, containers and their shims run on, unless a daemon that came after it has ended them.
end_shims() {
  for process in /proc/[0-9]*; do
    case $(tr '\0' ' ' 2>/dev/null <"$process/cmdline") in
    *containerd-shim*"$folder/exec/"*)
      for child in $(cat "$process"/task/*/children 2>/dev/null); do kill -9 "$child" || true; done
      kill -9 "${process#/proc/}" || true
      ;;
    esac
  done
}

remove_folder() {
  ip link del "$name" 2>/dev/null || true
  for group in "/sys/fs/cgroup/$name" /sys/fs/cgroup/*/"$name"; do
    if [ -d "$group" ]; then rmdir "$group" || true; fi
  done
  # Mounts below the folder (overlay, network namespaces), deepest first.
  awk -v f="$folder/" 'index($5, f) == 1 {print $5}' /proc/self/mountinfo | sort -r |
    while read -r mount; do umount -l "$mount" || true; done
  rm -rf "$folder"
}

case $action in
start)
  command -v dockerd >/dev/null || { echo "dockerd is not installed: apt-get install docker.io" >&2; exit 1; }
  [ "$(id -u)" = 0 ] || { echo "dockerd needs root" >&2; exit 77; }
  end_daemon
  mkdir -p "$folder"
  # No rule of iptables is touched: containers reach one another and this host, and ports are published by Docker's proxy.
  # A daemon that is started again finds its bridge, and perhaps containers on it.
  if { ip link show "$name" >/dev/null 2>&1 || { ip link add "$name" type bridge 2>/dev/null && ip addr add "$subnet.1/24" dev "$name"; }; } &&
    ip link set "$name" up; then
    if launch --bridge="$name"; then exit 0; fi
  else # a network is not to be had; most tests need none
    if launch --bridge=none; then exit 0; fi
  fi
  cat "$folder/dockerd.log" >&2
  end_daemon
  ip link del "$name" 2>/dev/null || true
  exit 1
  ;;
stop)
  end_daemon
  end_shims
  remove_folder
  ;;
*)
  echo "usage: dockerd.sh start|stop FOLDER" >&2
  exit 2
  ;;
esac
