#!/bin/sh
# plain-hosts.sh STATE PREFIX LOWER NAME=ADDRESS... - inside the world: starts hosts that run only an sshd.
#
# Each host has its own namespaces (network, processes, mounts, host name, ipc) and its own root, an overlay.
# The upper layer is on the world's tmpfs and is empty at each start. All hosts share the lower directories
# LOWER.
set -e
here=$(cd "$(dirname "$0")" && pwd)
state=$1 prefix=$2 lower=$3
shift 3
for host; do
  name=${host%%=*} address=${host#*=}
  home=$state/nodes/plain/$name
  if [ ! -e "/run/netns/$name" ]; then
    ip netns add "$name"
    ip link add "v-$name" type veth peer name eth0 netns "$name"
    ip link set "v-$name" master lab up
    ip -n "$name" addr add "$address/$prefix" dev eth0
    ip -n "$name" link set lo up
    ip -n "$name" link set eth0 up
  fi
  mkdir -p "$home/upper" "$home/work" "$home/root"
  nsenter --net="/run/netns/$name" \
    unshare --mount --uts --ipc --pid --fork --kill-child --propagation private \
    "$here/plain-boot.sh" "$home" "$name" "$lower" </dev/null >>"$home/console.log" 2>&1 &
done
