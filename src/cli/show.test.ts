/**
 * A terminal interprets nothing in the output of a host, and a program that reads JSON lines gets all of it
 * unchanged.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { array, assert as check, constantFrom, property, string } from 'fast-check'
import type { EventBody, TaskDetail } from '../events/events.ts'
import { createJsonlView } from '../view/jsonl.ts'
import { jsonText } from '../view/json-text.ts'
import { noCounts } from '../events/events.ts'
import { numbered, playStarted, started, taskFinished, taskRef } from '../view/testing/sample-events.ts'
import { plainText } from '../view/text.ts'
import { createView } from './show.ts'

const nasty = constantFrom(
  '\u001b[2J',
  '\u001b]0;title\u0007',
  '\u001bc',
  '\u009b2J',
  '\u0085',
  '\u202e',
  '\u2066',
  '\u2028',
  '\u200f',
  '\ufeff',
  '\b',
  '\r',
  '\0',
  '\u007f',
  'x',
)
const words = array(nasty, { maxLength: 6 }).map((parts) => parts.join(''))
const anything = string({ unit: 'binary', maxLength: 40 })

/** Characters that a terminal interprets, except line ends and tabs. */
// oxlint-disable-next-line no-control-regex -- these must not occur
const acting = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/

/** Every place in which an event contains output of a host. */
function eventsWith(said: string): readonly EventBody[] {
  const task = taskRef(said)
  const problem = { code: said, message: said, hint: said, excerpt: said }
  const detail: TaskDetail = {
    message: said,
    why: said,
    actions: [said],
    diffs: [{ title: said, before: `${said}\n`, after: 'other\n' }],
    problem,
    findings: [{ message: said, cause: said, line: said, fix: said }],
    program: { rc: 1, stdout: said, stderr: said },
    items: { [said]: 'changed' },
  }
  const row = { table: said, columns: [said], cells: [said], order: said, state: 'problem' } as const
  return [
    started([said], false, { next: { rerun: said, real: said, runs: said } }),
    playStarted(said, [said], [task]),
    { type: 'host.connecting', host: said },
    { type: 'host.waiting', host: said, why: said },
    { type: 'task.progress', host: said, task, message: said },
    { type: 'action.finished', host: said, task, on: said, kind: said, label: said, milliseconds: 1 },
    { type: 'program.log', host: said, task, on: said, path: said, text: said },
    { type: 'item.finished', host: said, task, item: said, outcome: 'failed', detail },
    taskFinished(said, task, 'failed', { detail: { ...detail, items: {}, findings: [] } }),
    taskFinished(said, task, 'changed', { detail: { ...detail, items: {} } }),
    { type: 'warning', host: said, message: said },
    { type: 'handler.pending', host: said, handler: said },
    { type: 'handler.unknown', host: said, handler: said, by: said },
    { type: 'host.unreachable', host: said, problem },
    {
      type: 'run.finished',
      hosts: { [said]: noCounts },
      exitCode: 7,
      check: false,
      milliseconds: 1,
      rows: [row],
      failures: [{ host: said, task, exitCode: 7, message: said }],
      pendingHandlers: 0,
    },
  ]
}

async function shown(said: string): Promise<string> {
  let text = ''
  const output = { write: (part: string) => void (text += part), isTerminal: false }
  const view = await createView(
    { output, world: { environment: {} } },
    { output: 'plain', color: 'never', verbosity: 3, diff: true },
  )
  for (const event of numbered(eventsWith(said))) view.take(event)
  await view.close()
  return text
}

describe('what a host says', () => {
  test('reaches no terminal unescaped in the plain view', async () => {
    const text = await shown('\u001b[31mred\u001b]0;title\u0007\u009b2J\u202eevil\u2066\u0085\u2028\0\r')
    assert.doesNotMatch(text, acting)
    assert.match(text, /redevil/)
    assert.doesNotMatch(text, /title/)
  })

  test('keeps its words, line ends and tabs', () => {
    assert.equal(plainText('a\tb\nc\u001b[1m d\u001b[0m, \u202ee'), 'a\tb\nc d, e')
  })

  test('is plain, whatever it is', () => {
    check(
      property(words, anything, (nastily, text) =>
        assert.doesNotMatch(plainText(`${nastily}${text}${nastily}`), acting),
      ),
    )
  })

  test('is escaped in JSON, and read back as it was', () => {
    check(
      property(words, anything, (nastily, text) => {
        const said = `${text}${nastily}`
        const json = jsonText({ [said]: said })
        assert.doesNotMatch(json, /[\n\t]/)
        assert.doesNotMatch(json, acting)
        assert.deepEqual(JSON.parse(json), { [said]: said })
      }),
    )
  })

  test('is escaped in JSON lines too', () => {
    let text = ''
    const view = createJsonlView((part) => void (text += part))
    const events = numbered(eventsWith('\u009b2J\u202e\u2028'))
    for (const event of events) view.take(event)
    const lines = text.split('\n').slice(0, -1)
    for (const line of lines) assert.doesNotMatch(line, acting)
    assert.deepEqual(
      lines.map((line): unknown => JSON.parse(line)),
      events,
    )
  })
})

test('a terminal that cannot move its cursor gets the plain view', async () => {
  let text = ''
  const output = {
    write: (part: string) => void (text += part),
    isTerminal: true,
    size: () => ({ columns: 80, rows: 24 }),
  }
  const view = await createView(
    { output, world: { environment: { TERM: 'dumb' } } },
    { output: 'auto', color: 'auto', verbosity: 0, diff: false },
  )
  const task = taskRef('Install')
  for (const event of numbered([started(['a']), taskFinished('a', task, 'changed')])) view.take(event)
  await view.close()
  assert.equal(text, 'Running site.yml on 1 host\nchanged   a  Install\n')
})
