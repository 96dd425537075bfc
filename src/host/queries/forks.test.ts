/** The cost of questions on the host, in processes. The counts are exact, so that tests can assert them. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { localConnection } from '../../connection/local.ts'
import { openShell } from '../../connection/open-shell.ts'
import { testEffects } from '../../connection/testing/test-effects.ts'
import { cannotCount, countingCommand, forksOf } from '../../connection/testing/forks.ts'
import { shellKinds } from '../../connection/testing/shells.ts'
import { type Batcher, createBatcher } from '../batch.ts'
import { type Scratch, scratch } from '../testing/scratch.ts'
import { ask } from './ask.ts'
import * as files from './file-queries.ts'
import { realpath } from './realpath.ts'
import * as system from './system-queries.ts'

const { signal } = new AbortController()

function named(dir: Scratch, word: string, count: number): readonly string[] {
  const paths = Array.from({ length: count }, (_, index) => dir.path(`${word} ${index}`))
  for (const path of paths) writeFileSync(path, `${path}\n`)
  return paths
}

const asked: readonly {
  readonly what: string
  readonly most: number
  readonly send: (batcher: Batcher, dir: Scratch) => readonly Promise<unknown>[]
}[] = [
  {
    what: '20 stats, 10 texts, 5 hashes, 3 packages and 2 units',
    most: 7,
    send: (batcher, dir) => [
      ...named(dir, 'stat', 20).map((path) => batcher.query(files.stat, path)),
      ...named(dir, 'text', 10).map((path) => batcher.query(files.text, path)),
      ...named(dir, 'hash', 5).map((path) => batcher.query(files.hash, path)),
      ...['dpkg', 'bash', 'no-such'].map((name) => batcher.query(system.dpkg, name)),
      // Without systemd they cannot be read here, which costs the same.
      ...['ssh.service', 'cron.service'].map((name) =>
        batcher.query(system.unit, name).catch(() => undefined),
      ),
    ],
  },
  {
    what: 'where four paths lead that are no links',
    most: 1,
    send: (batcher, dir) => named(dir, 'plain', 4).map((path) => batcher.query(realpath, path)),
  },
  {
    what: 'one text',
    most: 2,
    send: (batcher, dir) => named(dir, 'text', 1).map((path) => batcher.query(files.text, path)),
  },
  {
    what: 'four lists, four kernel modules, four programs and the kernel',
    most: 1,
    send: (batcher, dir) => [
      ...['a', 'b', 'c', 'd'].map((name) => {
        mkdirSync(dir.path(name))
        return batcher.query(files.list, dir.path(name))
      }),
      ...['loop', 'nvidia', 'overlay', 'kvm'].map((name) => batcher.query(system.kernelModule, name)),
      ...['sh', 'cat', 'nvidia-smi', 'pct'].map((name) => batcher.query(system.command, name)),
      batcher.query(system.kernel, null),
    ],
  },
  {
    what: 'a fact in /proc beside three texts',
    most: 4,
    send: (batcher, dir) =>
      [...named(dir, 'text', 3), '/proc/sys/kernel/hostname'].map((path) => batcher.query(files.text, path)),
  },
  {
    what: 'two programs that only read',
    most: 5,
    send: (batcher) =>
      [
        ['uname', '-m'],
        ['uname', '-r'],
      ].map((argv) => batcher.query(ask, { argv, timeout: 10_000, promised: false })),
  },
]

for (const { name, command, skip } of shellKinds.filter(({ name }) => name !== 'busybox')) {
  describe(`on ${name}`, { skip: skip || cannotCount }, () => {
    for (const { what, most, send } of asked) {
      test(`${what}: ${most} processes`, async () => {
        using dir = scratch()
        const connection = localConnection(testEffects())
        const shell = await openShell(connection, {
          signal,
          command: countingCommand(command.slice('exec '.length)),
        })
        try {
          const batcher = createBatcher({
            hostName: 'here',
            shell: async () => shell,
            signal,
            nonce: () => '0123456789abcdef0123456789abcdef',
          })
          assert.equal(await forksOf(shell, () => Promise.all(send(batcher, dir))), most)
        } finally {
          await shell.close()
          await connection.close()
        }
      })
    }
  })
}
