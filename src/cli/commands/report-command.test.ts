import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { ReportData } from '../../view/report/report-data.ts'
import { gpuplay } from '../testing/command-line.ts'
import { recordedProject } from '../testing/recorded-project.ts'

const playbook = `- hosts: here
  gather_facts: false
  tasks:
    - name: Say it
      debug: { msg: '</script> the word is {{admin_password}}' }
    - name: Break
      fail: { msg: it is broken }
      when: broken == "yes"
`

function dataIn(path: string): ReportData {
  const html = readFileSync(path, 'utf8')
  const [, json = ''] = /<script type="application\/json" id="data">([^<]*)<\/script>/.exec(html) ?? []
  const data: ReportData = JSON.parse(json)
  return data
}

describe('gpuplay report', () => {
  const { folder, inventory, run } = recordedProject(playbook)
  const file = join(folder, 'report.html')
  const report = (...words: readonly string[]): ReturnType<typeof gpuplay> =>
    gpuplay(folder, ['report', '-i', inventory, ...words])

  test('says so if no run is recorded', async () => {
    const { exitCode, errors } = await report('-o', file)
    assert.equal(exitCode, 2)
    assert.match(errors, /^error: no run is recorded for this inventory\n +help: name the inventory/)
  })

  test('writes the last run, compared with the run before of its kind, without secrets', async () => {
    await run()
    await run('--check')
    await run('-e', 'broken=yes')
    const { exitCode, output, errors } = await report('-o', file)
    assert.deepEqual([exitCode, output], [0, ''])
    assert.match(errors, /^the report of \S+ is in .*report\.html\n$/)
    const data = dataIn(file)
    assert.deepEqual([data.state, data.check], ['failed', false])
    assert.deepEqual(
      data.tasks.map(({ name }) => name),
      ['Say it', 'Break'],
    )
    assert.deepEqual(
      data.failures.map(({ host, task, message }) => [host, task, message]),
      [['here', 'Break', 'it is broken']],
    )
    const [first] = readdirSync(join(folder, 'fleet', '.gpuplay', 'runs')).sort()
    assert.equal(`${data.before?.run ?? ''}.jsonl`, first)
    assert.doesNotMatch(readFileSync(file, 'utf8'), /opensesame/)
  })

  test('writes the run that the beginning of an ID names', async () => {
    const [first = ''] = readdirSync(join(folder, 'fleet', '.gpuplay', 'runs')).sort()
    const { exitCode } = await report(first.replace('.jsonl', ''), '-o', file)
    assert.equal(exitCode, 0)
    const { state, before } = dataIn(file)
    assert.deepEqual([state, before], ['succeeded', undefined])
  })

  for (const [words, sentence] of [
    [[], /^error: no file was given for the report\n +help: add -o FILE/],
    [['-o', '/none/report.html'], /^error: cannot write \/none\/report\.html: /],
    [['2', '-o', file], /^error: no run with the ID "2" is recorded\n/],
    [['-o', file, '-l', 'web'], /has no option -l\n +help: leave it out: a report has all hosts of its run/],
  ] as const) {
    test(`refuses ${words.join(' ')}`, async () => {
      const { exitCode, errors } = await report(...words)
      assert.equal(exitCode, 2)
      assert.match(errors, sentence)
    })
  }
})
