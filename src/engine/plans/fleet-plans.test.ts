/** Plan files for several hosts: batches, tasks that one host runs for all, handlers, blocks. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { RunRequest } from '../request.ts'
import { folderOfTests, type LocalRun } from '../testing/local-run.ts'

const request: Partial<RunRequest> = { inventories: ['a,b,c,'], extraVars: ['connection=local'] }

/** `HOST TASK OUTCOME` of every finished task. */
const endsOf = ({ events }: LocalRun): readonly string[] =>
  events
    .flatMap((event) =>
      event.type === 'task.finished' ? [`${event.host} ${event.task.name} ${event.outcome}`] : [],
    )
    .sort()

const left = ({ events }: LocalRun): readonly string[] =>
  events.flatMap((event) =>
    event.type === 'host.unreachable' ? [`${event.host} ${event.problem.code}`] : [],
  )

describe('a plan for several hosts', () => {
  const folder = folderOfTests()
  const at = (name: string): string => join(folder.path, name)
  const text = `- hosts: all
  serial: 2
  tasks:
    - name: Once
      copy: { dest: "${at('once')}-{{ inventory_hostname }}", content: "x" }
      run_once: true
    - name: Block
      block:
        - name: Write
          copy: { dest: "${at('{{ inventory_hostname }}')}", content: "new\\n" }
          notify: Note
      always:
        - name: Always
          lineinfile: { path: "${at('{{ inventory_hostname }}')}", line: more }
  handlers:
    - name: Note
      copy: { dest: "${at('noted')}-{{ inventory_hostname }}", content: "x" }
`
  const fresh = (): void => {
    for (const name of ['a', 'b', 'c']) writeFileSync(at(name), 'old\n')
  }

  test('makes the same changes as a run', async () => {
    fresh()
    const { plan, ...planned } = await folder.plan(text, request)
    const run = await folder.apply(plan, request)
    assert.equal(run.exitCode, 0)
    assert.deepEqual(endsOf(run), endsOf(planned))
    for (const name of ['a', 'b', 'c']) assert.equal(readFileSync(at(name), 'utf8'), 'new\nmore\n')
    assert.ok(existsSync(at('noted-c')) && existsSync(at('once-a')) && existsSync(at('once-c')))
  })

  test('goes on without a host that has changed', async () => {
    fresh()
    const { plan, ...planned } = await folder.plan(text, request)
    writeFileSync(at('b'), 'edited\n')
    const run = await folder.apply(plan, request)
    assert.equal(run.exitCode, 9)
    assert.deepEqual(left(run), ['b drifted'])
    assert.equal(readFileSync(at('b'), 'utf8'), 'edited\n')
    assert.deepEqual(
      endsOf(run),
      endsOf(planned).filter((end) => !end.startsWith('b ')),
    )
  })

  test('does not let another host run the task of one that has changed', async () => {
    fresh()
    const first = text
      .replace('run_once: true', 'run_once: true\n      register: once')
      .replaceAll('once-', 'one-')
    const { plan } = await folder.plan(first, request)
    writeFileSync(at('a'), 'edited\n')
    const run = await folder.apply(plan, request)
    assert.equal(run.exitCode, 9)
    assert.deepEqual(left(run), ['a drifted'])
    assert.equal(existsSync(at('one-b')), false)
    assert.deepEqual(
      endsOf(run).filter((end) => end.includes('b Once')),
      ['b Once failed'],
    )
  })
})

describe('an inventory that has changed', () => {
  const folder = folderOfTests()
  test('is refused if it has another host', async () => {
    const text = '- hosts: all\n  tasks: [{ name: Say, debug: { msg: x } }]\n'
    const { plan } = await folder.plan(text, request)
    await assert.rejects(folder.apply(plan, { ...request, inventories: ['a,b,d,'] }), {
      message:
        'the inventory has changed since the plan was made: c; the inventory has changed since the plan was made: d',
    })
  })
})
