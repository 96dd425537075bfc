/** Hints for names that do not exist, or not here: above all Ansible's names for facts and variables. */

import type { Fix } from '../base/errors.ts'

/** Facts of Ansible, named without `ansible_`, as in `ansible_facts`. */
export const formerFacts: Readonly<Record<string, string>> = {
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

export const formerVariables: Readonly<Record<string, string>> = {
  ansible_become_user: 'become_user',
  ansible_check_mode: 'check_mode',
  ansible_connection: 'connection',
  ansible_facts: 'facts',
  ansible_failed_result: 'failed_result',
  ansible_failed_task: 'failed_task',
  ansible_host: 'address',
  ansible_play_batch: 'batch_hosts',
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

/** Variables without an equivalent here, or that exist only in some places. */
export const formerAdvice: Readonly<Record<string, string>> = {
  ansible_managed: 'write the line itself, such as "Managed by gpuplay"',
  ansible_date_time: 'run date with "command", "reads: true" and "register"',
  ansible_default_ipv4: 'use address, or run ip with "command", "reads: true" and "register"',
  ansible_env: 'run printenv with "command", "reads: true" and "register"',
  ansible_pkg_mgr: 'gpuplay always uses apt; remove the condition',
  ansible_service_mgr: 'gpuplay always uses systemd; remove the condition',
  ansible_version: 'remove the condition',
  failed_result: onlyInRescue('failed_result'),
  failed_task: onlyInRescue('failed_task'),
  loop: 'inside #each write {{add @index 1}}, {{@first}} or {{@last}}; in a task use "index_var" of loop_control',
  undef: 'give the variable a value, or declare it as required in meta/arguments.yml of the role',
}

function onlyInRescue(name: string): string {
  return `it exists only under "rescue"; under "always" add "when: defined(${name})"`
}

/** Returns the name in gpuplay for a name of Ansible. */
export function nameHere(name: string): string | undefined {
  if (Object.hasOwn(formerVariables, name)) return formerVariables[name]
  return name.startsWith('ansible_') ? factHere(name.slice('ansible_'.length)) : undefined
}

/** Returns the name in gpuplay for a key of `ansible_facts`. */
export function factHere(key: string): string | undefined {
  return Object.hasOwn(formerFacts, key) ? formerFacts[key] : undefined
}

/** Returns the change for a name that has an equivalent. The value may be written in other words here. */
export function formerNameFix(name: string): Fix | undefined {
  const to = nameHere(name)
  return to === undefined ? undefined : { kind: 'text', from: name, to }
}

/** Returns the hint for an undeclared name, if it is known from elsewhere. */
export function formerNameHint(name: string): string | undefined {
  const here = nameHere(name)
  if (here !== undefined)
    return /^[\w.]+$/.test(here) && !/^(true|false|null)$/.test(here)
      ? `in gpuplay it is called ${here}`
      : `write ${here}`
  if (Object.hasOwn(formerAdvice, name)) return formerAdvice[name]
  return name.startsWith('ansible_')
    ? 'gpuplay does not have this Ansible variable; "gpuplay facts" lists the facts that it has'
    : undefined
}
