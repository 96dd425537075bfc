#!/bin/sh
# add-node.sh STATE NAME ADDRESS... - inside the world: a network namespace with a link to the bridge, and empty disks.
set -e
state=$1 name=$2
home=$state/nodes/$name
ip netns add "$name"
ip link add "v-$name" type veth peer name eno1 netns "$name"
ip link set "v-$name" master lab up
mkdir -p "$home/disk" "$home/guests"
# of their own each, so that a full disk is one node's (and its guests' is another one)
mount -t tmpfs -o mode=755,size=4g "disk-$name" "$home/disk"
mount -t tmpfs -o mode=755,size=8g "guests-$name" "$home/guests"
mkdir "$home/disk/upper" "$home/disk/work"
