import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../base/secret.ts'
import { Unknown } from '../base/unknown.ts'
import { itemsOf } from './items.ts'
import { type PreparedItem, prepareItem } from './prepare.ts'
import { type Prepared, prepared } from './testing/prepared.ts'

const unknown = new Unknown('only the run can know it')

/** Prepares the first task with these variables. */
async function first(
  { tasks, preparing, context }: Prepared,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<PreparedItem> {
  for (const [name, value] of Object.entries(variables)) context.host.variables.register(name, value)
  const [task] = tasks
  assert.ok(task)
  const items = await itemsOf(task, preparing)
  const [item] = items.kind === 'items' ? items.items : []
  assert.ok(item)
  return prepareItem(task, item, preparing)
}

test('arguments are rendered and checked, defaults filled in, and the looked-up names recorded', async () => {
  const made = prepared(`- copy: { content: "is {{ it.stdout }}", dest: /x }`)
  const item = await first(made, { it: { stdout: 'that' } })
  assert.ok(item.kind === 'ready')
  const { content, backup } = Object(item.args)
  assert.deepEqual({ content, backup }, { content: 'is that', backup: false })
  assert.ok(made.preparing.reads.has('it'))
})

test('a false condition is named, and nothing else is rendered', async () => {
  const item = await first(
    prepared(`- debug: { msg: "{{ it.missing }}" }\n  when: [it.rc == 0, it.rc == 1]`),
    {
      it: { rc: 0 },
    },
  )
  assert.deepEqual(item, { kind: 'skipped', why: 'it.rc == 1' })
})

test('an unknown condition or argument makes the task unknown; false and unknown is false', async () => {
  const text = (condition: string): string => `- debug: { msg: hi }\n  when: ${condition}`
  const open = await first(prepared(text('it.rc == 0'), { check: true }), { it: { rc: unknown } })
  assert.deepEqual(whyUnknown(open), unknown.why)
  const closed = await first(prepared(text("'false && it.rc == 0'"), { check: true }), {
    it: { rc: unknown },
  })
  assert.equal(closed.kind, 'skipped')
  const argument = prepared(`- file: { path: "/{{ it.rc }}" }`, { check: true })
  assert.equal(whyUnknown(await first(argument, { it: { rc: unknown } })), unknown.why)
})

test('an argument that may be unknown is planned in a dry run, and waited for in a run', async () => {
  const text = `- pve_container_config: { owned: [dev.*], content: "{{ it.stdout }}" }`
  const dry = await first(prepared(text, { check: true }), { it: { stdout: unknown } })
  assert.equal(dry.kind, 'ready')
  const run = await first(prepared(text), { it: { stdout: unknown } })
  assert.equal(whyUnknown(run), unknown.why)
})

test('a secret argument is revealed, marked, and redacted from then on', async () => {
  const made = prepared(`- copy: { content: "a {{ it }} b", dest: /x }`)
  const item = await first(made, { it: new Secret('opensesame') })
  assert.ok(item.kind === 'ready')
  assert.equal(item.secret, true)
  assert.equal(Object(item.args).content, 'a opensesame b')
  assert.equal(made.context.run.secrets.holds('a opensesame b'), true)
})

test('a task becomes its own user, else that of the host, else root', async () => {
  const becomes = async (task: string, inventory?: string): Promise<unknown> => {
    const host = inventory === undefined ? {} : { inventory, host: 'other' }
    const item = await first(prepared(`- { debug: { msg: x }, become: true${task} }`, host))
    return item.kind === 'ready' && item.become?.user
  }
  const postgres = 'all: { hosts: { other: { become_user: postgres } } }'
  assert.equal(await becomes(''), 'root')
  assert.equal(await becomes('', postgres), 'postgres')
  assert.equal(await becomes(', become_user: ann', postgres), 'ann')
})

test('facts are read on first use', async () => {
  const item = await first(
    prepared('- debug: { msg: "{{ facts.os }}" }', { facts: { os: 'debian', other: 1 } }),
  )
  assert.equal(item.kind === 'ready' && Object(item.args).msg, 'debian')
})

test('a mistake during rendering is a problem with its place', async () => {
  const item = await first(prepared(`- copy: { content: x, dest: "{{ it.nothing }}" }`), {
    it: {},
  })
  assert.ok(item.kind === 'failed')
  assert.equal(item.problem.where?.file, '/p/site.yml')
  assert.equal(item.problem.where?.line, 4)
  const wrong = await first(prepared(`- copy: { content: x, dest: "{{ it }}" }`), {
    it: 'relative',
  })
  assert.ok(wrong.kind === 'failed')
  assert.match(wrong.problem.message, /dest/)
})

test('a template file is found and rendered with the current variables', async () => {
  const files = { '/p/templates/t.hbs': 'it is {{ it }}' }
  const item = await first(prepared(`- template: { src: t.hbs, dest: /x }`, { files }), {
    it: 'so',
  })
  assert.equal(item.kind === 'ready' && Object(item.args).content, 'it is so')
  const dry = prepared('- template: { src: t.hbs, dest: /x }', { files, check: true })
  assert.equal(whyUnknown(await first(dry, { it: unknown })), unknown.why)
})

function whyUnknown(item: PreparedItem): string | undefined {
  return item.kind === 'unknown' ? item.why : undefined
}

test('a delegated task acts as the user that the variables of the other host name', async () => {
  const options = { inventory: 'all: { hosts: { other: { become_user: ann } } }' }
  const delegated = '- command: x\n  become: true\n  delegate_to: "{{ it }}"\n'
  const item = await first(prepared(delegated, options), { it: 'other' })
  assert.ok(item.kind === 'ready')
  assert.deepEqual([item.delegate, item.become], ['other', { enabled: true, user: 'ann' }])
  const own = await first(prepared(delegated, options), { it: 'localhost' })
  assert.ok(own.kind === 'ready')
  assert.deepEqual([own.delegate, own.become], [undefined, { enabled: true, user: 'root' }])
  const dry = await first(prepared(delegated, { ...options, check: true }), { it: unknown })
  assert.equal(dry.kind, 'unknown')
  const secret = await first(prepared(delegated, options), { it: new Secret('other') })
  assert.ok(secret.kind === 'failed')
  assert.match(secret.problem.message, /^"delegate_to" contains a secret/)
})
