#!/bin/sh
# world.sh STATE ADDRESS/PREFIX - the first process of the lab's world (see start.sh): prepares it, then reaps
# orphans.
set -e
state=$1 address=$2

# /proc is still the machine's: field 1 is our process id on the machine, field 22 our start time
read -r stat </proc/self/stat
set -- $stat
echo "$1 ${22}" >"$state/world.pid"
mount -t proc proc /proc
hostname lab

# Mounts sysfs of this network namespace, and only version 2 of cgroups, as on Proxmox VE.
umount -l /sys/fs/cgroup
umount -l /sys
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
[ -d /run/netns ] || mkdir -p /run/netns
mount -t tmpfs lab-netns /run/netns

# Current and saved disks of the nodes. The mount is in this namespace only, so it ends with the world.
mkdir -p "$state/nodes" "$state/saved"
mount -t tmpfs -o mode=755,size=75% lab-nodes "$state/nodes"
mkdir "$state/nodes/.saved"

# programs of the machine that run in the world use the lab's name server and certificates
[ ! -e /etc/resolv.conf ] || mount --bind "$state/resolv.conf" "$(readlink -f /etc/resolv.conf)"
mount --bind "$state/ca-certificates.crt" /etc/ssl/certs/ca-certificates.crt

ip link set lo up
ip link add lab type bridge
ip addr add "$address" dev lab
ip link set lab up
echo 1 >/proc/sys/net/ipv4/ip_forward

touch "$state/world.ready"
# dash's wait reaps every child, including orphans that process 1 has adopted
while :; do
  sleep 100000 &
  wait $!
done
