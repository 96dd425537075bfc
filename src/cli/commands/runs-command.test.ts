import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { gpuplay } from '../testing/command-line.ts'
import { recordedProject } from '../testing/recorded-project.ts'

const playbook = `- hosts: here
  gather_facts: false
  tasks:
    - name: Say it
      debug: { msg: 'the word is {{admin_password}}' }
    - name: Break
      fail: { msg: it is broken }
      when: broken == "yes"
`

describe('gpuplay runs', () => {
  const { folder, inventory, run } = recordedProject(playbook)
  const logs = join(folder, 'fleet', '.gpuplay', 'runs')
  const runs = (...words: readonly string[]): ReturnType<typeof gpuplay> =>
    gpuplay(folder, ['runs', '-i', inventory, ...words])

  test('says so if there is none', async () => {
    const { exitCode, output } = await runs()
    assert.deepEqual([exitCode, output], [0, 'no run is recorded for this inventory\n'])
  })

  test('lists runs and dry runs with their results, and shows each as it was, without secrets', async () => {
    const dry = await run('--check')
    const broken = await run('-e', 'broken=yes')
    assert.deepEqual([dry.exitCode, broken.exitCode, dry.errors], [0, 7, ''])
    const { output } = await runs()
    const [head = '', ...lines] = output.trimEnd().split('\n')
    assert.match(head, /^ID +WHEN +HOSTS +RESULT +COMMAND$/)
    assert.equal(lines.length, 2)
    assert.match(
      lines[0] ?? '',
      / here +dry run, nothing was changed: 0 would change +gpuplay run .* -e admin_password=\.\.\. --check$/,
    )
    assert.match(
      lines[1] ?? '',
      / here +failed on here: "Break" \(exit 7\) +gpuplay run .* -e broken=\.\.\.$/,
    )
    const files = readdirSync(logs).sort()
    for (const [index, live] of [dry, broken].entries()) {
      const [id = ''] = (lines[index] ?? '').split(' ')
      assert.equal(files[index], `${id}.jsonl`)
      assert.doesNotMatch(readFileSync(join(logs, `${id}.jsonl`), 'utf8'), /opensesame/)
      assert.equal((await runs('show', id)).output, live.output)
    }
  })

  test('shows as much of a killed run as was written', async () => {
    const [name = ''] = readdirSync(logs)
    const text = readFileSync(join(logs, name), 'utf8')
    writeFileSync(join(logs, name), text.slice(0, text.lastIndexOf('{"v":1') + 20))
    assert.match((await runs()).output, / not finished: killed, or still running +gpuplay run /m)
    const { output, errors } = await runs('show', name.replace('.jsonl', ''))
    assert.match(output, /^ok +here +Say it$/m)
    assert.equal(errors, 'not finished: killed, or still running\n')
  })

  test('prints the events for programs', async () => {
    const list = (await runs('--output', 'jsonl')).output.trimEnd().split('\n')
    const read: readonly {
      readonly run: string
      readonly check: boolean
      readonly exitCode: number | null
    }[] = list.map((line) => JSON.parse(line))
    assert.deepEqual(
      read.map(({ check, exitCode }) => [check, exitCode]),
      [
        [true, null],
        [false, 7],
      ],
    )
    const [, name = ''] = readdirSync(logs)
    const { output } = await runs('show', name.replace('.jsonl', ''), '--output', 'jsonl')
    assert.equal(output, readFileSync(join(logs, name), 'utf8'))
    const report = await runs('show', name.replace('.jsonl', ''), '--output', 'junit')
    assert.match(report.output, /<testsuite name="here" [^>]*failures="1"/)
    // What the run left on a terminal; this is none.
    const live = await runs('show', name.replace('.jsonl', ''), '--output', 'live')
    assert.equal(live.output, (await runs('show', name.replace('.jsonl', ''))).output)
  })

  test('compares two runs, host by host', async () => {
    const [dry = '', broken = ''] = readdirSync(logs).map((name) => name.replace('.jsonl', ''))
    const { exitCode, output, errors } = await runs('diff', dry, broken)
    assert.deepEqual([exitCode, errors], [0, ''])
    assert.match(
      output,
      /^ID +WHEN +HOSTS +RESULT +COMMAND\n.*killed, or still running.*\n.* failed on here: /,
    )
    assert.match(output, /\n\nhere\n {2}Break {2}skipped -> failed: it is broken\n$/)
    const same = await runs('diff', broken, broken)
    assert.match(same.output, /\n\nno difference on here\n$/)
    const lines = (await runs('diff', dry, broken, '--output', 'jsonl')).output.trimEnd().split('\n')
    const read: readonly {
      readonly v: number
      readonly host: string
      readonly tasks: readonly { readonly second?: { readonly outcome: string } }[]
    }[] = lines.map((line) => JSON.parse(line))
    assert.deepEqual(
      read.map(({ v, host, tasks }) => [v, host, tasks.map(({ second }) => second?.outcome)]),
      [[1, 'here', ['failed']]],
    )
    assert.equal((await runs('diff', broken, broken, '--output', 'jsonl')).output, '')
  })

  test('a log without a beginning cannot be compared', async () => {
    const [whole = ''] = readdirSync(logs)
    const name = '19700101T000000Z-ffffff'
    writeFileSync(join(logs, `${name}.jsonl`), '')
    const { exitCode, errors } = await runs('diff', whole.replace('.jsonl', ''), name)
    rmSync(join(logs, `${name}.jsonl`))
    assert.equal(exitCode, 2)
    assert.match(errors, /-ffffff\.jsonl has no beginning\n/)
  })

  for (const [words, sentence] of [
    [
      ['diff'],
      /^error: diff compares two runs\n +help: name both: gpuplay runs diff ID ID; see "gpuplay runs"/,
    ],
    [['diff', '1970'], /^error: diff compares two runs\n/],
    [['show'], /^error: show needs a run\n +help: name it: gpuplay runs show ID; see "gpuplay runs"/],
    [['--output', 'junit'], /^error: only one run has the form junit\n +help: use plain or jsonl/],
    [['diff', '2', '3'], /no run with the ID "2" is recorded/],
    [['1970'], /^error: unexpected argument "1970"\n +help: show a run with: gpuplay runs show 1970\n/],
    [['show', '1970', '1971'], /^error: unexpected argument "1971"\n +help: compare two runs with: gpuplay/],
    [
      ['diff', '1', '2', '3'],
      /^error: unexpected argument "3"\n +help: name two runs: gpuplay runs diff 1 2\n/,
    ],
    [['show', '2'], /no run with the ID "2" is recorded/],
    [
      ['show', '1970'],
      /the IDs of several runs begin with "1970"\n +help: type more of the ID, for example 19700101T000000Z-/,
    ],
    [['-l', 'web'], /has no option -l\n +help: leave it out: a log has all hosts of its run/],
  ] as const) {
    test(`refuses ${words.join(' ')}`, async () => {
      const { exitCode, errors } = await runs(...words)
      assert.equal(exitCode, 2)
      assert.match(errors, sentence)
    })
  }

  test('a place that cannot be read is a warning', async () => {
    mkdirSync(join(folder, 'third', '.gpuplay'), { recursive: true })
    writeFileSync(join(folder, 'third', '.gpuplay', 'runs'), 'a file')
    const hosts = join(folder, 'third', 'hosts.yml')
    writeFileSync(hosts, readFileSync(inventory))
    const { exitCode, output, errors } = await gpuplay(folder, ['runs', '-i', hosts])
    const place = join(folder, 'third', '.gpuplay', 'runs')
    assert.deepEqual(
      [exitCode, output, errors],
      [0, 'no run is recorded for this inventory\n', `warning: cannot read ${place}: not a directory\n`],
    )
  })

  test('without a place for logs, the run goes on with a warning', async () => {
    mkdirSync(join(folder, 'other'))
    writeFileSync(join(folder, 'other', 'hosts.yml'), readFileSync(inventory))
    writeFileSync(join(folder, 'other', '.gpuplay'), 'a file')
    writeFileSync(join(folder, '.local'), 'a file')
    const words = [
      'run',
      join(folder, 'site.yml'),
      '-i',
      join(folder, 'other', 'hosts.yml'),
      '-e',
      'admin_password=opensesame',
    ]
    const { exitCode, output, errors } = await gpuplay(folder, words)
    assert.equal(exitCode, 0, output)
    const place = join(folder, 'other', '.gpuplay', 'runs')
    assert.equal(errors, `warning: this run is not recorded: cannot write ${place}: not a directory\n`)
  })
})
