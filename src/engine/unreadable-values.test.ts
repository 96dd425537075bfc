/** Unreadable values of an inventory: mistakes if a playbook uses them, otherwise a warning. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InputError } from '../base/errors.ts'
import { report } from '../language/testing/report.ts'
import { folderOfTests } from './testing/local-run.ts'

const folder = folderOfTests()

const inventory = `all:
  hosts:
    one:
      connection: local
      lower: "{{ name | lower }}"
      nested: { list: ["{{ a if b else c }}"] }
      through: "{{lower}}"
      name: X
`

/** Returns the warnings and mistakes of a run with a task that shows this text. */
async function ran(text: string): Promise<{ warnings: readonly string[]; mistakes: readonly string[] }> {
  const hosts = folder.write('hosts.yml', inventory)
  const playbook = `- hosts: all\n  tasks:\n    - debug: { msg: "${text}" }\n`
  try {
    const { events } = await folder.run(playbook, { inventories: [hosts] })
    return {
      warnings: events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])),
      mistakes: [],
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return { warnings: [], mistakes: report(error.problems) }
  }
}

test('an unused unreadable value is a warning with its first place', async () => {
  const { warnings, mistakes } = await ran('{{ name }}')
  assert.deepEqual(mistakes, [])
  assert.equal(warnings.length, 1)
  assert.match(
    warnings[0] ?? '',
    /hosts\.yml:5:\d+: this value cannot be read, and 1 more value of the inventory: .*; this run does not use it$/,
  )
})

for (const [how, text] of [
  ['by name', '{{ lower }}'],
  ['through another variable', '{{ through }}'],
  ['as a variable of another host', '{{ hostvars.one.lower }}'],
]) {
  test(`a value that a playbook uses ${how} is a mistake at its place`, async () => {
    const { mistakes } = await ran(text ?? '')
    assert.equal(mistakes.length, 1)
    assert.match(mistakes[0] ?? '', /^hosts\.yml:5:\d+ /)
  })
}

test('an unreadable value in a list of a used variable is a mistake', async () => {
  const { mistakes } = await ran('{{ json nested }}')
  assert.match(mistakes[0] ?? '', /^hosts\.yml:6:\d+ /)
})

test('a connection variable that cannot be read is a mistake only if the run connects to its host', async () => {
  const hosts = folder.write(
    'both.yml',
    `all:\n  hosts:\n    one: { connection: local }\n    two: { ansible_user: "{{ lookup('env', 'USER') }}" }\n`,
  )
  const playbook = (name: string): string => `- hosts: ${name}\n  tasks:\n    - debug: { msg: here }\n`
  const { events } = await folder.run(playbook('one'), { inventories: [hosts] })
  assert.ok(events.some((event) => event.type === 'warning' && /cannot be read/.test(event.message)))
  await assert.rejects(folder.run(playbook('two'), { inventories: [hosts] }), (error) => {
    assert.ok(error instanceof InputError)
    assert.match(report(error.problems).join('\n'), /^both\.yml:4:\d+ .*env/)
    return true
  })
})
