#!/bin/sh
# node.sh STATE NAME - supervises one node inside the world: keeps its disk, and boots it after each
# reboot(2).
#
# STATE/nodes/NAME/ (created by the lab):
#   settings       shell assignments: address prefix gateway lower image js runtime cluster
#   disk/upper     the files that differ from the image; kept over a reboot
#   guests/        mounted on /var/lib/vz: upper layers of containers, which must not be on an overlay
#   seed/          copied over the root before the first boot, then removed
#   downtime       seconds that a reboot takes (optional)
#   held           while this file exists, the node stays off
#   boots.log      log of the boots
set -e
here=$(cd "$(dirname "$0")" && pwd)
state=$1 name=$2
home=$state/nodes/$name

if [ -z "$LAB_SUPERVISOR" ]; then
  group=/sys/fs/cgroup/$name
  mkdir -p "$group/supervisor"
  echo $$ >"$group/supervisor/cgroup.procs"
  LAB_SUPERVISOR=1 exec nsenter --net="/run/netns/$name" unshare --mount --propagation private "$0" "$@"
fi

. "$home/settings"
note() { echo "$(date +%s.%N) $*" >>"$home/boots.log"; }

mkdir -p "$home/root"
# xino=off: keeps the inode numbers of the layers. Otherwise tar and find would see every file change its
# device.
mount -t overlay -o "lowerdir=$lower,upperdir=$home/disk/upper,workdir=$home/disk/work,xino=off" "$name" "$home/root"
if [ -d "$home/seed" ]; then
  cp -a "$home/seed/." "$home/root/"
  rm -rf "$home/seed"
fi

while :; do
  ip link set eno1 up
  note boot
  status=0
  (
    group=/sys/fs/cgroup/$name/system
    [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || :
    mkdir -p "$group"
    echo "$(exec sh -c 'echo $PPID')" >"$group/cgroup.procs"
    # the time namespace gives the node an uptime of its own
    exec unshare --mount --uts --ipc --pid --cgroup --time --boottime "-$(cut -d. -f1 /proc/uptime)" \
      --fork --kill-child "$here/boot.sh" "$home" "$name"
  ) >>"$home/console.log" 2>&1 || status=$?
  note "down $status"
  ip link set eno1 down
  # The signal of the first process shows the call of reboot(2): SIGINT for halt, SIGHUP for restart.
  # See pid_namespaces(7).
  [ $status -ne 130 ] || exit 0
  sleep "$(cat "$home/downtime" 2>/dev/null || echo 1)"
done
