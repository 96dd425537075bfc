#!/bin/sh
# add-node.sh STATE NAME ADDRESS... - inside the world: a network namespace with a link to the bridge, and
# empty disks.
set -e
state=$1 name=$2
home=$state/nodes/$name
ip netns add "$name"
ip link add "v-$name" type veth peer name eno1 netns "$name"
ip link set "v-$name" master lab up
mkdir -p "$home/disk" "$home/guests"
# Each disk is a separate file system, so a full disk affects only one node. The guests' disk is separate too:
# it can fill up without the node's.
mount -t tmpfs -o mode=755,size=4g "disk-$name" "$home/disk"
mount -t tmpfs -o mode=755,size=8g "guests-$name" "$home/guests"
mkdir "$home/disk/upper" "$home/disk/work"
