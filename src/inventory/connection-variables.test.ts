/** Connection variables, and ordinary variables with the same names. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostName } from '../base/brand.ts'
import { report } from '../language/testing/report.ts'
import { readExtraVars } from '../language/extra-vars.ts'
import { memoryFiles } from '../language/testing/memory-files.ts'
import { hostVariableSchemas, settingOf } from './connection-variables.ts'
import { inventoryOf, read, settingValue, valueOf } from './testing/inventories.ts'

const ini = (text: string) => inventoryOf({ '/i/hosts': text }, ['/i/hosts'])
const mistakes = (text: string) => report(read({ '/i/hosts': text }, ['/i/hosts']).problems)

/** The settings of a host that are set. */
function settings(text: string, host = 'a'): Readonly<Record<string, unknown>> {
  const inventory = ini(text)
  return Object.fromEntries(
    Object.keys(hostVariableSchemas).flatMap((name) => {
      const value = settingValue(inventory, host, name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

test("gpuplay's connection variables set the connection of a host", () => {
  assert.deepEqual(settings('a address=192.0.2.1 port=2022 user=root\n'), {
    address: '192.0.2.1',
    port: 2022,
    user: 'root',
  })
})

test("Ansible's variable sets the connection, and the variable with the short name keeps its value", () => {
  const text = 'a ansible_host=127.0.0.1 ansible_port=2022 port=8081 user=appuser ansible_user=root\n'
  assert.deepEqual(settings(text), { address: '127.0.0.1', port: 2022, user: 'root' })
  const inventory = ini(text)
  assert.deepEqual(
    ['port', 'user', 'ansible_user'].map((name) => valueOf(inventory, 'a', name)),
    [8081, 'appuser', 'root'],
  )
})

test("if a host uses Ansible's names, user, port and password are ordinary variables, even if Ansible's are not set", () => {
  const text = 'a ansible_host=127.0.0.1 port=8081 user=app password=x\n'
  assert.deepEqual(settings(text), { address: '127.0.0.1' })
})

test('in templates, the login user of a host does not replace a group variable named user', () => {
  const inventory = ini('[web]\na ansible_user=root\n[web:vars]\nuser=appuser\n')
  assert.equal(valueOf(inventory, 'a', 'user'), 'appuser')
  assert.equal(settingValue(inventory, 'a', 'user'), 'root')
})

test('a port after the host name is the connection port, unless ansible_port overrides it', () => {
  assert.deepEqual(settings('a:22 ansible_port=23\n'), { port: 23 })
  assert.deepEqual(settings('a:22 user=root\n'), { port: 22, user: 'root' })
  assert.deepEqual(settings('a:22 port=8080\n'), { port: 22 })
  assert.equal(valueOf(ini('a:22 port=8080\n'), 'a', 'port'), 8080)
  assert.deepEqual(settings('[::1]:2200\n', '::1'), { port: 2200 })
  assert.deepEqual(settings('a[1:2]:2200\n', 'a2'), { port: 2200 })
})

test("Ansible's other names for a setting and its words for values are accepted", () => {
  assert.deepEqual(
    settings(
      'a ansible_ssh_host=h ansible_ssh_port=1 ansible_ssh_user=u ansible_ssh_pass=p ansible_connection=smart ' +
        'ansible_become=yes ansible_become_method=sudo ansible_sudo_user=s ansible_become_pass=q ansible_ssh_private_key_file=k\n',
    ),
    {
      connection: 'ssh',
      address: 'h',
      port: 1,
      user: 'u',
      password: 'p',
      private_key: 'k',
      become: true,
      become_user: 's',
      become_method: 'sudo',
      become_password: 'q',
    },
  )
})

test('settings that Ansible does not have can be combined with its names', () => {
  assert.deepEqual(settings('pve1\na ansible_host=h proxy_jump=b known_hosts=k node=pve1 ctid=101\n'), {
    address: 'h',
    proxy_jump: 'b',
    known_hosts: 'k',
    node: 'pve1',
    ctid: 101,
  })
  assert.deepEqual(settings('a ansible_host=h node=alpha\n'), { address: 'h' })
})

test('a host that uses both kinds of names is refused with a message that lists them', () => {
  assert.deepEqual(mistakes('a address=192.0.2.1 ansible_user=root\n'), [
    'hosts:1:3 mixed-names: "a" has both "address" and Ansible\'s "ansible_user" (write "ansible_host" here; "ansible_user" is at /i/hosts:1)',
  ])
  assert.deepEqual(mistakes('a ansible_host=h\n[all:vars]\nbecome=true\n'), [
    'hosts:3:1 mixed-names: "a" has both "become" and Ansible\'s "ansible_host" (write "ansible_become" here; "ansible_host" is at /i/hosts:1)',
  ])
  assert.deepEqual(mistakes('[web]\na ansible_host=h\nb\n[web:vars]\nport=8080\n'), [
    'hosts:5:1 mixed-names: "port" is ambiguous: gpuplay uses it to connect to "b", but "a" uses Ansible\'s names, so there it is an ordinary variable (if it is for the connection, write "ansible_port"; otherwise rename it)',
  ])
})

test("Ansible's connection variables that gpuplay does not support are refused with an alternative", () => {
  const refused: readonly (readonly [line: string, expected: string])[] = [
    [
      `a ansible_ssh_common_args='-o ProxyJump=root@bastion'`,
      'the Ansible variable "ansible_ssh_common_args" (write proxy_jump: root@bastion)',
    ],
    [
      `a ansible_ssh_common_args='-o ProxyCommand="ssh -W %h:%p b"'`,
      '(write proxy_jump: HOST, or put ProxyCommand into ~/.ssh/config)',
    ],
    [
      `a ansible_ssh_common_args='-o StrictHostKeyChecking=no'`,
      '(write host_key_checking: strict, accept-new or off)',
    ],
    [`a ansible_ssh_extra_args='-o UserKnownHostsFile=/k'`, '(write known_hosts: /k)'],
    ['a ansible_ssh_args=-C', 'for a jump host, write proxy_jump: HOST)'],
    ['a ansible_host_key_checking=false', '(write host_key_checking: strict, accept-new or off)'],
    ['a ansible_become_flags=-H', '(remove it; gpuplay calls sudo with fixed options)'],
    ['a ansible_become_exe=/opt/sudo', '(remove it; gpuplay calls sudo with fixed options)'],
    ['a ansible_sudo=yes', '(write ansible_become)'],
    ['a ansible_timeout=60', '(remove it, and use --connect-timeout on the command line)'],
    ['a ansible_docker_extra_args=x', 'gpuplay has no "docker" connection'],
    [
      'a ansible_connection=winrm',
      'there is no connection "winrm" (the connections are ssh, openssh and local',
    ],
    [
      'a ansible_connection=community.general.proxmox_pct_remote proxmox_vmid=101',
      '(instead of proxmox_pct_remote and proxmox_vmid, write ctid: NUMBER and node: NAME, where NAME is a host of the inventory)',
    ],
    ['a ansible_become_method=su', '"ansible_become_method" must be one of sudo'],
    ['a ansible_hots=192.0.2.1', 'there is no variable "ansible_hots" (did you mean "ansible_host"?)'],
    ['a ansible_group_priority=10', '"ansible_group_priority" takes effect only on a group in the inventory'],
  ]
  for (const [line, expected] of refused) {
    const [first = '', ...more] = mistakes(`${line}\n`)
    assert.ok(first.includes(expected), `${line}: ${first}`)
    assert.deepEqual(more, [])
  }
})

test('variables that only control how Ansible itself works are accepted', () => {
  const inventory = ini(
    'a ansible_python_interpreter=/usr/bin/python3 ansible_pipelining=true ansible_ssh_common_args="" ansible_shell_executable=/bin/bash\n',
  )
  assert.equal(inventory.hosts.size, 1)
})

test('a setting can use other variables of the host', () => {
  const inventory = ini('a ansible_host={{ip}} ip=192.0.2.7\n')
  assert.equal(inventory.hosts.get(hostName('a'))?.connection.settings.get('address')?.value.kind, 'template')
  assert.deepEqual(mistakes('a ansible_port={{p}} p=x\n'), [
    'hosts:1:16 invalid-variable: "ansible_port" is "x", which is not valid (a port is a number from 1 to 65535)',
  ])
})

test('-e with an Ansible name applies to every host, with a gpuplay name only to hosts that use gpuplay names', () => {
  const { variables } = readExtraVars(['ansible_user=admin', 'port=2222'], memoryFiles({}))
  const inventory = ini('a ansible_host=h\nb user=root\n')
  const value = (host: string, name: string) => {
    const found = inventory.hosts.get(hostName(host))
    const setting = found === undefined ? undefined : settingOf(found, name, variables)
    return setting?.value.kind === 'literal' ? setting.value.value : undefined
  }
  assert.deepEqual([value('a', 'user'), value('b', 'user')], ['admin', 'admin'])
  assert.deepEqual([value('a', 'port'), value('b', 'port')], [undefined, 2222])
})
