/** Plan files that are refused before any connection. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { InputError } from '../../base/errors.ts'
import type { Event } from '../../events/events.ts'
import { folderOfTests } from '../testing/local-run.ts'
import { readPlanFile } from './plan-file.ts'
import type { PlanFile } from './plan-schema.ts'

const play = (tasks: string): string =>
  `- name: Play
  hosts: localhost
  tasks:
${tasks.replaceAll(/^(?=.)/gm, '    ')}`

describe('a plan is refused before any connection', () => {
  const folder = folderOfTests()
  const at = (name: string): string => join(folder.path, name)
  const text = play(`- name: Template
  template: { src: t.hbs, dest: ${at('out')} }
- name: Copy
  copy: { src: file, dest: ${at('copied')} }
`)
  const made = async (): Promise<PlanFile> => {
    folder.write('t.hbs', 'one')
    folder.write('file', 'one')
    return (await folder.plan(text)).plan
  }
  const refusal = async (plan: PlanFile): Promise<readonly string[]> => {
    const connected: string[] = []
    const sinks = [(event: Event) => void connected.push(event.type)]
    const error: unknown = await folder.apply(plan, {}, { sinks }).catch((thrown: unknown) => thrown)
    assert.ok(error instanceof InputError)
    assert.deepEqual(connected, [])
    return error.problems.map(({ message }) => message)
  }

  for (const [name, content] of [
    ['t.hbs', 'two'],
    ['file', 'two'],
    ['site.yml', play('- debug: { msg: other }\n')],
    ['group_vars/all.yml', 'new: 1\n'],
  ] as const) {
    test(`after a change of ${name}`, async () => {
      const plan = await made()
      folder.write(name, content)
      const messages = await refusal(plan)
      assert.match(messages[0] ?? '', /^\S+ has changed since the plan was made$/)
      assert.match(messages[0] ?? '', new RegExp(name.split('/')[0] ?? ''))
    })
  }
})

describe('a file that is no plan', () => {
  for (const [text, message] of [
    ['{', 'p is not a plan file: it is not JSON'],
    ['{"a": 1}', 'p is not a plan file: it has no "format"'],
    [
      '{"format": "gpuplay-plan", "version": 2, "gpuplay": "9.0"}',
      'the plan p has the format 2, written by gpuplay 9.0',
    ],
    ['{"format": "gpuplay-plan", "version": 1}', /^p is not a plan file: must have required property/],
  ] as const) {
    test(`is refused: ${text}`, () => {
      assert.throws(() => readPlanFile('p', text), { message })
    })
  }
})
