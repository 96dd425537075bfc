/** Modules of Ansible that have another name here or do not exist, with hints. */

const instead: Readonly<Record<string, string>> = {
  add_host: 'write the host into the inventory',
  apt_key: 'give the key to apt_repository as "signed_by"',
  cron: 'write a file to /etc/cron.d with copy',
  dnf: 'use apt; only Debian and its derivatives are supported',
  fetch: 'read it with slurp and "register"',
  gather_facts: 'leave it out: facts are read when something uses them',
  getent: 'run getent with "command", "reads: true" and "register"',
  git: 'run git with "command" and "creates"',
  group_by: 'write the groups into the inventory, or use conditions',
  include: 'write import_tasks',
  meta: 'leave it out: handlers run at the end of pre_tasks, tasks and post_tasks',
  modprobe: 'use kernel_module',
  mount: 'write the line into /etc/fstab with lineinfile, and run mount with "command"',
  package: 'use apt',
  package_facts: 'run dpkg-query with "command", "reads: true" and "register"',
  pause: 'use wait_for, or "command: sleep 10"',
  ping: 'run "gpuplay exec HOSTS -- true"',
  pip: 'run pip with "command" and "creates"',
  raw: 'use shell; gpuplay needs no Python on hosts',
  script: 'copy the script with copy and run it with "command"',
  service_facts: 'run systemctl with "command", "reads: true" and "register"',
  setup: 'leave it out: facts are read when something uses them; "gpuplay facts" shows them',
  systemd: 'use service',
  systemd_service: 'use service',
  unarchive: 'run tar with "command" and "creates"',
  uri: 'run curl with "command"; to download a file use get_url',
  wait_for_connection: 'leave it out: the run waits for a host that restarts',
  yum: 'use apt; only Debian and its derivatives are supported',
}

/** Returns the hint for a module of Ansible; `undefined` for an unknown name. */
export function moduleInstead(name: string): string | undefined {
  if (Object.hasOwn(instead, name)) return instead[name]
  return name.startsWith('docker_') ? 'run docker with "command", and "creates" or "reads: true"' : undefined
}
