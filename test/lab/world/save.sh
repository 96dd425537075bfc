#!/bin/sh
# save.sh STATE SAVED NAME... - inside the world: copies the disks of the nodes NAME... as they are this moment, as a power
# cut would leave them, under the name SAVED. Kept in memory, until the world ends.
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
for name; do
  group=/sys/fs/cgroup/$name
  [ ! -d "$group" ] || echo 0 >"$group/cgroup.freeze"
done
exit $status
