#!/bin/sh
# plain-boot.sh HOME NAME LOWER - the first process of a plain host's process namespace becomes its sshd.
set -e
home=$1 name=$2 lower=$3
root=$home/root
# /proc is still the world's: our process id as the world sees it
read -r pid _ </proc/self/stat

hostname "$name"
mount -t overlay -o "lowerdir=$lower,upperdir=$home/upper,workdir=$home/work,xino=off" "$name" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755,size=1m dev "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts "$root/dev/pts"
mknod -m 666 "$root/dev/null" c 1 3
mknod -m 666 "$root/dev/zero" c 1 5
mknod -m 666 "$root/dev/full" c 1 7
mknod -m 666 "$root/dev/random" c 1 8
mknod -m 666 "$root/dev/urandom" c 1 9
mknod -m 666 "$root/dev/tty" c 5 0
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=755,size=16m run "$root/run"
mkdir "$root/run/sshd" "$root/run/lock"
echo "$pid" >"$home/pid"

cd "$root"
mkdir -p .old
pivot_root . .old
umount -l /.old
rmdir /.old
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/sbin/sshd -D -e
