import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { InputError } from '../base/errors.ts'
import { type Folder, localFolder, type LocalRun } from './testing/local-run.ts'

describe('a clone', () => {
  let folder: Folder
  before(() => {
    folder = localFolder()
  })
  after(() => folder.remove())

  /** Runs a play on containers, whose debug tasks ask no host. Returns `HOST OUTCOME`, in order. */
  async function run(containers: string, keywords = ''): Promise<LocalRun> {
    folder.write(
      'hosts.yml',
      `all:
  children:
    nodes: { hosts: { n1: { connection: local }, n2: { connection: local } } }
    containers:
      hosts:
${containers.trimStart().replaceAll(/^(?=.)/gm, '        ')}`,
    )
    const play = `- { name: first, debug: { msg: x } }\n    - { name: once, debug: { msg: x }, run_once: true }`
    return folder.run(`- hosts: containers\n  ${keywords}\n  tasks:\n    ${play}\n`, {
      inventories: [join(folder.path, 'hosts.yml')],
      forks: 1,
    })
  }

  const tasks = ({ events }: LocalRun, name: string): readonly string[] =>
    events.flatMap((event) =>
      event.type === 'task.finished' && event.task.name === name ? [`${event.host} ${event.outcome}`] : [],
    )

  const chain = `
both: { node: n1, ctid: 903, lxc_container_clone: 901 }
gpu: { node: n1, ctid: 901, lxc_container_clone: '{{ base }}', base: "900" }
other: { node: n2, ctid: 901, lxc_container_clone: 900 }
base: { node: n1, ctid: 900 }
`

  test('takes its turn after its source on the same node, with one fork and with tasks that run once', async () => {
    const ran = await run(chain)
    assert.deepEqual(tasks(ran, 'first'), ['other ok', 'base ok', 'gpu ok', 'both ok'])
    assert.deepEqual(tasks(ran, 'once'), ['other ok', 'base skipped', 'gpu skipped', 'both skipped'])
  })

  test('does not wait for a source in a later batch', async () => {
    const ran = await run(chain, 'serial: [1, 10]')
    assert.deepEqual(tasks(ran, 'first'), ['both ok', 'other ok', 'base ok', 'gpu ok'])
    assert.equal(ran.exitCode, 0)
  })

  test('is refused if its source is a clone of it', async () => {
    const circle = chain.replace('ctid: 900 }', 'ctid: 900, lxc_container_clone: 903 }')
    await assert.rejects(run(circle), (error) => {
      assert.ok(error instanceof InputError)
      assert.deepEqual(
        error.problems.map(({ code, message, where }) => [code, message, where?.line]),
        [['clone-cycle', 'both is a clone of gpu, gpu of base, base of both', 6]],
      )
      return true
    })
  })
})
