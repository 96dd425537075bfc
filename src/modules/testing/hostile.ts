/** The rules for every module, for any answers of its host. */
import assert from 'node:assert/strict'
import { HostError, UnreachableError } from '../../base/errors.ts'
import { UnknownError } from '../../base/unknown.ts'
import { labelOf } from '../../host/label.ts'
import { whyUnfit } from '../../host/unfit.ts'
import { assertFinite } from '../../host/testing/answers.ts'
import { modules } from '../catalogue.ts'
import type { Module } from '../module.ts'
import { Choices, garbageHost, garbageProgramHost } from './garbage-host.ts'

const version = '580.95.05'
/** Arguments of each module in addition to its defaults, one set for each state. */
export const hostileArguments: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  apt: [
    { deb: '/x.deb' },
    { deb: 'https://x/y.deb', checksum: `sha256:${'0'.repeat(64)}` },
    { name: ['dkms'], state: 'absent', autoremove: true },
    { name: ['dkms'] },
    { name: ['cuda-*'], state: 'absent' },
    { update_cache: true, name: ['x=1.2'] },
  ],
  apt_repository: [
    { name: 'x', uris: ['https://x/'], suites: ['bookworm'] },
    { name: 'x', state: 'absent' },
  ],
  assert: [{ that: [true] }, { that: [false] }],
  async_status: [
    { jid: '/var/lib/gpuplay/v1/jobs/async-0123456789abcdef' },
    { jid: '/var/lib/gpuplay/v1/jobs/async-0123456789abcdef', mode: 'cleanup' },
  ],
  authorized_key: [{ user: 'alice', key: 'ssh-ed25519 AAAA x', exclusive: true }],
  blockinfile: [
    { path: '/etc/x', block: 'a' },
    { path: '/etc/x', state: 'absent' },
  ],
  command: [
    { argv: ['true'], reads: true },
    { argv: ['true'], creates: '/x' },
  ],
  copy: [
    { dest: '/etc/x', content: 'x', mode: '0600' },
    { dest: '/etc/x/', content: 'x', backup: true },
  ],
  cron: [
    { name: 'x', job: 'true' },
    { name: 'x', state: 'absent' },
  ],
  cuda_toolkit: [{ version: '12.8', packages: ['cuda-toolkit-12-8'] }],
  debug: [{ msg: 'x' }],
  fail: [{ msg: 'x' }],
  fetch: [{ src: '/etc/x', dest: '/saved' }],
  file: [
    { path: '/etc/x', state: 'directory', mode: '0755' },
    { path: '/etc/x', state: 'absent' },
    { path: '/etc/x', state: 'link', src: '/y' },
    { path: '/etc/x', state: 'file', owner: 'root' },
  ],
  find: [{ paths: ['/etc'], patterns: '*', age: '1d', size: '1k', recurse: true, get_checksum: true }],
  get_url: [
    { url: 'https://x/y', dest: '/tmp/y' },
    { url: 'https://x/y', dest: '/tmp/y', checksum: 'sha256:https://x/sums' },
    { url: 'https://x/y', dest: '/tmp/y', force: true },
  ],
  git: [
    { repo: 'https://x/y.git', dest: '/srv/y' },
    { repo: '/srv/y.git', dest: '/srv/y', version: 'v1', force: true },
  ],
  gpu_devices: [{ assignment: 'all' }, { assignment: [0, 'GPU-8f3c0000'] }, { assignment: 'none' }],
  gpu_verify: [
    { version, containers: [{ name: 'a', ctid: '101' }] },
    { assignment: 'all', cuda: '12.8', user: 'nobody', isolation: true },
  ],
  group: [
    { name: 'gpu', gid: 700 },
    { name: 'gpu', state: 'absent' },
  ],
  hostname: [{ name: 'web' }],
  ini_file: [
    { path: '/etc/x', section: 'snap', option: 'ID', value: '1' },
    { path: '/etc/x', option: 'ID', state: 'absent' },
  ],
  json_file: [{ path: '/etc/x.json', values: { a: { b: 1 } } }],
  kernel_module: [{ name: 'nvidia' }, { name: 'nouveau', state: 'absent' }],
  lineinfile: [
    { path: '/etc/x', line: 'a' },
    { path: '/etc/x', regexp: '^a', state: 'absent' },
    { path: '/etc/x', regexp: '^(a)(.)', line: '\\1x\\2', backrefs: true },
  ],
  mount: [
    { path: '/data', src: 'x', fstype: 'ext4', state: 'mounted' },
    { path: '/data', state: 'absent' },
  ],
  nvidia_apt_pin: [{}, { state: 'packages' }],
  nvidia_blacklist: [{}],
  nvidia_cdi: [{}],
  nvidia_driver: [{ version, runfile: '/var/cache/gpuplay/x.run', module_type: 'open' }],
  nvidia_foreign_driver: [{ version }],
  nvidia_leftovers: [{ version }, { version, remove: true }],
  nvidia_loaded: [{ version, containers: [{ ctid: '101' }] }],
  nvidia_node: [{ version, containers: [{ ctid: '101' }] }],
  nvidia_node_reboot: [{ version, purpose: 'load the driver' }],
  nvidia_persistence_daemon: [{}, { state: 'stopped' }],
  nvidia_packages: [{ version, module_type: 'open', kernels: ['6.8.12-10-pve'] }],
  nvidia_power: [{}],
  nvidia_rollback: [{ version }],
  nvidia_runfile: [{ version }],
  nvidia_secure_boot: [{ version, password: 'x' }, { version }],
  nvidia_uninstall: [{}],
  nvidia_unlocked: [{ containers: [{ ctid: '101' }] }],
  nvidia_userspace: [
    { foreign: 'remove' },
    { capabilities: ['graphics'] },
    { source: 'apt', foreign: 'remove' },
  ],
  nvidia_userspace_note: [{}],
  package_facts: [{}],
  pause: [{ seconds: 1 }],
  pve_container: [
    { ctid: 900, hostname: 'web', ostemplate: 'local:vztmpl/debian.tar.zst', state: 'started', memory: 512 },
    { ctid: 901, hostname: 'web', clone: 900, full: false, state: 'template', description: 'x' },
    { ctid: 901, hostname: 'web', state: 'absent', force: true },
  ],
  pve_container_config: [{ owned: ['dev[0-9]+'], content: 'dev0: /dev/nvidia0\n' }],
  pve_container_features: [{ features: ['nesting', 'keyctl'] }],
  pve_container_restart: [{}, { restart: 'observe' }, { features: ['nesting', 'keyctl'] }],
  pve_container_snapshot: [
    { ctid: 101, name: 'before' },
    { ctid: 101, hostname: 'CT101', name: 'before', state: 'absent' },
    { ctid: 101, hostname: 'CT101', name: 'before', state: 'rollback', request: '1' },
  ],
  reboot: [{}],
  replace: [{ path: '/etc/x', regexp: '(a|^)(.)', replace: '\\2x' }],
  script: [{ src: '/play/x.sh' }],
  service_facts: [{}],
  service: [
    { name: 'ssh', state: 'started', enabled: true },
    { name: 'x', state: 'restarted', masked: true },
  ],
  add_host: [{ name: 'web9', groups: 'web' }],
  group_by: [{ key: 'os_x' }],
  include_role: [{ name: 'web' }],
  include_tasks: [{ file: 'a.yml' }],
  include_vars: [{ file: 'x.yml' }],
  meta: [{ action: 'flush_handlers' }],
  set_fact: [{ a: 1 }],
  shell: [{ cmd: 'true', reads: true }],
  slurp: [{ path: '/etc/x' }],
  stat: [{ path: '/etc/x' }],
  sysctl: [
    { name: 'net.ipv4.ip_forward', value: 1 },
    { name: 'vm.swappiness', state: 'absent' },
  ],
  systemd_unit: [
    { name: 'x', content: '[Service]' },
    { name: 'x', drop_in: 'y', content: 'x' },
    { name: 'x', state: 'absent' },
  ],
  template: [{ src: '/x', content: 'x', dest: '/etc/x' }],
  timezone: [{ name: 'UTC' }],
  unarchive: [
    { src: '/x', dest: '/y' },
    { src: '/x', dest: '/y', creates: '/z' },
  ],
  uri: [{ url: 'https://x/y' }, { url: 'https://x/y', method: 'POST', body: 'x' }],
  user: [
    { name: 'alice', groups: ['gpu'], password: '$6$a$b', shell: '/bin/sh' },
    { name: 'alice', state: 'absent', remove: true },
  ],
  wait_for: [{ path: '/x' }, { port: 22 }, { port: 22, host: 'x' }, { port: 22, state: 'drained' }],
  wait_for_connection: [{}],
}

