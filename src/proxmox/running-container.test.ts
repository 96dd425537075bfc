/** What a node reads of a container's files: a hostile root inside plants links, and none of them is followed. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Host } from '../host/host.ts'
import { reading } from '../host/testing/reading.ts'
import { scratch } from '../host/testing/scratch.ts'
import { containerDevices } from './running-container.ts'

/** A process whose root is this directory, like the first process of a container. */
async function rootedIn(directory: string): Promise<ChildProcess & { readonly pid: number }> {
  const code = 'chroot $ARGV[0] or die; chdir "/"; $| = 1; print "x"; sleep 600'
  const child = spawn('perl', ['-e', code, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const { pid } = child
  assert.ok(pid !== undefined)
  return Object.assign(child, { pid })
}

/** The host, with a mount table that lists these paths for every process. */
function mounting(host: Host, paths: readonly string[]): Host {
  const table = paths.map((path) => `1 2 0:5 / ${path} rw - tmpfs none rw\n`).join('')
  const own: Host = Object.create(host, { text: { value: async () => table } })
  return own
}

const why = process.getuid?.() === 0 ? false : 'only root can change the root of a process'

test('a node reads the devices of a container, and follows none of its links', { skip: why }, async () => {
  using dir = scratch()
  const [root, outside] = [dir.path('root'), dir.path('outside')]
  mkdirSync(join(root, 'dev'), { recursive: true })
  mkdirSync(outside)
  const bait = (name: string): void =>
    void execFileSync('mknod', ['-m', '0600', join(outside, name), 'c', '1', '3'])
  for (const name of ['nvidia0', 'nvidia1', 'nvidia-cap1']) bait(name)
  const at = (name: string): string => join(root, 'dev', name)
  execFileSync('mknod', ['-m', '0666', at('nvidia0'), 'c', '195', '0'])
  symlinkSync(join(outside, 'nvidia1'), at('nvidia1'))
  mkdirSync(at('dri/by-path'), { recursive: true })
  execFileSync('mknod', ['-m', '0660', at('dri/renderD128'), 'c', '226', '128'])
  symlinkSync(join(outside, 'nvidia1'), at('dri/card0'))
  symlinkSync(outside, at('nvidia-caps'))
  execFileSync('mkfifo', [at('nvidia2')])
  writeFileSync(at('nvidia3 is\nodd'), '')
  const child = await rootedIn(root)
  try {
    const names = [
      'nvidia0',
      'nvidia1',
      'nvidia2',
      'nvidia4',
      'nvidia-caps/nvidia-cap1',
      'dri/renderD128',
      'dri/card0',
    ].map((name) => `/dev/${name}`)
    const host = mounting(reading().reader.view(), names)
    const kinds = async (): Promise<readonly unknown[]> =>
      (await containerDevices(host, child.pid)).map(({ status }) => [
        status?.kind,
        status?.major,
        status?.mode,
      ])
    const nothing = [undefined, undefined, undefined]
    assert.deepEqual(await kinds(), [
      ['character', 195, '0666'],
      ['link', undefined, '0777'],
      ['fifo', undefined, '0644'],
      nothing,
      nothing,
      ['character', 226, '0660'],
      ['link', undefined, '0777'],
    ])
    // The whole directory becomes a link.
    renameSync(join(root, 'dev'), join(root, 'moved'))
    symlinkSync(outside, join(root, 'dev'))
    assert.deepEqual(
      (await containerDevices(mounting(reading().reader.view(), names), child.pid)).map(
        ({ status }) => status,
      ),
      names.map(() => undefined),
    )
  } finally {
    child.kill()
  }
})
