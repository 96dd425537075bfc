#!/bin/sh
# node-exec.sh STATE NAME COMMAND... - inside the world: runs a command on a node, without its sshd.
state=$1 name=$2
shift 2
if ! read -r pid 2>/dev/null <"$state/nodes/$name/pid"; then
  echo "$name is off" >&2
  exit 255
fi
group=/sys/fs/cgroup/$name/system/lab.slice
mkdir -p "$group"
echo $$ >"$group/cgroup.procs"
exec nsenter --target "$pid" --pid --mount --net --ipc --uts --cgroup --time --root --wdns=/root -- \
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root USER=root LANG=C.UTF-8 \
  "TERM=${TERM:-dumb}" "$@"
