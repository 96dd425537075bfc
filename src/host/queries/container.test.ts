/** Containers as seen by their node, in a mount namespace with the test's /etc/pve and /proc/net/unix. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { HostError } from '../../base/errors.ts'
import { localConnection } from '../../connection/local.ts'
import { openShell } from '../../connection/open-shell.ts'
import { testEffects } from '../../connection/testing/test-effects.ts'
import { forksOf } from '../../connection/testing/forks.ts'
import { exited, usual } from '../../connection/testing/shells.ts'
import type { ContainerStatus } from '../host.ts'
import { type Batcher, createBatcher } from '../batch.ts'
import { scratch } from '../testing/scratch.ts'
import { container } from './container-query.ts'

const namespace = 'unshare -mpf'
const skip =
  spawnSync(`${namespace} mount -t tmpfs none /etc`, { shell: true }).status === 0
    ? false
    : 'this user or kernel does not allow a mount namespace'

interface Node {
  readonly batcher: Batcher
  /** Runs a script on the node. */
  run(script: string): Promise<void>
  forks(work: () => Promise<unknown>): Promise<number>
  close(): Promise<void>
}

async function openNode(environment: string): Promise<Node> {
  const connection = localConnection(testEffects())
  const shell = await openShell(connection, {
    signal: usual.signal,
    command: `${environment}; exec ${namespace} sh -c 'mount -t tmpfs none /etc && mount -t tmpfs none /proc && exec sh'`,
  })
  const { signal } = usual
  const nonce = (): string => '0123456789abcdef0123456789abcdef'
  return {
    batcher: createBatcher({ hostName: 'pve1', shell: async () => shell, signal, nonce }),
    async run(script) {
      assert.equal(exited(await shell.run(script, usual)).code, 0)
    },
    forks: (work) => forksOf(shell, work),
    async close() {
      await shell.close()
      await connection.close()
    },
  }
}

/** A line of /proc/net/unix for the abstract socket on which liblxc listens while the container runs. */
function socket(path: string): string {
  return `0000000000000000: 00000002 00000000 00010000 0001 01 12345 @${path}`
}

test(
  'containers of a node are read together: running, stopped, absent, and without a node',
  { skip },
  async () => {
    using dir = scratch()
    const own = '/var/lib/lxc'
    const info = `[ "$1 $2 $3 $5 $6" = "-P ${own} -n -p -H" ] && echo "7$4"`
    writeFileSync(dir.path('lxc-info'), `#!/bin/sh\n${info}\n`)
    chmodSync(dir.path('lxc-info'), 0o755)
    const sockets = [
      'Num       RefCount Protocol Flags    Type St Inode Path',
      '0000000000000000: 00000002 00000000 00010000 0005 01 1 /run/udev/control',
      '0000000000000000: 00000003 00000000 00000000 0001 03 2',
      socket(`${own}/1902/command`),
      // Any user of the node can create such a socket.
      socket(`x ${own}/904/command`),
      socket(`${own}/901/command`),
      socket(`${own}/903/command`),
    ]
    const node = await openNode(`PATH=${dir.directory}:$PATH`)
    try {
      const ask = (...ctids: readonly string[]): Promise<readonly (ContainerStatus | undefined)[]> =>
        Promise.all(ctids.map((ctid) => node.batcher.query(container, ctid)))
      await assert.rejects(ask('901', '902'), (error: unknown) => {
        assert.ok(error instanceof HostError)
        return /cannot read container 901: \/etc\/pve does not exist/.test(error.message)
      })
      await node.run(`mkdir -p /etc/pve/lxc /proc/net && printf '%s\\n' '${sockets.join("' '")}' >/proc/net/unix && cd /etc/pve/lxc
for c in 901 902 903 904; do printf 'hostname: c%s\n\n[snap]\n' $c >$c.conf; done; : >905.conf`)
      const config = (ctid: string): string => `hostname: c${ctid}\n\n[snap]\n`
      const running = (ctid: string): ContainerStatus => ({
        status: 'running',
        config: config(ctid),
        pid: Number(`7${ctid}`),
      })
      const stopped = (ctid: string): ContainerStatus => ({
        status: 'stopped',
        config: config(ctid),
        pid: undefined,
      })
      assert.deepEqual(await ask('901'), [running('901')])
      assert.deepEqual(await ask('902'), [stopped('902')])
      assert.deepEqual(await ask('909'), [undefined])
      assert.deepEqual(await ask('901', '909', '902', '903', '904', '905'), [
        running('901'),
        undefined,
        stopped('902'),
        running('903'),
        stopped('904'),
        { status: 'stopped', config: '', pid: undefined },
      ])
      await node.run(String.raw`printf 'a\n#caf\351\n' >/etc/pve/lxc/906.conf`)
      const lossy = { status: 'stopped', config: 'a\n#caf\u{fffd}\n', pid: undefined, lossyLine: 2 } as const
      assert.deepEqual(await ask('906'), [lossy])
      assert.deepEqual(await ask('902', '906'), [stopped('902'), lossy])
      // The frame, stat and head, and a program for the PID of each running container.
      assert.equal(await node.forks(() => ask('901', '902', '903', '904')), 5)
      assert.equal(await node.forks(() => ask('902')), 2)
      assert.equal(await node.forks(() => ask('901')), 3)
    } finally {
      await node.close()
    }
  },
)
