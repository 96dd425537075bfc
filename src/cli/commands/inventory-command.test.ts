import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { scratchFolder } from '../../connection/testing/programs.ts'
import { gpuplay } from '../testing/command-line.ts'

test('a Phoenix configuration is an inventory of every command, and its node can be this machine', async () => {
  const folder = scratchFolder()
  const write = (name: string, content: object): void =>
    writeFileSync(join(folder, name), JSON.stringify(content, undefined, 2))
  write('node.json', {
    nvidia_driver: { version: '580.95.05' },
    network: { interfaces: { address: '192.0.2.1/24' } },
    portainer_api: { admin_user: 'admin', admin_password: 'a-long-password' },
  })
  write('lxc.json', { lxc_configs: { 900: { name: 'web', gpu_assignment: '0, 1' } } })
  const inventories = ['-i', join(folder, 'node.json'), '-i', join(folder, 'lxc.json')]

  const { output } = await gpuplay(folder, ['inventory', ...inventories, '--list'])
  const listed = JSON.parse(output)
  assert.deepEqual(listed._meta.hostvars.web, {
    ctid: '900',
    gpu_assignment: '0, 1',
    name: 'web',
    node: 'hypervisor',
  })
  assert.equal(listed._meta.hostvars.hypervisor.connection, 'local')
  assert.deepEqual(listed._meta.hostvars.hypervisor.portainer_api, {
    admin_user: 'admin',
    admin_password: '(secret)',
  })
  assert.deepEqual(listed.nodes.hosts, ['hypervisor'])

  const told = await gpuplay(folder, ['exec', 'nodes', ...inventories, '--', 'echo', 'here'])
  assert.equal(told.output, 'hypervisor | exit 0\n  here\n')

  const tasks = "[{ assert: { that: nvidia_driver_version == '580.95.05' } }, { command: 'true' }]"
  writeFileSync(join(folder, 'site.yml'), `- hosts: nodes\n  gather_facts: false\n  tasks: ${tasks}\n`)
  const ran = await gpuplay(folder, ['run', join(folder, 'site.yml'), ...inventories])
  assert.equal(ran.exitCode, 0, ran.output + ran.errors)
  assert.match(ran.output, /changed +hypervisor +command/)

  write('lxc.json', { lxc_configs: { 900: { name: 'web', gpu_assignment: '0;1' } } })
  const wrong = await gpuplay(folder, ['run', 'playbooks/site.yml', ...inventories])
  assert.equal(wrong.exitCode, 2)
  assert.match(wrong.errors, /lxc\.json:5:25: error: "gpu_assignment" is "0;1", which is not valid/)
  assert.match(wrong.errors, /no host was contacted/)
})

test('what --list prints is an inventory with the same hosts, groups, values and connections', async () => {
  const folder = scratchFolder()
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const ini = write(
    'hosts',
    `alone:2222 user=ann x=1\n[web]\na:22 y="[1, {'z': None}]" zone=north\nb ansible_host={{ip}} ip=192.0.2.1 zone=south\n[site:children]\nweb\nempty\n[empty]\n[site:vars]\ntext=a b\nflag=True\n`,
  )
  const yaml = write(
    'more.yml',
    `c:\n  hosts:\n    d: {fact: "{{ facts.kernel }}", braces: !cel '"{" + "{x}}"'}\n`,
  )
  const groups = write(
    'groups.yml',
    'plugin: constructed\nstrict: false\ncompose: {both: zone + "!"}\nkeyed_groups: [{key: zone, prefix: zone}]\n',
  )
  const inventories = [ini, yaml, groups].flatMap((path) => ['-i', path])
  const first = await gpuplay(folder, ['inventory', ...inventories, '--list'])
  assert.equal(first.exitCode, 0, first.errors)
  const { _meta, empty, zone_north, all } = JSON.parse(first.output)
  assert.equal(_meta.hostvars.a.both, 'north!')
  assert.deepEqual(_meta.hostvars.alone, { port: 2222, user: 'ann', x: 1 })
  assert.deepEqual(_meta.hostvars.d, { fact: '{{ facts.kernel }}', braces: { __ansible_unsafe: '{{x}}' } })
  assert.deepEqual([empty, zone_north], [undefined, { hosts: ['a'] }])
  assert.deepEqual(all, { children: ['ungrouped', 'site', 'c', 'zone_north', 'zone_south'] })

  const saved = write('saved.json', first.output)
  assert.equal((await gpuplay(folder, ['inventory', '-i', saved, '--list'])).output, first.output)
  const program = write('saved.sh', `#!/bin/sh\ncat ${saved}\n`)
  chmodSync(program, 0o755)
  assert.equal((await gpuplay(folder, ['inventory', '-i', program, '--list'])).output, first.output)
})

test('an inventory that is encrypted as a whole: its variables are secrets, its connections are not', async () => {
  const folder = scratchFolder()
  const at = (name: string): string => join(folder, name)
  const { output } = await gpuplay(folder, ['secrets', 'keygen', at('age.key')])
  const recipient = /age1\w+/.exec(output)?.[0] ?? ''
  writeFileSync(at('gpuplay.yml'), `age_identities: ${at('age.key')}\nage_recipients: ${recipient}\n`)
  for (const [name, text] of [
    ['hosts.yml', 'all:\n  hosts:\n    web: {connection: local, region: far-north, password: opensesame}\n'],
    ['hosts.ini', '[db]\ndb1 ansible_connection=local ansible_host=192.0.2.7 region=far-south\n'],
  ] as const) {
    writeFileSync(at(name), text)
    const sealed = await gpuplay(folder, ['secrets', 'encrypt', at(name)])
    assert.equal(sealed.exitCode, 0, sealed.errors)
    assert.match(readFileSync(at(name), 'utf8'), /^-----BEGIN AGE ENCRYPTED FILE-----/)
  }
  const inventories = ['-i', at('hosts.yml'), '-i', at('hosts.ini')]
  const listed = await gpuplay(folder, ['inventory', '--list', ...inventories])
  assert.equal(listed.exitCode, 0, listed.errors)
  assert.deepEqual(JSON.parse(listed.output)._meta.hostvars, {
    web: { connection: 'local', password: '(secret)', region: '(secret)' },
    db1: { ansible_connection: 'local', ansible_host: '192.0.2.7', region: '(secret)' },
  })
  const ran = await gpuplay(folder, ['exec', 'all', ...inventories, '--', 'echo', 'far-north'])
  assert.equal(ran.exitCode, 0, ran.errors)
  assert.match(ran.output, /db1 \| exit 0/)
  assert.doesNotMatch(ran.output, /far-north/)

  writeFileSync(at('gpuplay.yml'), '')
  const locked = await gpuplay(folder, ['inventory', '--list', ...inventories])
  assert.equal(locked.exitCode, 2)
  assert.match(locked.errors, /cannot decrypt ".*hosts\.yml": gpuplay has no age key/)
})
