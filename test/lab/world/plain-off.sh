#!/bin/sh
# plain-off.sh STATE NAME... - inside the world: stops plain hosts and empties their disks.
state=$1
shift
for name; do
  home=$state/nodes/plain/$name
  read -r pid 2>/dev/null <"$home/pid" || continue
  kill -9 "$pid" 2>/dev/null
done
for name; do
  home=$state/nodes/plain/$name
  # the kernel unmounts the host's mounts after its last process has exited
  while read -r pid 2>/dev/null <"$home/pid" && [ -e "/proc/$pid" ]; do sleep 0.01; done
  rm -rf "$home"
done
