import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { sha256Of } from '../host/content.ts'
import { scratchFolder } from '../connection/testing/programs.ts'
import type { EventBody } from '../events/events.ts'
import { finished, numbered, started } from '../view/testing/sample-events.ts'
import { pruneRuns } from './prune-runs.ts'
import { runFolders } from './run-folders.ts'
import { createRunLog, type RunLog } from './run-log.ts'
import { shownCommand } from './shown-command.ts'

const names = ['20260101T000000Z-aaaaaa', '20260102T000000Z-bbbbbb', '20260103T000000Z-cccccc']

function events(run: string, check = false): ReturnType<typeof numbered> {
  return numbered([started(['pve1'], check), finished()]).map((event) => ({ ...event, run }))
}

const recorder = (folders: readonly string[], keep = 50, now = new Date()): RunLog =>
  createRunLog({ folders, keep, now: () => now })

describe('the log of a run', () => {
  const scratch = scratchFolder()
  let count = 0
  const fresh = (): string => join(scratch, `${(count += 1)}`, '.gpuplay', 'runs')

  test('has each event as soon as it happens, only for its owner, and outside repositories', () => {
    const folder = fresh()
    const log = recorder([folder])
    const [first, last] = events(names[0] ?? '')
    const file = join(folder, `${names[0]}.jsonl`)
    if (first) log.take(first)
    assert.equal(readFileSync(file, 'utf8'), `${JSON.stringify(first)}\n`)
    if (last) log.take(last)
    assert.deepEqual(log.close(), [])
    assert.equal(readFileSync(file, 'utf8'), `${JSON.stringify(first)}\n${JSON.stringify(last)}\n`)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    assert.equal(readFileSync(join(folder, '..', '.gitignore'), 'utf8'), '*\n')
  })

  test('goes to the next folder if the first cannot be written', () => {
    const [folder, other] = [fresh(), fresh()]
    mkdirSync(join(folder, '..', '..'))
    writeFileSync(join(folder, '..'), 'a file')
    const log = recorder([folder, other])
    for (const event of events('20260101T000000Z-aaaaaa')) log.take(event)
    assert.deepEqual(log.close(), [])
    assert.deepEqual(readdirSync(other), ['20260101T000000Z-aaaaaa.jsonl'])
  })

  test('is missed if no folder can be written, and the run goes on', () => {
    const folder = fresh()
    mkdirSync(join(folder, '..', '..'))
    writeFileSync(join(folder, '..'), 'a file')
    const log = recorder([folder])
    for (const event of events('20260101T000000Z-aaaaaa')) log.take(event)
    assert.deepEqual(log.close(), [`this run is not recorded: cannot write ${folder}: not a directory`])
  })

  test('replaces the oldest ones, and no other files', () => {
    const folder = fresh()
    for (const run of names) {
      const log = recorder([folder], 2)
      for (const event of events(run)) log.take(event)
      log.close()
      writeFileSync(join(folder, 'notes.jsonl'), '')
    }
    assert.deepEqual(readdirSync(folder).sort(), [`${names[1]}.jsonl`, `${names[2]}.jsonl`, 'notes.jsonl'])
  })

  /** The logs that are left after runs in this order; `dry` and `cut` are the numbers of some of them. */
  function left(
    count: number,
    { dry = [], cut = [], now }: { dry?: readonly number[]; cut?: readonly number[]; now?: Date },
  ): readonly number[] {
    const folder = fresh()
    const ids = Array.from({ length: count }, (_, index) => `2026010${index + 1}T000000Z-aaaaaa`)
    for (const [index, run] of ids.entries()) {
      const log = recorder([folder], 2, now)
      const all = events(run, dry.includes(index))
      for (const event of cut.includes(index) ? all.slice(0, 1) : all) log.take(event)
      log.close()
    }
    const names = readdirSync(folder)
    return [...ids.keys()].filter((index) => names.includes(`${ids[index]}.jsonl`))
  }

  test('of a dry run does not displace that of a real one, nor the other way round', () => {
    assert.deepEqual(left(6, { dry: [1, 3, 4, 5] }), [0, 2, 4, 5])
    assert.deepEqual(left(6, { dry: [0, 1, 2] }), [1, 2, 4, 5])
  })

  test('stays while its run is in progress, and is removed a day after a run was killed', () => {
    assert.deepEqual(left(5, { cut: [0] }), [0, 3, 4])
    assert.deepEqual(left(5, { cut: [0, 1], dry: [1] }), [0, 1, 3, 4])
    const tomorrow = new Date(Date.now() + 25 * 60 * 60 * 1000)
    assert.deepEqual(left(5, { cut: [0], now: tomorrow }), [3, 4])
  })

  test('is bounded in size: what is too much is left out, but not the end of the run', () => {
    const folder = fresh()
    const log = createRunLog({ folders: [folder], keep: 5, now: () => new Date(), mostBytes: 2000 })
    const warnings = Array.from({ length: 50 }, (): EventBody => ({
      type: 'warning',
      message: 'x'.repeat(99),
    }))
    for (const event of numbered([started(['pve1']), ...warnings, finished()]))
      log.take({ ...event, run: names[0] ?? '' })
    const path = join(folder, `${names[0]}.jsonl`)
    assert.deepEqual(log.close(), [`the record of this run is incomplete: ${path} has reached 2 KiB`])
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    const kinds = lines.map((line): unknown => (JSON.parse(line) as { readonly type: string }).type)
    assert.deepEqual([kinds[0], kinds.at(-1)], ['run.started', 'run.finished'])
    assert.ok(statSync(path).size < 2600 && lines.length < 15, `${lines.length} lines`)
  })

  test('is removed, the oldest first, if all of them together are too large, but never the newest', () => {
    const folder = fresh()
    for (const run of names)
      for (const log of [recorder([folder])]) {
        for (const event of events(run)) log.take(event)
        log.close()
      }
    const [, second = '', newest = ''] = names.map((name) => `${name}.jsonl`)
    const { size } = statSync(join(folder, newest))
    pruneRuns(folder, 50, new Date(), size * 2)
    assert.deepEqual(readdirSync(folder).sort(), [second, newest])
    pruneRuns(folder, 50, new Date(), 1)
    assert.deepEqual(readdirSync(folder), [newest])
  })

  test('is not written if none are kept', () => {
    const folder = fresh()
    const log = recorder([folder], 0)
    for (const event of events(names[0] ?? '')) log.take(event)
    assert.deepEqual(log.close(), [])
    assert.throws(() => readdirSync(folder), /ENOENT/)
  })
})

