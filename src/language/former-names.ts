/** Names that users of Ansible know, and what to write instead. */

/** Facts of Ansible under their names without `ansible_`, as `ansible_facts` has them too. */
const facts: Readonly<Record<string, string>> = {
  architecture: 'facts.architecture',
  distribution: 'facts.distribution',
  distribution_major_version: 'facts.os.version',
  distribution_release: 'facts.os.codename',
  distribution_version: 'facts.os.version',
  fqdn: 'facts.fqdn',
  hostname: 'facts.hostname',
  kernel: 'facts.kernel',
  machine: 'facts.architecture',
  memtotal_mb: 'facts.memory_mb',
  nodename: 'facts.hostname',
  os_family: 'facts.os_family',
  processor_cores: 'facts.processors',
  processor_count: 'facts.processors',
  processor_nproc: 'facts.processors',
  processor_vcpus: 'facts.processors',
  uptime_seconds: 'facts.uptime',
  userspace_architecture: 'facts.architecture',
  virtualization_type: 'facts.virtualization',
}

const others: Readonly<Record<string, string>> = {
  ansible_become_user: 'become_user',
  ansible_check_mode: 'check_mode',
  ansible_connection: 'connection',
  ansible_facts: 'facts',
  ansible_host: 'address',
  ansible_play_batch: 'play_hosts',
  ansible_play_hosts: 'play_hosts',
  ansible_play_hosts_all: 'play_hosts',
  ansible_port: 'port',
  ansible_role_name: 'role_name',
  ansible_ssh_host: 'address',
  ansible_ssh_port: 'port',
  ansible_ssh_user: 'user',
  ansible_user: 'user',
  inventory_hostname_short: 'inventory_hostname.split(".")[0]',
  None: 'null',
  none: 'null',
  True: 'true',
  False: 'false',
  yes: 'true',
  on: 'true',
  no: 'false',
  off: 'false',
}

/** What has no name of its own here. */
const advice: Readonly<Record<string, string>> = {
  ansible_managed: 'write the line itself, such as "Managed by gpuplay"',
  ansible_date_time: 'run date with "command", "reads: true" and "register"',
  ansible_default_ipv4: 'use address, or run ip with "command", "reads: true" and "register"',
  ansible_env: 'run printenv with "command", "reads: true" and "register"',
  ansible_pkg_mgr: 'packages are managed with apt here; leave the condition out',
  ansible_service_mgr: 'services are managed with systemd here; leave the condition out',
  ansible_version: 'leave the condition out',
  loop: 'inside #each write {{add @index 1}}, {{@first}} or {{@last}}; in a task use "index_var" of loop_control',
  undef: 'give the variable a value, or declare it as required in meta/arguments.yml of the role',
}

/** What a name of Ansible is called here. */
export function nameHere(name: string): string | undefined {
  if (Object.hasOwn(others, name)) return others[name]
  return name.startsWith('ansible_') ? factHere(name.slice('ansible_'.length)) : undefined
}

/** What a key of `ansible_facts` is called here. */
export function factHere(key: string): string | undefined {
  return Object.hasOwn(facts, key) ? facts[key] : undefined
}

/** The help for a name that is not declared, if it is one of Ansible's. */
export function formerNameHint(name: string): string | undefined {
  const here = nameHere(name)
  if (here !== undefined)
    return /^[\w.]+$/.test(here) && !/^(true|false|null)$/.test(here)
      ? `it is called ${here} here`
      : `write ${here}`
  if (Object.hasOwn(advice, name)) return advice[name]
  return name.startsWith('ansible_')
    ? 'this variable of Ansible does not exist here; "gpuplay facts" lists the facts that do'
    : undefined
}
