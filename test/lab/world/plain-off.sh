#!/bin/sh
# plain-off.sh STATE NAME... - inside the world: ends plain hosts and empties their disks.
state=$1
shift
for name; do
  home=$state/nodes/plain/$name
  read -r pid 2>/dev/null <"$home/pid" || continue
  kill -9 "$pid" 2>/dev/null
done
for name; do
  home=$state/nodes/plain/$name
  # the mounts go with the last process of the host
  while read -r pid 2>/dev/null <"$home/pid" && [ -e "/proc/$pid" ]; do sleep 0.01; done
  rm -rf "$home"
done
