import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Ajv } from 'ajv'
import { program, scratchFolder } from '../../connection/testing/programs.ts'
import { statusOutputSchema } from '../../modules/gpu-verify/gpu-status.ts'
import { gpuplay } from '../testing/command-line.ts'

/** This machine has no NVIDIA driver; nothing listens on the port of the other node. */
const inventory = `all:
  children:
    nodes:
      hosts:
        here: { connection: local }
        down: { address: 127.0.0.1, port: 1 }
    containers:
      hosts:
        web: { node: down, ctid: 101, gpu_assignment: '0' }
`

describe('gpuplay status', () => {
  const folder = scratchFolder()
  const file = join(folder, 'inventory', 'hosts.yml')
  // The machine of a test may lack systemd.
  program(folder, 'systemctl', 'echo LoadState=not-found')
  mkdirSync(join(folder, 'inventory'))
  mkdirSync(join(folder, 'group_vars'))
  const status = (...words: readonly string[]): ReturnType<typeof gpuplay> => {
    writeFileSync(file, inventory)
    writeFileSync(join(folder, 'group_vars', 'nodes.yml'), "nvidia_driver_version: '580.95.05'\n")
    return gpuplay(folder, ['status', '-i', file, ...words])
  }

  test('hosts that do not answer are rows, with the cause and the fix, and the others are shown', async () => {
    const { exitCode, output, errors } = await status()
    assert.equal(exitCode, 8, output + errors)
    const lines = output.split('\n')
    assert.match(lines[0] ?? '', /^NODE\/CT +WANTED +LOADED +USER +CUDA +GPUS +UUID +STATE$/)
    assert.match(lines[1] ?? '', /^down .* UNREACHABLE$/)
    assert.match(lines[2] ?? '', /^ {2}web 101 .* UNREACHABLE$/)
    assert.match(lines[3] ?? '', /^here +580\.95\.05 +- .* PROBLEM no NVIDIA driver is loaded$/)
    assert.equal(lines[4], '3 problems')
    assert.match(output, /\n\ndown\n 1 down cannot be reached\n {3}cause {2}.*127\.0\.0\.1.*\n {3}fix {4}/)
    assert.match(
      output,
      /\n\nweb 101\n 1 web cannot be reached\n {3}cause {2}its node down failed\n {3}fix {4}fix down, then run again\n/,
    )
    assert.match(
      output,
      /\n\nhere\n 1 no NVIDIA driver is loaded\n {3}cause {2}no driver is installed\n {3}fix {4}gpuplay run nodes\.yml -i \S+hosts\.yml -l here\n/,
    )
    assert.equal(errors, '')
  })

  test('its JSON matches schemas/status.json', async () => {
    const { exitCode, output } = await status('--output', 'json')
    assert.equal(exitCode, 8)
    const told: { readonly hosts: readonly { readonly host: string; readonly state: string }[] } =
      JSON.parse(output)
    const valid = new Ajv({ allowUnionTypes: true }).compile(statusOutputSchema)
    assert.equal(valid(told), true, JSON.stringify(valid.errors))
    assert.deepEqual(
      told.hosts.map(({ host, state }) => [host, state]),
      [
        ['down', 'unreachable'],
        ['web', 'unreachable'],
        ['here', 'problem'],
      ],
    )
    const generated: unknown = JSON.parse(
      readFileSync(join(import.meta.dirname, '../../../schemas/status.json'), 'utf8'),
    )
    assert.deepEqual(generated, statusOutputSchema)
  })

  test('a limit leaves hosts out, and the variables beside the playbooks of this folder apply', async () => {
    const { output } = await status('-l', 'here', '--output', 'json')
    const told: { readonly hosts: readonly { readonly host: string; readonly wanted: string }[] } =
      JSON.parse(output)
    assert.deepEqual(
      told.hosts.map(({ host, wanted }) => [host, wanted]),
      [['here', '580.95.05']],
    )
  })

  for (const [words, sentence] of [
    [['--output', 'jsonl'], /--output cannot be "jsonl"\n +help: did you mean "json"\?/],
    [['--check'], /"gpuplay status" has no option --check\n +help: leave it out: status changes nothing/],
    [['pve1'], /unexpected argument "pve1"\n +help: see "gpuplay status --help"/],
    [['-l', 'nobody'], /"nobody"/],
  ] as const) {
    test(`refuses ${words.join(' ')}`, async () => {
      const { exitCode, errors } = await status(...words)
      assert.equal(exitCode, 2)
      assert.match(errors, sentence)
    })
  }

  test('a host whose answers cannot be read is a row with the reason', async () => {
    program(folder, 'systemctl', 'echo "Failed to connect to bus" >&2; exit 1')
    const { exitCode, output } = await status('-l', 'here')
    program(folder, 'systemctl', 'echo LoadState=not-found')
    assert.equal(exitCode, 8)
    assert.match(output, /^here .* PROBLEM cannot read the unit \S+: Failed to connect to bus$/m)
    assert.match(output, /\n {3}fix {4}the host must run systemd/)
  })

  test('silent hosts are waited for at the same time, and an interruption shows the others', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
    const address = server.address()
    const port = address === null || typeof address === 'string' ? 0 : address.port
    const key = join(folder, 'key')
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    const silent = Array.from(
      { length: 30 },
      (_, index) =>
        `        s${index}: { address: 127.0.0.${index + 2}, port: ${port}, private_key: ${key} }\n`,
    )
    const path = join(folder, 'silent.yml')
    writeFileSync(path, inventory.replace(/ +down: .*\n/, silent.join('')).replace('node: down', 'node: s0'))
    try {
      const begun = performance.now()
      const words = ['status', '-i', path, '--output', 'json', '--connect-timeout', '1']
      const { exitCode, output } = await gpuplay(folder, words)
      assert.equal(exitCode, 8)
      assert.equal(output.match(/"unreachable"/g)?.length, 31)
      const took = performance.now() - begun
      assert.ok(took < 10_000, `${took} ms`)
      const stop = new AbortController()
      setTimeout(() => stop.abort(new Error('interrupted')), 5000)
      const cut = await gpuplay(folder, [...words.slice(0, -1), '60'], undefined, stop.signal)
      assert.equal(cut.exitCode, 130)
      assert.equal(cut.errors, 'interrupted: hosts that had not answered yet are missing\n')
      assert.deepEqual(cut.output.match(/"host": "\w+"/g), ['"host": "here"'])
    } finally {
      server.close()
    }
  })

  test('an inventory without nodes and containers is a mistake', async () => {
    const { exitCode, errors } = await gpuplay(folder, ['status', '-i', 'localhost,'])
    assert.equal(exitCode, 2)
    assert.match(errors, /the inventory has no hosts in the groups nodes and containers/)
  })
})
