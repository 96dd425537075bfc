#!/bin/sh
# stop.sh STATE CGROUP LINK - stops the lab's world and everything in it. Prints nothing if the world is not
# running.
here=$(cd "$(dirname "$0")" && pwd)
state=$1 cgroup=$2 link=$3
. "$here/cgroup.sh"

populated() {
  for hierarchy in $(hierarchies); do
    [ -d "$hierarchy/$cgroup" ] || continue
    find "$hierarchy/$cgroup" -name cgroup.procs -exec cat {} + 2>/dev/null | grep -q . && return 0
  done
  return 1
}

if read -r pid started <"$state/world.pid" 2>/dev/null && [ -e "/proc/$pid/stat" ]; then
  # only if it is still the process that start.sh started: the kernel reuses process ids
  set -- $(cat "/proc/$pid/stat")
  [ "${22}" = "$started" ] && kill -9 "$pid"
fi
waited=0
while populated; do
  # processes that enter.sh moved into the cgroup from outside, and that are still running
  [ $waited -lt 50 ] || find /sys/fs/cgroup/*/"$cgroup" /sys/fs/cgroup/"$cgroup" -name cgroup.procs \
    -exec cat {} + 2>/dev/null | sort -u | xargs -r kill -9 2>/dev/null
  sleep 0.02
  waited=$((waited + 1))
  [ $waited -lt 500 ] || exit 1
done
leave_cgroup "$cgroup"
ip link del "$link" 2>/dev/null
rm -rf "$state"
