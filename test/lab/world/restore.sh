#!/bin/sh
# restore.sh STATE SAVED NAME... - inside the world: restores the disks, links and sizes of nodes that are
# off. It creates new files, because the old overlay may still be in use.
set -e
state=$1 saved=$state/nodes/.saved/$2
shift 2
if [ -d "$saved/.clusters" ]; then
  rm -rf "$state/nodes/.clusters"
  cp -a "$saved/.clusters" "$state/nodes/.clusters"
fi
for name; do
  home=$state/nodes/$name
  rm -f "$home/downtime"
  mount -o remount,size=4g "$home/disk"
  mount -o remount,size=8g "$home/guests"
  ip link set "v-$name" up
  rm -rf "$home/disk/upper" "$home/disk/work"
  find "$home/guests" -mindepth 1 -delete
  cp -a "$saved/$name/upper" "$home/disk/upper"
  mkdir "$home/disk/work"
  cp -a "$saved/$name/guests/." "$home/guests/"
done
