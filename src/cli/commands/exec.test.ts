import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fakeSudo, program, scratch } from '../../connection/testing/programs.ts'
import { execute } from '../execute.ts'

interface Ended {
  readonly exitCode: number
  readonly output: string
  readonly errors: string
  readonly questions: readonly string[]
}

/** A command line, with a person who types this when asked. */
async function gpuplay(folder: string, words: readonly string[], typed: string | undefined): Promise<Ended> {
  const written = { output: '', errors: '' }
  const questions: string[] = []
  const stream = (name: keyof typeof written) => ({
    write: (text: string) => void (written[name] += text),
    isTerminal: false,
  })
  const exitCode = await execute(words, {
    world: {
      now: () => new Date(0),
      clock: () => performance.now(),
      sleep: (milliseconds, signal) => delay(milliseconds, undefined, { signal }),
      randomHex: (bytes) => '0'.repeat(bytes * 2),
      environment: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, HOME: folder },
      home: folder,
      userName: 'ann',
      hostName: 'controller',
      pid: process.pid,
      workingDirectory: folder,
    },
    version: '0.0.0',
    shipped: folder,
    output: stream('output'),
    errors: stream('errors'),
    signal: new AbortController().signal,
    quit: new AbortController().signal,
    async askSecret(question) {
      questions.push(question)
      return typed
    },
    killGroup: () => undefined,
  })
  return { exitCode, ...written, questions }
}

const asRoot = ['exec', '-i', 'localhost,', '-b', '-K', 'localhost', '--', 'sh', '-c', 'echo "$SUDO_USER"']

describe('exec as root by a password', () => {
  /** This machine as somebody who needs the password of `fakeSudo` to become root. */
  const folder = scratch()
  program(folder, 'sudo', fakeSudo)
  program(folder, 'id', `[ "$1" = -un ] && { echo ann; exit; }\nexec /usr/bin/id "$@"`)

  test('the password that was typed for sudo is asked for once and used', async () => {
    const { exitCode, output, questions } = await gpuplay(folder, asRoot, 'correct horse')
    assert.deepEqual(
      [exitCode, output, questions],
      [0, 'localhost | exit 0\n  root\n', ['Password for sudo: ']],
    )
    assert.equal(readFileSync(join(folder, 'asked'), 'utf8'), 'asked\n')
  })

  test('and it is not shown, whatever a program says of it', async () => {
    const { output } = await gpuplay(
      folder,
      [...asRoot.slice(0, -3), 'echo', 'the correct horse'],
      'correct horse',
    )
    assert.equal(output, 'localhost | exit 0\n  the (secret)\n')
  })

  test('without a terminal nobody can be asked, and no host is reached', async () => {
    const { exitCode, output, errors } = await gpuplay(folder, asRoot, undefined)
    assert.deepEqual([exitCode, output], [2, ''])
    assert.match(errors, /the password for sudo cannot be asked for: there is no terminal/)
  })
})
