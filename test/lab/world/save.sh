#!/bin/sh
# save.sh STATE SAVED NAME... - inside the world: copies the disks of the nodes NAME... and of their clusters
# to SAVED. The copy has the current state, as after a power cut. It is in memory and is lost when the world
# stops.
set -e
state=$1 saved=$state/nodes/.saved/$2
shift 2
rm -rf "$saved"
for name; do
  group=/sys/fs/cgroup/$name
  [ ! -d "$group" ] || echo 1 >"$group/cgroup.freeze"
done
status=0
for name; do
  mkdir -p "$saved/$name"
  cp -a "$state/nodes/$name/disk/upper" "$state/nodes/$name/guests" "$saved/$name/" || status=1
done
[ ! -d "$state/nodes/.clusters" ] || cp -a "$state/nodes/.clusters" "$saved/.clusters" || status=1
for name; do
  group=/sys/fs/cgroup/$name
  [ ! -d "$group" ] || echo 0 >"$group/cgroup.freeze"
done
exit $status
