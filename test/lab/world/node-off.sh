#!/bin/sh
# node-off.sh STATE NAME - inside the world: cuts a node's power and keeps its disks.
group=/sys/fs/cgroup/$2
[ -d "$group" ] || exit 0
echo 1 >"$group/cgroup.kill"
while grep -q 'populated 1' "$group/cgroup.events"; do sleep 0.01; done
rm -f "$1/nodes/$2/pid"
find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null
exit 0
