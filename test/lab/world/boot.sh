#!/bin/sh
# boot.sh HOME NAME - one boot of a node: the first process of its process namespace becomes its systemd.
set -e
home=$1 name=$2
root=$home/root
. "$home/settings"
# /proc is still the world's: our process id as the world sees it
read -r pid _ </proc/self/stat
echo "$pid" >"$home/pid"

mount --make-rprivate /
hostname "$name"
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup" # its top is this node's own cgroup

mount -t tmpfs -o mode=755,size=1m dev "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/net"
mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts "$root/dev/pts"
mount -t tmpfs -o size=64m shm "$root/dev/shm"
node() { mknod -m "$2" "$root/dev/$1" c "$3" "$4"; }
node null 666 1 3
node zero 666 1 5
node full 666 1 7
node random 666 1 8
node urandom 666 1 9
node tty 666 5 0
node fuse 666 10 229
node kmsg 600 1 11
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"

mount -t tmpfs -o mode=755,size=64m run "$root/run"
mkdir -p "$root/run/sshd" "$root/run/lock" "$root/run/lab"
# Where a file of /proc or /sys is covered, the kernel refuses both file systems to unprivileged containers
# (mount_too_revealing), unless an uncovered one is mounted somewhere. These are the uncovered ones.
mkdir "$root/run/lab/proc" "$root/run/lab/sys"
mount -t proc proc "$root/run/lab/proc"
mount -t sysfs sysfs "$root/run/lab/sys"
cat /proc/sys/kernel/random/uuid >"$root/run/lab/boot_id"
mount --bind "$root/run/lab/boot_id" "$root/proc/sys/kernel/random/boot_id"

mkdir -p "$root/var/lib/vz" "$root/var/lib/lxc" "$root/usr/lib/lab/js" "$root/usr/lib/lab/image"
mount --bind "$home/guests" "$root/var/lib/vz"
mkdir -p "$root/var/lib/vz/images" "$root/var/lib/vz/template/cache" "$root/var/lib/vz/dump"
# The archives are only names: pct takes the layers of the same name.
for template in "$root"/usr/lib/lab/templates/*/; do
  : >"$root/var/lib/vz/template/cache/$(basename "$template").tar.zst"
done
# All members of a cluster share one /etc/pve. The first member copies the files of its installation into it.
if [ -n "$cluster" ]; then
  files=$root/var/lib/pve-cluster/files
  mkdir -p "$cluster/files" "$cluster/shared" "$files" "$root/var/lib/pve-cluster/shared"
  cp -an "$files/." "$cluster/files/"
  find "$files" -mindepth 1 -delete
  mount --bind "$cluster/files" "$files"
  mount --bind "$cluster/shared" "$root/var/lib/pve-cluster/shared"
fi
bind_read_only() { mount --bind "$1" "$2" && mount -o remount,bind,ro "$2"; }
[ -e "$root/usr/lib/lab/node" ] || touch "$root/usr/lib/lab/node"
bind_read_only "$runtime" "$root/usr/lib/lab/node"
bind_read_only "$js" "$root/usr/lib/lab/js"
bind_read_only "$image" "$root/usr/lib/lab/image"

# The bridge that Proxmox's installer creates. It is in the node's network namespace, which survives a reboot.
if [ ! -e "$root/sys/class/net/vmbr0" ]; then
  ip addr flush dev eno1
  ip link add vmbr0 type bridge
  ip link set eno1 master vmbr0
  ip addr add "$address/$prefix" dev vmbr0
fi
ip link set lo up
ip link set vmbr0 up
ip route replace default via "$gateway"

cd "$root"
mkdir -p .old
pivot_root . .old
umount -l /.old
rmdir /.old
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=lxc /lib/systemd/systemd </dev/null