test('logs are kept beside the first inventory that is a file or folder, otherwise in the state folder', () => {
  const world = { workingDirectory: '/w', home: '/home/ann', environment: {} }
  const key = (folder: string): string => sha256Of(folder).slice(0, 12)
  assert.deepEqual(runFolders(['web,', 'fleet/hosts.yml'], world), [
    '/w/fleet/.gpuplay/runs',
    `/home/ann/.local/state/gpuplay/${key('/w/fleet')}/runs`,
  ])
  const environment = { XDG_STATE_HOME: '/state' }
  assert.deepEqual(runFolders(['/etc/fleet'], { ...world, environment }), [
    '/etc/.gpuplay/runs',
    `/state/gpuplay/${key('/etc')}/runs`,
  ])
  assert.deepEqual(runFolders(['web,'], world), [`/home/ann/.local/state/gpuplay/${key('/w')}/runs`])
})

for (const [words, shown] of [
  [['run', 'site.yml', '-C', '-l', 'web & db'], "gpuplay run site.yml -C -l 'web & db'"],
  [['run', 'a.yml', '-e', 'token=abc other=1'], 'gpuplay run a.yml -e token=...'],
  [['run', 'a.yml', '-Ce', '{"token": "abc"}'], 'gpuplay run a.yml -Ce ...'],
  [
    ['run', 'a.yml', '--extra-vars=token=abc', '-e', '@v.yml'],
    'gpuplay run a.yml --extra-vars=token=... -e @v.yml',
  ],
] as const) {
  test(`the command ${words.join(' ')} is shown without values of variables`, () => {
    assert.equal(shownCommand(words), shown)
  })
}
