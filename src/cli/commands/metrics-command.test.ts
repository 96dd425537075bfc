import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { program, scratchFolder } from '../../connection/testing/programs.ts'
import { gpuplay } from '../testing/command-line.ts'

/** This machine has no NVIDIA driver; nothing listens on the port of the other node. */
const inventory = `all:
  children:
    nodes:
      hosts:
        here: { connection: local, nvidia_driver_version: '580.95.05' }
        down: { address: 127.0.0.1, port: 1 }
    containers:
      hosts:
        web: { node: down, ctid: 101, gpu_assignment: '0' }
`

describe('gpuplay metrics', () => {
  const folder = scratchFolder()
  const file = join(folder, 'inventory', 'hosts.yml')
  const playbook = join(folder, 'site.yml')
  // The machine of a test may lack systemd.
  program(folder, 'systemctl', 'echo LoadState=not-found')
  mkdirSync(join(folder, 'inventory'))
  writeFileSync(file, inventory)
  writeFileSync(
    playbook,
    `- hosts: here
  gather_facts: false
  tasks: [{ name: Break, fail: { msg: no }, when: '!defined(fixed)' }]
`,
  )
  symlinkSync('elsewhere.prom', join(folder, 'link.prom'))
  const type = (command: string, ...words: readonly string[]): ReturnType<typeof gpuplay> =>
    gpuplay(folder, [command, '-i', file, ...words])

  test('has the hosts and states of gpuplay status, and succeeds although something is off', async () => {
    const { exitCode, output, errors } = await type('metrics')
    assert.deepEqual([exitCode, errors], [0, ''])
    const shown = [...output.matchAll(/^gpuplay_host_state_info\{host="(\w+)".*,state="([\w-]+)"\} 1$/gm)]
    const status: {
      readonly hosts: readonly {
        readonly host: string
        readonly state: string
        readonly findings: readonly unknown[]
      }[]
    } = JSON.parse((await type('status', '--output', 'json')).output)
    assert.deepEqual(
      shown.map(([, host, state]) => `${host} ${state}`),
      status.hosts.map(({ host, state }) => `${host} ${state}`),
    )
    for (const { host, findings } of status.hosts)
      assert.match(
        output,
        new RegExp(`^gpuplay_host_findings\\{host="${host}".*\\} ${findings.length}$`, 'm'),
      )
    assert.match(output, /^gpuplay_build_info\{version="0\.0\.0"\} 1$/m)
    assert.match(output, /^gpuplay_driver_wanted_info\{host="here",version="580\.95\.05"\} 1$/m)
    assert.match(output, /^gpuplay_host_reachable\{host="web",node="down",ctid="101"\} 0$/m)
    assert.doesNotMatch(output, /last_run/)
    for (const line of output.trimEnd().split('\n'))
      assert.match(line, /^# (HELP|TYPE) gpuplay_\w+ \S|^gpuplay_\w+\{[^\n]*\} [\d.]+$/)
  })

  test('has the time and the exit code of the last run and dry run, and not those of its own dry run', async () => {
    assert.equal((await type('run', playbook, '-e', 'fixed=true')).exitCode, 0)
    assert.equal((await type('run', playbook)).exitCode, 7)
    const real = (await type('metrics', '-l', 'here')).output
    assert.match(real, /^gpuplay_last_run_start_timestamp_seconds\{check="false"\} 0$/m)
    assert.match(real, /^gpuplay_last_run_exit_code\{check="false"\} 7$/m)
    assert.doesNotMatch(real, /check="true"|host="web"/)
    assert.equal((await type('run', playbook, '--check', '-e', 'fixed=true')).exitCode, 0)
    const both = (await type('metrics', '-l', 'here')).output
    assert.match(both, /^gpuplay_last_run_exit_code\{check="false"\} 7\n.*\{check="true"\} 0$/m)
  })

  test('--output replaces a file, which has what is otherwise printed', async () => {
    const target = join(folder, 'collector')
    mkdirSync(target)
    writeFileSync(join(target, 'gpuplay.prom'), 'old\n')
    const { exitCode, output, errors } = await type(
      'metrics',
      '-l',
      'here',
      '--output',
      'collector/gpuplay.prom',
    )
    assert.deepEqual([exitCode, output, errors], [0, '', ''])
    assert.deepEqual(readdirSync(target), ['gpuplay.prom'])
    assert.equal(
      readFileSync(join(target, 'gpuplay.prom'), 'utf8'),
      (await type('metrics', '-l', 'here')).output,
    )
  })

  test('an interruption keeps the old file', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = address === null || typeof address === 'string' ? 0 : address.port
    const silent = join(folder, 'silent.yml')
    writeFileSync(silent, inventory.replace('port: 1 ', `port: ${port}, password: none `))
    const path = join(folder, 'kept.prom')
    writeFileSync(path, 'old\n')
    const stop = new AbortController()
    setTimeout(() => stop.abort(new Error('interrupted')), 500)
    try {
      const words = ['metrics', '-i', silent, '--output', path, '--connect-timeout', '60']
      const { exitCode, errors } = await gpuplay(folder, words, undefined, stop.signal)
      assert.deepEqual([exitCode, errors], [130, 'interrupted: no metrics were written\n'])
      assert.equal(readFileSync(path, 'utf8'), 'old\n')
    } finally {
      server.close()
    }
  })

  for (const [words, sentence] of [
    // Not /dev/null: without the check, the test would replace it.
    [['--output', 'link.prom'], /^error: cannot write link\.prom: it is not a regular file\n +help: /],
    [['--output', 'none/x.prom'], /^error: cannot write none\/x\.prom: no such file or directory\n/],
    [['--check'], /has no option --check\n +help: leave it out: metrics changes nothing/],
    [['-l', 'nobody'], /"nobody"/],
  ] as const) {
    test(`refuses ${words.join(' ')}`, async () => {
      const { exitCode, output, errors } = await type('metrics', ...words)
      assert.deepEqual([exitCode, output], [2, ''])
      assert.match(errors, sentence)
    })
  }
})
