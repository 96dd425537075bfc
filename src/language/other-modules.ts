/** Modules of Ansible that have another name here or do not exist, with hints. */

const instead: Readonly<Record<string, string>> = {
  alternatives: 'run update-alternatives with "command" and "creates"',
  apt_key: 'give the key to apt_repository as "signed_by"',
  assemble: 'write the parts with blockinfile, or use a directory such as conf.d',
  deb822_repository: 'use apt_repository, which writes this format',
  debconf: 'run debconf-set-selections with "command" and "stdin"',
  dnf: 'use apt; only Debian and its derivatives are supported',
  dpkg_selections: 'run apt-mark with "command"',
  expect: 'give the answers with "stdin" of command',
  filesystem: 'run mkfs with "command" and "creates"',
  firewalld: 'write the rules with template, and notify a handler that loads them',
  gather_facts: 'leave it out: facts are read when something uses them',
  getent: 'run getent with "command", "reads: true" and "register"',
  include: 'write import_tasks',
  iptables: 'write the rules with template, and notify a handler that loads them',
  known_hosts: 'set the line in /etc/ssh/ssh_known_hosts with lineinfile',
  locale_gen: 'set the line in /etc/locale.gen with lineinfile, and notify a handler that runs locale-gen',
  lxc_container: 'use pve_container',
  mount_facts: 'run findmnt with "command", "reads: true" and "register"',
  modprobe: 'use kernel_module',
  openssh_keypair: 'run ssh-keygen with "command" and "creates"',
  package: 'use apt',
  pam_limits: 'write a file to /etc/security/limits.d with copy',
  ping: 'run "gpuplay exec HOSTS -- true"',
  pip: 'run pip with "command" and "creates"',
  proxmox: 'use pve_container',
  proxmox_kvm: 'gpuplay manages containers; run qm with "command"',
  proxmox_snap: 'use pve_container_snapshot',
  raw: 'use shell; gpuplay needs no Python on hosts',
  rpm_key: 'use apt_repository; only Debian and its derivatives are supported',
  set_stats: 'use set_fact',
  setup: 'leave it out: facts are read when something uses them; "gpuplay facts" shows them',
  subversion: 'use git, or run svn with "command" and "creates"',
  synchronize: 'copy single files with copy; run rsync with "command" for a tree',
  systemd: 'use service',
  systemd_service: 'use service',
  tempfile: 'write to a path of your choice with copy or template',
  ufw: 'run ufw with "command"',
  validate_argument_spec: 'declare the arguments in meta/arguments.yml of the role',
  yum_repository: 'use apt_repository; only Debian and its derivatives are supported',
  yum: 'use apt; only Debian and its derivatives are supported',
}

/** Modules whose arguments mean the same here under another name. */
const same: Readonly<Record<string, string>> = {
  modprobe: 'kernel_module',
  package: 'apt',
  systemd: 'service',
  systemd_service: 'service',
}

/** Returns the name here of a module that needs no other change, unless its arguments are unknown here. */
export function sameModule(name: string): string | undefined {
  return Object.hasOwn(same, name) ? same[name] : undefined
}

/** Returns the hint for a module of Ansible; `undefined` for an unknown name. */
export function moduleInstead(name: string): string | undefined {
  if (Object.hasOwn(instead, name)) return instead[name]
  return name.startsWith('docker_') ? 'run docker with "command", and "creates" or "reads: true"' : undefined
}
