#!/bin/sh
# python-layer.sh OUT LOWER SOURCES... - installs Python, which Ansible needs on a host, into OUT/layer. The
# layer belongs above the directories LOWER (top first, joined by `:`). SOURCES are apt source files of this
# machine.
set -e
out=$1 lower=$2
shift 2
root=$out/root
mkdir "$out/layer" "$out/work" "$root" "$out/apt" "$out/apt/lists" "$out/apt/sources.list.d"
mount -t overlay -o "lowerdir=$lower,upperdir=$out/layer,workdir=$out/work,xino=off" bench-layer "$root"
trap 'umount -l "$root/bench-apt" "$root/proc" "$root" 2>/dev/null || :' EXIT
mount -t proc proc "$root/proc"
mkdir "$root/bench-apt"
mount --bind "$out/apt" "$root/bench-apt"
cp "$@" "$out/apt/sources.list.d/"
cp /etc/resolv.conf "$root/etc/resolv.conf"
apt-config dump | grep -iE '^Acquire::[a-z:]*proxy' >"$root/etc/apt/apt.conf.d/99bench" || :
apt_in_image() {
  chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -qq -y --no-install-recommends \
    -o Dir::State::Lists=/bench-apt/lists -o Dir::Etc::SourceParts=/bench-apt/sources.list.d \
    -o Dir::Etc::SourceList=/dev/null -o Dpkg::Options::=--force-unsafe-io -o Dpkg::Use-Pty=0 "$@"
}
apt_in_image update
apt_in_image install python3 python3-apt
rm -rf "$root/etc/apt/apt.conf.d/99bench" "$root/etc/resolv.conf" "$root"/var/cache/apt/*
umount "$root/bench-apt"
rmdir "$root/bench-apt"
umount "$root/proc"
umount "$root"
trap - EXIT
rm -rf "$out/work" "$out/apt" "$root"
