#!/bin/sh
# start.sh STATE CGROUP LINK MACHINE-ADDRESS INTERNET-ADDRESS PREFIX
#
# Starts the lab's world in the background: one outer set of namespaces (processes, mounts, network, host
# name, ipc, cgroups) that contains the rest of the lab. To stop all of it, kill its first process. LINK is a
# veth pair between the machine's own network and the world's bridge.
set -e
here=$(cd "$(dirname "$0")" && pwd)
state=$1 cgroup=$2 link=$3 machine=$4 internet=$5 prefix=$6
. "$here/cgroup.sh"

mkdir -p "$state"
rm -f "$state/world.pid" "$state/world.ready"
(
  # $PPID of a child is this subshell; $$ would be the outer shell
  join_cgroup "$cgroup" "$(exec sh -c 'echo $PPID')"
  exec setsid unshare --pid --mount --net --ipc --uts --cgroup --fork --kill-child --propagation private \
    "$here/world.sh" "$state" "$internet/$prefix"
) </dev/null >"$state/world.log" 2>&1 &

waited=0
until [ -e "$state/world.ready" ]; do
  sleep 0.02
  waited=$((waited + 1))
  if [ $waited -gt 500 ]; then
    cat "$state/world.log" >&2
    exit 1
  fi
done
read -r pid _ <"$state/world.pid"
ip link add "$link" type veth peer name machine netns "$pid"
ip addr add "$machine/$prefix" dev "$link"
ip link set "$link" up
nsenter --target "$pid" --net ip link set machine master lab up
