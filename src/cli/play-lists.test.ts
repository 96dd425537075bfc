/** Options of `gpuplay run` that list plays and run nothing, and the hosts of a run. */
import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { scratchFolder } from '../connection/testing/programs.ts'
import { gpuplay } from './testing/command-line.ts'

const folder = scratchFolder()
const site = join(folder, 'site.yml')
const hosts = join(folder, 'hosts.yml')
writeFileSync(
  hosts,
  `all:
  vars: { connection: local }
  children:
    nodes: { hosts: { pve1: {}, pve2: {} } }
    web: { hosts: { web1: { broken: true } } }
`,
)
writeFileSync(
  site,
  `- name: Prepare the nodes
  hosts: nodes
  tasks:
    - { name: Install, debug: { msg: x }, tags: [driver, slow] }
    - { name: Check, debug: { msg: x } }
- hosts: web
  tasks:
    - { name: Serve, debug: { msg: x }, tags: [web] }
    - { name: Break, fail: { msg: no }, when: 'default(broken, false) && !defined(fixed)' }
`,
)
const run = (...words: readonly string[]): ReturnType<typeof gpuplay> =>
  gpuplay(folder, ['run', site, '-i', hosts, ...words])

describe('gpuplay run', () => {
  test('a list says where tasks may change the hosts of a play', async () => {
    const grouping = join(folder, 'grouping.yml')
    writeFileSync(
      grouping,
      '- { hosts: nodes, tasks: [{ group_by: { key: big } }] }\n- { hosts: big, after: node, tasks: [] }\n',
    )
    const listed = await gpuplay(folder, ['run', grouping, '-i', hosts, '--list-hosts'])
    assert.equal(
      listed.output,
      'PLAY nodes\n  hosts: 2\n    pve1\n    pve2\n\nPLAY big\n  hosts: 0, before group_by and add_host\n',
    )
    const graph = await gpuplay(folder, ['graph', grouping])
    assert.match(graph.output, /p1 ==>\|"all hosts"\| p2/)
  })

  for (const [words, expected] of [
    [
      ['--list-hosts'],
      `PLAY Prepare the nodes  (nodes)
  hosts: 2
    pve1
    pve2

PLAY web
  hosts: 1
    web1
`,
    ],
    [
      ['--list-tasks', '--skip-tags', 'web'],
      `PLAY Prepare the nodes  (nodes)
  tasks: 2
    Install  [driver, slow]
    Check

PLAY web
  tasks: 1
    Break
`,
    ],
    [
      ['--list-tags', '--list-hosts', '-l', 'pve2'],
      `PLAY Prepare the nodes  (nodes)
  hosts: 1
    pve2
  tags: driver, slow

PLAY web
  hosts: 0
  tags: web
`,
    ],
    [
      ['--list-tasks', '--start-at-task', 'Serve'],
      `PLAY Prepare the nodes  (nodes)
  tasks: 0

PLAY web
  tasks: 2
    Serve  [web]
    Break
`,
    ],
    [['--syntax-check'], `no mistakes found: ${site}\n`],
  ] as const) {
    test(`${words.join(' ')} connects to no host and asks for no password`, async () => {
      const ended = await run(...words, '-K', '-k', '-c', 'ssh')
      assert.deepEqual(ended, { exitCode: 0, output: expected, errors: '', questions: [] })
    })
  }

  test('--list-tasks --list-tags with --output jsonl prints an object for each play', async () => {
    const { output } = await run('--list-tasks', '--list-tags', '--output', 'jsonl', '-l', 'web1')
    assert.deepEqual(
      output
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line): unknown => JSON.parse(line)),
      [
        {
          v: 1,
          play: 'web',
          pattern: 'web',
          tasks: [
            { name: 'Serve', module: 'debug', tags: ['web'] },
            { name: 'Break', module: 'fail', tags: [] },
          ],
          tags: ['web'],
        },
      ],
    )
  })

  test('--syntax-check reports all mistakes', async () => {
    const broken = join(folder, 'broken.yml')
    writeFileSync(broken, '- hosts: all\n  tasks: [{ cpoy: {} }, { debug: { msg: "{{ nope }}" } }]\n')
    const { exitCode, errors } = await gpuplay(folder, ['run', broken, '-i', hosts, '--syntax-check'])
    assert.equal(exitCode, 2)
    assert.match(errors, /\n2 problems; no host was contacted/)
  })

  test('--step with a list is refused, because a list runs no tasks', async () => {
    const { exitCode, errors } = await run('--step', '--list-tasks')
    assert.match(errors, /^error: --step has no effect with --list-tasks, which runs no tasks\n/)
    assert.equal(exitCode, 2)
  })
})

describe('gpuplay run --rerun-failed', () => {
  const hostsOf = (output: string): readonly string[] => {
    const [first = ''] = output.split('\n')
    const started: { readonly hosts: readonly string[] } = JSON.parse(first)
    return started.hosts
  }

  test('needs a recorded run of the same playbooks that changes hosts', async () => {
    await run('--check')
    const { exitCode, errors } = await run('--rerun-failed')
    assert.equal(exitCode, 2)
    assert.match(errors, /^error: no run of these playbooks that changes hosts is recorded/)
  })

  test('runs only where the last run failed, within --limit', async () => {
    assert.equal((await run()).exitCode, 7)
    const listed = await run('--rerun-failed', '--list-hosts')
    assert.match(listed.output, /hosts: 0\n[^]*hosts: 1\n {4}web1\n$/)
    const { errors } = await run('--rerun-failed', '-l', 'pve1')
    assert.match(
      errors,
      /^error: the hosts that failed in the last run are not in the inventory or not within/,
    )
    const again = await run('--rerun-failed', '-e', 'fixed=true', '--output', 'jsonl')
    assert.equal(again.exitCode, 0, again.errors)
    assert.deepEqual(hostsOf(again.output), ['web1'])
    const done = await run('--rerun-failed')
    assert.match(done.errors, /^error: the last run of these playbooks \(.*\) succeeded on all hosts\n/)
  })

  test('includes hosts that were left before their end', async () => {
    const stopping = join(folder, 'stopping.yml')
    writeFileSync(
      stopping,
      `- hosts: all
  serial: 1
  any_errors_fatal: true
  tasks: [{ name: Break, fail: { msg: no }, when: '!defined(fixed) && inventory_hostname == "pve2"' }]
`,
    )
    const stop = (...words: readonly string[]): ReturnType<typeof gpuplay> =>
      gpuplay(folder, ['run', stopping, '-i', hosts, ...words])
    assert.equal((await stop()).exitCode, 7)
    const again = await stop('--rerun-failed', '-e', 'fixed=true', '--output', 'jsonl')
    assert.deepEqual(hostsOf(again.output), ['pve2', 'web1'])
  })

  test('runs on all hosts of a run that was killed', async () => {
    const logs = join(folder, '.gpuplay', 'runs')
    assert.equal((await run('-e', 'fixed=true')).exitCode, 0)
    const last = readdirSync(logs).sort().at(-1) ?? ''
    const [first = ''] = (
      await gpuplay(folder, ['runs', '-i', hosts, 'show', last.slice(0, -6), '--output', 'jsonl'])
    ).output.split('\n')
    writeFileSync(join(logs, last), `${first}\n`)
    const again = await run('--rerun-failed', '-e', 'fixed=true', '--output', 'jsonl')
    assert.deepEqual(hostsOf(again.output), ['pve1', 'pve2', 'web1'])
  })
})
