import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostName } from '../base/brand.ts'
import { Ajv } from 'ajv'
import { distributionName, familyName } from './distributions.ts'
import { facts } from './facts.ts'
import { parseOsRelease } from './questions/os-release.ts'
import { createReader } from './reader.ts'
import { createLocalShell } from './testing/local-shell.ts'

test('every fact of this machine matches its schema', async () => {
  const shell = createLocalShell()
  const host = createReader({
    name: hostName('here'),
    shell: async () => shell,
    signal: new AbortController().signal,
    placement: { ctid: undefined, nodeName: undefined, cluster: undefined },
    controller: { file: async () => undefined, text: async () => undefined },
  }).view()
  const ajv = new Ajv()
  for (const fact of facts) {
    const value = await fact.read(host)
    if (['pve_version', 'nvidia_driver'].includes(fact.name) && value === undefined) continue
    assert.ok(ajv.validate(fact.schema as object, value), `${fact.name}: ${JSON.stringify(value)}`)
  }
  assert.equal(new Set(facts.map(({ name }) => name)).size, facts.length)
})

test("distributions and their families have Ansible's names", () => {
  assert.deepEqual(['debian', 'rhel', 'pop', 'newone'].map(distributionName), [
    'Debian',
    'RedHat',
    'Pop!_OS',
    'Newone',
  ])
  assert.equal(familyName('ubuntu', ['debian']), 'Debian')
  assert.equal(familyName('rocky', ['rhel', 'centos', 'fedora']), 'RedHat')
  assert.equal(familyName('void', []), 'Void')
})

test('examples match the schema', () => {
  const ajv = new Ajv({ strict: false })
  for (const { name, schema, example } of facts) assert.ok(ajv.validate(schema as object, example), name)
})

test('os-release is read with and without quotes', () => {
  const ubuntu =
    'PRETTY_NAME="Ubuntu 24.04.1 LTS"\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\n'
  assert.deepEqual(parseOsRelease(ubuntu), {
    id: 'ubuntu',
    name: 'Ubuntu 24.04.1 LTS',
    version: '24.04',
    codename: 'noble',
    family: 'debian',
    like: ['debian'],
  })
  assert.equal(parseOsRelease("ID='alpine'\nVERSION_ID=3.20.0\n").family, 'alpine')
})
