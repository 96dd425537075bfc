/** The language as it behaves in a run. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { folderOfTests } from './testing/local-run.ts'
import { playOf } from './testing/play-text.ts'

describe('the language in a run', () => {
  const folder = folderOfTests()

  const play = (text: string): string => playOf(text, { out: `${folder.path}/out`, handlers: '' })

  test('debug prints the items of a loop, and the value of an expression', async () => {
    const run = await folder.run(
      play(`
- debug: { msg: "item {{ item }}" }
  loop: [1, 2]
- command: { argv: [printf, 'a\\nb'], reads: true }
  register: said
- debug: { var: said.stdout_lines }
- debug: { var: "said.rc == 0 ? 'fine' : 'bad'" }
`),
    )
    assert.equal(run.exitCode, 0)
    const items = run.events.flatMap((event) =>
      event.type === 'item.finished' ? [event.detail.message] : [],
    )
    assert.deepEqual(items, ['item 1', 'item 2'])
    assert.deepEqual(run.messages, ['[\n  "a",\n  "b"\n]', 'fine'])
  })

  test('a condition may test an undefined variable, with -e and without', async () => {
    const text = play(`
- name: guarded
  debug: { msg: "it is {{ maybe }}" }
  when: defined(maybe) && maybe > 0
- debug: { msg: "{{default maybe 'none'}}" }
- name: text
  copy: { dest: "{{ out }}-omit", content: x, mode: !cel "default(mode, omit)" }
`)
    const without = await folder.run(text)
    assert.equal(without.outcomes['guarded'], 'skipped')
    assert.deepEqual(without.messages, ['none'])
    assert.equal(without.outcomes['text'], 'changed')
    const set = await folder.run(text, { extraVars: ['maybe=1'] })
    assert.deepEqual(set.messages, ['it is 1', '1'])
  })

  test('facts compare with values as people write them', async () => {
    const run = await folder.run(
      play(`
- name: both spellings
  assert:
    that:
      - facts.os.id != "debian" || facts.distribution == "Debian"
      - (facts.os.family == "debian") == (facts.os_family == "Debian")
`),
    )
    assert.equal(run.outcomes['both spellings'], 'ok')
  })

  test('a Jinja template file whose name is computed is refused at run time', async () => {
    writeFileSync(join(folder.path, 'late.j2'), '{% for s in servers %}{{ s }}{% endfor %}\n')
    const run = await folder.run(
      play(`
- command: { argv: [echo, late.j2], reads: true }
  register: name
- name: late
  template: { src: "{{ name.stdout }}", dest: "{{ out }}-late" }
`),
    )
    assert.equal(run.outcomes['late'], 'failed')
    const failed = run.events.find((event) => event.type === 'task.finished' && event.outcome === 'failed')
    const problem = failed?.type === 'task.finished' ? failed.detail.problem : undefined
    assert.equal(problem?.message, '"{% for s in servers %}" is Jinja; templates here are Handlebars')
    assert.equal(problem?.where?.line, 1)
  })
})
