/** Contents of windows, and their events. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Event } from '../events/events.ts'
import { outFolder } from './testing/out-folder.ts'
import { playOf } from './testing/play-text.ts'
import { stepsIn } from './testing/watched-reach.ts'

describe('windows', () => {
  const { folder, out, file, watch } = outFolder()

  const five = playOf(
    [1, 2, 3, 4, 5]
      .map((n) => `- name: t${n}\n  copy: { content: "${n}", dest: "{{ out }}/${n}" }`)
      .join('\n'),
    { out },
  )

  test('a first run sends all plannable actions in one frame, and then verifies all of them once', async () => {
    const watching = watch()
    const run = await folder.run(five, {}, { reach: watching.reach })
    assert.deepEqual(Object.values(run.outcomes), Array(5).fill('changed'))
    assert.deepEqual(
      watching.frames.flatMap(({ kind, script }) => (kind === 'act' ? [stepsIn(script)] : [])),
      [5],
    )
  })

  test('a converged run sends nothing and reads all tasks at once', async () => {
    await folder.run(five)
    const one = watch()
    await folder.run(
      playOf('- copy: { content: "1", dest: "{{ out }}/1" }', { out }),
      {},
      { reach: one.reach },
    )
    const all = watch()
    await folder.run(five, {}, { reach: all.reach })
    assert.equal(all.acts, 0)
    assert.equal(all.looks, one.looks)
  })

  test('a converged block is read with the tasks around it', async () => {
    const copy = (n: number): string => `{ copy: { content: "${n}", dest: "{{ out }}/${n}" } }`
    await folder.run(five)
    const flat = watch()
    await folder.run(five, {}, { reach: flat.reach })
    const text = `
- ${copy(1)}
- block:
    - ${copy(2)}
    - block: [${copy(3)}]
      always: [${copy(4)}]
  rescue: [${copy(6)}]
- ${copy(5)}`
    const blocks = watch()
    const run = await folder.run(playOf(text, { out }), {}, { reach: blocks.reach })
    assert.equal(run.events.filter(({ type }) => type === 'task.finished').length, 5)
    assert.equal(blocks.looks, flat.looks)
  })

  test('step by step, every task is read, sent and verified separately', async () => {
    const watching = watch()
    const run = await folder.run(five, { stepByStep: true }, { reach: watching.reach })
    assert.deepEqual(Object.values(run.outcomes), Array(5).fill('changed'))
    assert.deepEqual(
      watching.frames.flatMap(({ kind, script }) => (kind === 'act' ? [stepsIn(script)] : [])),
      [1, 1, 1, 1, 1],
    )
    assert.ok(watching.looks >= 10)
    const again = watch()
    await folder.run(five, { stepByStep: true }, { reach: again.reach })
    assert.ok(again.looks >= 5)
  })

  test('items of a loop share a window with the tasks around it', async () => {
    const watching = watch()
    await folder.run(
      playOf(
        `
- name: folders
  file: { path: "{{ out }}/{{ item }}", state: directory }
  loop: [a, b, c]
- name: in one of them
  copy: { content: x, dest: "{{ out }}/b/file" }
- name: link
  file: { path: "{{ out }}/link", src: "{{ out }}/b/file", state: link }
`,
        { out },
      ),
      {},
      { reach: watching.reach },
    )
    assert.equal(watching.acts, 1)
    assert.equal(file('link'), 'x')
  })

  test('a template file, a label, a condition and an argument use what earlier tasks registered and set', async () => {
    folder.write('templates/t.hbs', 'said {{ said.stdout }}, wrote {{ wrote.changed }}, set {{ word }}\n')
    const playbook = playOf(
      `
- name: say
  command: { cmd: "echo hi", reads: true }
  register: said
- name: write
  copy: { content: x, dest: "{{ out }}/wrote" }
  register: wrote
- name: set
  set_fact: { word: "{{ said.stdout }} there" }
- name: template
  template: { src: t.hbs, dest: "{{ out }}/template" }
- name: argument
  copy: { content: "{{ word }}", dest: "{{ out }}/argument" }
- name: loop
  copy: { content: "{{ item }}", dest: "{{ out }}/{{ item }}" }
  loop: [one]
  loop_control: { label: "{{ said.stdout }} {{ item }}" }
- name: only if
  copy: { content: x, dest: "{{ out }}/only" }
  when: wrote.changed && word == "hi there"
- name: not if
  copy: { content: x, dest: "{{ out }}/not" }
  when: '!wrote.changed'
`,
      { out },
    )
    const dry = await folder.run(playbook, { check: true })
    const run = await folder.run(playbook)
    assert.equal(file('template'), 'said hi, wrote true, set hi there\n')
    assert.equal(file('argument'), 'hi there')
    assert.equal(existsSync(join(out, 'only')), true)
    assert.equal(existsSync(join(out, 'not')), false)
    assert.deepEqual(itemsOf(run.events), ['hi one'])
    assert.deepEqual(dry.outcomes, run.outcomes)
    assert.equal(run.outcomes['template'], 'changed')
    const again = await folder.run(playbook)
    assert.equal(again.outcomes['template'], 'changed', 'wrote.changed is false now')
    assert.equal(file('template'), 'said hi, wrote false, set hi there\n')
    assert.equal(again.outcomes['not if'], 'changed')
  })

  test('a file that a later task removes with its folder does not fail the task that created it', async () => {
    mkdirSync(join(out, 'd/e'), { recursive: true })
    writeFileSync(join(out, 'd/e/x'), 'x')
    const run = await folder.run(
      playOf(
        `
- name: line
  lineinfile: { path: "{{ out }}/d/e/x", line: y }
- name: gone
  file: { path: "{{ out }}/d", state: absent }
`,
        { out },
      ),
    )
    assert.deepEqual(run.outcomes, { line: 'changed', gone: 'changed' })
    assert.deepEqual(
      run.events.filter(({ type }) => type === 'warning'),
      [],
    )
  })

  test('later tasks know the output of an imperative program', async () => {
    const run = await folder.run(
      playOf(
        `
- name: before
  copy: { content: before, dest: "{{ out }}/a" }
- name: program
  shell: { cmd: "cat {{ out }}/a; echo ' and after' >> {{ out }}/a" }
  register: program
- name: behind
  copy: { content: "{{ program.stdout }}", dest: "{{ out }}/b" }
- name: read
  command: { cmd: "cat {{ out }}/a", reads: true }
  register: read
- name: shown
  debug: { msg: "{{ read.stdout }}" }
`,
        { out },
      ),
    )
    assert.equal(file('b'), 'before')
    assert.deepEqual(run.messages, ['before and after'])
  })

  test('events show each task start and end in order, with its actions in between', async () => {
    const run = await folder.run(
      playOf(
        `
- name: one
  copy: { content: "1", dest: "{{ out }}/1" }
- name: nothing
  debug: { msg: in between }
- name: two
  copy: { content: "{{ item }}", dest: "{{ out }}/{{ item }}" }
  loop: [a, b]
- name: skipped
  debug: { msg: never }
  when: "false"
- name: three
  shell: { cmd: "echo x > {{ out }}/3" }
- name: four
  copy: { content: "4", dest: "{{ out }}/4" }
`,
        { out },
      ),
    )
    assert.deepEqual(told(run.events), [
      'begin one',
      'act one',
      'end one',
      'begin nothing',
      'end nothing',
      'begin two',
      'act two',
      'item a',
      'act two',
      'item b',
      'end two',
      'begin skipped',
      'end skipped',
      'begin three',
      'act three',
      'end three',
      'begin four',
      'act four',
      'end four',
    ])
  })

  test('events are the same for tasks sent together and one by one', async () => {
    const together = await folder.run(five)
    rmSync(out, { recursive: true })
    mkdirSync(out)
    const apart = await folder.run(five, { stepByStep: true })
    assert.deepEqual(told(together.events), told(apart.events))
  })
})

function told(events: readonly Event[]): readonly string[] {
  return events.flatMap((event) => {
    switch (event.type) {
      case 'task.started':
        return [`begin ${event.task.name}`]
      case 'action.finished':
        return [`act ${event.task.name}`]
      case 'item.finished':
        return [`item ${event.item}`]
      case 'task.finished':
        return [`end ${event.task.name}`]
      default:
        return []
    }
  })
}

function itemsOf(events: readonly Event[]): readonly string[] {
  return events.flatMap((event) => (event.type === 'item.finished' ? [event.item] : []))
}