/** Each module with each kind of its arguments. */
export const tried: readonly { readonly module: Module; readonly args: Readonly<Record<string, unknown>> }[] =
  modules.flatMap((module) => (hostileArguments[module.name] ?? []).map((args) => ({ module, args })))

/** @throws any error of a module that is not a message for users. */
export async function askAndPlan(
  module: Module,
  args: Readonly<Record<string, unknown>>,
  bytes: Uint8Array,
): Promise<void> {
  const whole = { ...defaultsOf(module), ...args }
  try {
    const choices = new Choices(bytes)
    const seen =
      module.runs === undefined
        ? await module.probe(whole, garbageHost(choices))
        : await module.probe(whole, garbageProgramHost(choices))
    const plan = module.plan(whole, seen)
    for (const action of plan.actions) {
      assert.notEqual(labelOf(action), '')
      whyUnfit(action)
      assertFinite(action)
    }
    for (const { message } of plan.refusal === undefined ? [] : [plan.refusal]) assert.match(message, /\S/)
    assertFinite(module.report?.(whole, seen, []))
    module.message?.(whole, seen)
    module.row?.(whole, seen)
  } catch (error) {
    const foreseen =
      error instanceof HostError || error instanceof UnreachableError || error instanceof UnknownError
    if (!foreseen) throw error
    assert.match(error.message, /\S \S/)
  }
}

function defaultsOf({ args }: Module): Readonly<Record<string, unknown>> {
  const properties: unknown = 'properties' in args ? args.properties : {}
  if (typeof properties !== 'object' || properties === null) return {}
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, schema]: [string, unknown]) =>
      typeof schema === 'object' && schema !== null && 'default' in schema ? [[name, schema.default]] : [],
    ),
  )
}
