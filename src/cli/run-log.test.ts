import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { sha256Of } from '../host/content.ts'
import { scratchFolder } from '../connection/testing/programs.ts'
import { finished, numbered, started } from '../view/testing/sample-events.ts'
import { runFolders } from './run-folders.ts'
import { createRunLog } from './run-log.ts'
import { shownCommand } from './shown-command.ts'

const names = ['20260101T000000Z-aaaaaa', '20260102T000000Z-bbbbbb', '20260103T000000Z-cccccc']

function events(run: string): ReturnType<typeof numbered> {
  return numbered([started(['pve1']), finished()]).map((event) => ({ ...event, run }))
}

describe('the log of a run', () => {
  const scratch = scratchFolder()
  let count = 0
  const fresh = (): string => join(scratch, `${(count += 1)}`, '.gpuplay', 'runs')

  test('has each event as soon as it happens, only for its owner, and outside repositories', () => {
    const folder = fresh()
    const log = createRunLog({ folders: [folder], keep: 50 })
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
    const log = createRunLog({ folders: [folder, other], keep: 50 })
    for (const event of events('20260101T000000Z-aaaaaa')) log.take(event)
    assert.deepEqual(log.close(), [])
    assert.deepEqual(readdirSync(other), ['20260101T000000Z-aaaaaa.jsonl'])
  })

  test('is missed if no folder can be written, and the run goes on', () => {
    const folder = fresh()
    mkdirSync(join(folder, '..', '..'))
    writeFileSync(join(folder, '..'), 'a file')
    const log = createRunLog({ folders: [folder], keep: 50 })
    for (const event of events('20260101T000000Z-aaaaaa')) log.take(event)
    assert.deepEqual(log.close(), [`this run is not recorded: cannot write ${folder}: not a directory`])
  })

  test('replaces the oldest ones, and no other files', () => {
    const folder = fresh()
    for (const run of names) {
      const log = createRunLog({ folders: [folder], keep: 2 })
      for (const event of events(run)) log.take(event)
      log.close()
      writeFileSync(join(folder, 'notes.jsonl'), '')
    }
    assert.deepEqual(readdirSync(folder).sort(), [`${names[1]}.jsonl`, `${names[2]}.jsonl`, 'notes.jsonl'])
  })

  test('is not written if none are kept', () => {
    const folder = fresh()
    const log = createRunLog({ folders: [folder], keep: 0 })
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
