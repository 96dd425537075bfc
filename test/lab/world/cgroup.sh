# Sourced. join_cgroup NAME PID: moves PID into the cgroup NAME of every hierarchy that is mounted below
# /sys/fs/cgroup, and creates the cgroup if necessary. Works with cgroup v1, hybrid and v2.
# leave_cgroup NAME: removes the cgroup.

hierarchies() {
  if [ -f /sys/fs/cgroup/cgroup.procs ]; then
    echo /sys/fs/cgroup
    return
  fi
  for directory in /sys/fs/cgroup/*; do
    # cpu and cpuacct are often links to one hierarchy
    [ -f "$directory/cgroup.procs" ] && [ ! -h "$directory" ] && echo "$directory"
  done
}

join_cgroup() {
  for hierarchy in $(hierarchies); do
    group=$hierarchy/$1
    mkdir -p "$group"
    if [ -f "$group/cpuset.cpus" ] && [ -f "$group/tasks" ]; then
      # a v1 cpuset accepts no process until it has processors and memory nodes
      cat "$hierarchy/cpuset.cpus" >"$group/cpuset.cpus"
      cat "$hierarchy/cpuset.mems" >"$group/cpuset.mems"
    fi
    echo "$2" >"$group/cgroup.procs"
  done
}

leave_cgroup() {
  for hierarchy in $(hierarchies); do
    [ -d "$hierarchy/$1" ] && find "$hierarchy/$1" -depth -type d -exec rmdir {} \;
  done
  return 0
}
