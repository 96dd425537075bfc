#!/bin/sh
# plain-hosts.sh STATE PREFIX LOWER NAME=ADDRESS... - inside the world: starts hosts that are nothing but an sshd.
#
# A host has namespaces of its own (network, processes, mounts, host name, ipc) and a root of its own: an overlay whose
# upper layer lies on the world's tmpfs and starts empty each time, over the directories LOWER, which all hosts share.
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
