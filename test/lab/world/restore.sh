#!/bin/sh
# restore.sh STATE SAVED NAME... - inside the world: puts saved disks back under nodes that are off, links and sizes as at
# the start. The copies are new files: the old overlay may still be on its way out.
set -e
state=$1 saved=$state/nodes/.saved/$2
shift 2
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
