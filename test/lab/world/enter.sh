#!/bin/sh
# enter.sh STATE CGROUP COMMAND... - runs a command in the lab's world, with its network, processes and
# mounts.
here=$(cd "$(dirname "$0")" && pwd)
state=$1 cgroup=$2
shift 2
. "$here/cgroup.sh"
read -r pid _ <"$state/world.pid" || exit 1
join_cgroup "$cgroup" $$
exec nsenter --target "$pid" --pid --mount --net --ipc --uts --cgroup --wd="$PWD" -- "$@"
