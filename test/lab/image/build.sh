#!/bin/sh
# build.sh OUT TRUST SOURCES... - builds the file systems of nodes and containers.
#
#   OUT/base           Debian 12 for containers: systemd, apt, no kmod (a minimal Debian does not have it)
#   OUT/ubuntu         an overlay layer over base that makes it look like Ubuntu 24.04
#   OUT/unprivileged, OUT/ubuntu-unprivileged   the same with all ids shifted by 100000
#   OUT/node           an overlay layer over base with the packages of a Proxmox VE node
#   OUT/packages       the real packages of that layer, for the simulated mirror
#
# TRUST contains the certificate and keys of the simulated internet. SOURCES are apt sources of this machine
# for Debian 12.
set -e
here=$(cd "$(dirname "$0")" && pwd)
out=$1 trust=$2
shift 2
suite=bookworm
base_packages=$(grep -v '^#' "$here/base-packages.txt" | tr '\n' ',')
node_packages=$(grep -v '^#' "$here/node-packages.txt" | tr '\n' ' ')

# Proxies that this machine's apt needs; removed from the image below.
apt-config dump | grep -iE '^Acquire::[a-z:]*proxy' >"$out/apt.conf" || :

mmdebstrap --quiet --mode=root --variant=minbase --include="$base_packages" \
  --aptopt="$out/apt.conf" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
  --skip=cleanup/apt/lists --skip=cleanup/apt/cache \
  "$suite" "$out/base" "$@"
rm -f "$out"/base/var/cache/apt/archives/*.deb
mkdir "$out/apt"
mv "$out/base/var/lib/apt/lists" "$out/apt/lists"
mv "$out/base/etc/apt/sources.list.d" "$out/apt/sources.list.d"
[ ! -e "$out/base/etc/apt/sources.list" ] || mv "$out/base/etc/apt/sources.list" "$out/apt/sources.list"
rm -f "$out/base/etc/apt/apt.conf.d/99mmdebstrap" "$out"/base/var/cache/apt/*.bin
mkdir -p "$out/base/var/lib/apt/lists/partial" "$out/base/etc/apt/sources.list.d"
install -D -m 644 "$trust/ca.crt" "$out/base/usr/local/share/ca-certificates/practice.crt"
chroot "$out/base" update-ca-certificates >/dev/null 2>&1
install -m 644 "$trust/debian.gpg" "$out/base/usr/share/keyrings/debian-practice-keyring.gpg"
cp -r --no-preserve=mode,ownership "$here/base/." "$out/base/"
# these units need a kernel of their own; sysctl would change limits of this machine
for unit in sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount e2scrub_reap.service \
  e2scrub_all.timer systemd-sysctl.service; do
  ln -sf /dev/null "$out/base/etc/systemd/system/$unit"
done
: >"$out/base/etc/machine-id"
rm -f "$out/base/etc/resolv.conf" "$out/base/etc/hostname"

"$here/shift-ids.sh" "$out/base" "$out/unprivileged" 100000 &
shifting=$!
mkdir "$out/ubuntu"
cp -r --no-preserve=mode,ownership "$here/ubuntu/." "$out/ubuntu/"
install -D -m 644 "$trust/debian.gpg" "$out/ubuntu/usr/share/keyrings/ubuntu-archive-keyring.gpg"
"$here/shift-ids.sh" "$out/ubuntu" "$out/ubuntu-unprivileged" 100000

mkdir "$out/node" "$out/work" "$out/merged"
mount -t overlay -o "lowerdir=$out/base,upperdir=$out/node,workdir=$out/work,xino=off" lab-image "$out/merged"
trap 'umount -l "$out/merged/proc" "$out/merged" 2>/dev/null || :' EXIT
root=$out/merged
mount -t proc proc "$root/proc"
cp /etc/resolv.conf "$root/etc/resolv.conf"
apt_in_image() {
  chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -qq -y --no-install-recommends \
    -o Dir::State::Lists=/image-apt/lists -o Dir::Etc::SourceParts=/image-apt/sources.list.d \
    -o Dir::Etc::SourceList=/image-apt/sources.list -o APT::Keep-Downloaded-Packages=true \
    -o Dpkg::Options::=--force-unsafe-io -o Dpkg::Use-Pty=0 "$@"
}
mkdir "$root/image-apt"
mount --bind "$out/apt" "$root/image-apt"
trap 'umount -l "$root/image-apt" "$root/proc" "$root" 2>/dev/null || :' EXIT
cp "$out/apt.conf" "$root/etc/apt/apt.conf.d/99image"
apt_in_image install $node_packages
rm "$root/etc/apt/apt.conf.d/99image"
umount "$root/image-apt"
rmdir "$root/image-apt"
mkdir "$out/packages"
mv "$root"/var/cache/apt/archives/*.deb "$out/packages/"
rm -f "$root"/var/cache/apt/*.bin "$root/etc/resolv.conf" "$root"/etc/ssh/ssh_host_*
install -m 644 "$trust/proxmox.gpg" "$root/etc/apt/trusted.gpg.d/proxmox-release-bookworm.gpg"
cp -r --no-preserve=mode,ownership "$here/node-root/." "$root/"
# modprobe@ loads kernel modules that a node of the lab does not need; this takes half a second at every boot
for unit in lxc.service lxc-net.service lxc-monitord.service modprobe@.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
: >"$root/etc/machine-id"
umount "$root/proc"
umount "$root"
trap - EXIT
rmdir "$out/merged"
rm -rf "$out/work" "$out/apt" "$out/apt.conf"
wait $shifting
