#!/bin/sh
# shift-ids.sh FROM TO BASE - copies a file system and shifts every user and group id by BASE. Keeps setuid
# bits and file capabilities: tar unpacks in a user namespace that maps the ids.
set -e
from=$1 to=$2 base=$3
mkdir -p "$to"
chmod 755 "$to"
chown "$base:$base" "$to"
unshare --user sleep 600 &
holder=$!
trap 'kill $holder' EXIT
until [ "$(readlink /proc/$holder/ns/user)" != "$(readlink /proc/self/ns/user)" ]; do sleep 0.01; done
echo "0 $base 65536" >/proc/$holder/uid_map
echo "0 $base 65536" >/proc/$holder/gid_map
# a user namespace cannot create device nodes; a container gets its own /dev
tar c -C "$from" --xattrs --one-file-system --numeric-owner --exclude='./dev/*' . |
  (cd "$to" && nsenter --target $holder --user --setuid 0 --setgid 0 -- tar x -p --xattrs --numeric-owner -f -)
