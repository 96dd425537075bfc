/**
 * A remote side that violates the protocol, such as a broken or hostile container: the shell is lost, and no
 * caller waits forever.
 */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { ChannelEnd, Connection, RunOptions, Shell } from './connection.ts'
import { openShell } from './open-shell.ts'

const usual: RunOptions = { timeout: 120_000, signal: new AbortController().signal }

type Says = (stream: 'stdout' | 'stderr' | 'both', ...marks: readonly string[]) => void

interface Hostile {
  readonly shell: Shell
  readonly says: Says
  readonly killed: () => boolean
}

/** A shell that greets correctly (script 1, process 7), and then sends what the test provides. */
async function hostile(): Promise<Hostile> {
  const stdin = new PassThrough()
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() }
  let end: (end: ChannelEnd) => void = () => {}
  const ended = new Promise<ChannelEnd>((resolve) => {
    end = resolve
  })
  let killed = false
  let nonce = ''
  const says: Says = (stream, ...marks) => {
    for (const name of stream === 'both' ? (['stdout', 'stderr'] as const) : [stream])
      for (const mark of marks)
        streams[name].write(mark.startsWith('data ') ? mark.slice(5) : `\0${nonce} ${mark}\n`)
  }
  let sent = ''
  stdin.on('data', (chunk: Buffer) => {
    sent += chunk.toString()
    if (nonce !== '' || !sent.includes('__gpuplay_light 1 ')) return
    const [, first = '', second = ''] = /__gpuplay_a=([0-9a-f]+); __gpuplay_b=([0-9a-f]+)/.exec(sent) ?? []
    nonce = first + second
    says('both', 'B 1 8 9')
    says('stdout', 'data here\n7\n0\nboot\n')
    says('both', 'E 1 0')
  })
  const kill = (): void => {
    killed = true
    end({ kind: 'lost', why: 'killed' })
  }
  let opened = 0
  const connection: Connection = {
    kind: 'pct',
    async open() {
      opened += 1
      // The second channel, which would kill a script, finds a host that does not answer.
      if (opened > 1) throw new Error('no second channel')
      return { stdin, ...streams, ended, kill }
    },
    close: async () => kill(),
  }
  return { shell: await openShell(connection, usual), says, killed: () => killed }
}

const wrong: readonly (readonly [string, (says: Says) => void])[] = [
  ['C without E', (says) => says('both', 'B 2 0 0', 'C 2')],
  ['C without E on one stream', (says) => (says('both', 'B 2 0 0'), says('stderr', 'C 2'))],
  ['C before B', (says) => says('both', 'C 2')],
  ['E before B', (says) => says('both', 'E 2 0')],
  ['B twice', (says) => says('stdout', 'B 2 0 0', 'B 2 0 0')],
  ['E twice', (says) => says('stderr', 'B 2 0 0', 'E 2 0', 'E 2 0')],
  ['B of the next script before C', (says) => says('stdout', 'B 2 0 0', 'E 2 0', 'B 3 0 0')],
  ['the second script first', (says) => says('both', 'B 3 0 0', 'E 3 0', 'C 3')],
  ['a script that was never sent', (says) => says('both', 'B 9 0 0')],
  ['a script that was answered long ago', (says) => says('both', 'B 1 0 0', 'E 1 0', 'C 1')],
  [
    'C of a script that has none',
    (says) => says('stdout', 'B 2 0 0', 'E 2 0', 'C 2', 'B 3 0 0', 'E 3 0', 'C 3'),
  ],
  ['words of a script that has not begun', (says) => says('stdout', 'V 2 . early')],
  ['words on stderr', (says) => says('stderr', 'B 2 0 0', 'V 2 . words')],
  ['words of a script that was never sent', (says) => says('stdout', 'B 2 0 0', 'V 9 . words')],
]

for (const [name, say] of wrong) {
  test(`${name}: the shell is lost, and every script ends`, async () => {
    const { shell, says, killed } = await hostile()
    const said: string[] = []
    const options = { ...usual, onSay: (words: string) => said.push(words) }
    const running = Promise.all([
      shell.run('one', options),
      shell.run('two', { ...options, light: true }),
      shell.run('three', options),
    ])
    say(says)
    const replies = await running
    // Script 2 may have been answered correctly before the invalid mark, but not after it.
    assert.deepEqual(
      replies.map((reply) => reply.kind),
      ['lost', 'lost', 'lost'],
    )
    assert.deepEqual([shell.gone.aborted, killed(), said], [true, true, []])
    assert.equal((await shell.run('later', usual)).kind, 'lost')
  })
}

test('a script that is being killed is lost if the host does not answer the kill', async () => {
  const { shell, says } = await hostile()
  const controller = new AbortController()
  const running = shell.run('one', { ...usual, signal: controller.signal })
  says('both', 'B 2 10 9')
  await new Promise(setImmediate)
  controller.abort(new Error('enough'))
  says('both', 'E 2 0', 'C 2')
  await assert.rejects(running, /enough/)
  assert.equal(shell.gone.aborted, true)
})

test('endless output is truncated, and marks of any length are parsed', async () => {
  const { shell, says } = await hostile()
  const said: string[] = []
  const running = shell.run('one', { ...usual, onSay: (words) => said.push(words) })
  says('stdout', 'B 2 0 0')
  for (let part = 0; part < 100; part += 1) says('stdout', `V 2 + ${'x'.repeat(3000)}`)
  says('stdout', 'V 2 . end', 'V 2 . next', `V 2 . ${'y'.repeat(100_000)}`, 'E 2 0', 'C 2')
  says('stderr', 'B 2 0 0', 'E 2 0', 'C 2')
  assert.equal((await running).kind, 'exited')
  assert.deepEqual(
    said.map((words) => words.length),
    [64 * 1024, 4],
  )
  await shell.close()
})
