import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fakeSudo, program, scratchFolder } from '../../connection/testing/programs.ts'
import { gpuplay } from '../testing/command-line.ts'

const inventory = `all:
  hosts:
    here: { connection: local }
    down: { address: 127.0.0.1, port: 1 }
`

const asRoot = ['exec', '-i', 'localhost,', '-b', '-K', 'localhost', '--', 'sh', '-c', 'echo "$SUDO_USER"']

describe('exec as root by a password', () => {
  /** This machine as a user who needs the password of `fakeSudo` to become root. */
  const folder = scratchFolder()
  program(folder, 'sudo', fakeSudo)
  program(folder, 'id', `[ "$1" = -un ] && { echo ann; exit; }\nexec /usr/bin/id "$@"`)

  test('the sudo password is asked for once and used', async () => {
    const { exitCode, output, questions } = await gpuplay(folder, asRoot, 'correct horse')
    assert.deepEqual(
      [exitCode, output, questions],
      [0, 'localhost | exit 0\n  root\n', ['Password for sudo: ']],
    )
    assert.equal(readFileSync(join(folder, 'asked'), 'utf8'), 'asked\n')
  })

  test('the sudo password is not shown, even if a program prints it', async () => {
    const { output } = await gpuplay(
      folder,
      [...asRoot.slice(0, -3), 'echo', 'the correct horse'],
      'correct horse',
    )
    assert.equal(output, 'localhost | exit 0\n  the (secret)\n')
  })

  test('without a terminal the password cannot be asked for, and no host is contacted', async () => {
    const { exitCode, output, errors } = await gpuplay(folder, asRoot)
    assert.deepEqual([exitCode, output], [2, ''])
    assert.match(errors, /cannot ask for the sudo password: there is no terminal/)
  })
})

describe('what came of it', () => {
  const folder = scratchFolder()

  test('an unreachable host is reported with its problem, and the others answer', async () => {
    writeFileSync(join(folder, 'inventory.yml'), inventory)
    const words = ['exec', '-i', join(folder, 'inventory.yml'), 'all', '--', 'echo', 'hello']
    const { exitCode, output, errors } = await gpuplay(folder, words)
    assert.equal(output, 'here | exit 0\n  hello\n')
    assert.match(errors, /^down \| error: .*127\.0\.0\.1/)
    assert.equal(exitCode, 3)
  })

  test('a connection variable that cannot be read is a mistake only for the host, and for its containers', async () => {
    const path = join(folder, 'jinja.yml')
    writeFileSync(
      path,
      'all:\n  hosts:\n    here: { connection: local }\n    pve: { address: "{{ x | upper }}" }\n    web: { node: pve, ctid: 101 }\n',
    )
    const answers = await gpuplay(folder, ['exec', '-i', path, 'here', '--', 'echo', 'hello'])
    assert.deepEqual([answers.exitCode, answers.output], [0, 'here | exit 0\n  hello\n'], answers.errors)
    for (const host of ['pve', 'web', 'all']) {
      const words = ['exec', '-i', path, host, '--', 'touch', join(folder, 'ran')]
      const { exitCode, errors, output } = await gpuplay(folder, words)
      assert.deepEqual([exitCode, output, existsSync(join(folder, 'ran'))], [2, '', false])
      assert.match(errors, /jinja\.yml:4:\d+: error: .*\n(?:.*\n)*? +help: /)
    }
  })

  test('an interrupted program stops, and the exit code reports the interruption', async () => {
    const stop = new AbortController()
    setTimeout(() => stop.abort(new Error('interrupted')), 500)
    const words = ['exec', '-i', 'localhost,', 'localhost', '--', 'sleep', '30']
    const { exitCode, errors } = await gpuplay(folder, words, undefined, stop.signal)
    assert.deepEqual([exitCode, errors], [130, 'localhost | error: interrupted; the command was stopped\n'])
  })
})
