/** The script around `apt-get update`, run by a real shell with stand-ins for apt. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Purpose, updateLists } from './lists.ts'

const everything: Purpose = { kind: 'everything' }
const kmod: Purpose = { kind: 'packages', names: ['kmod', 'libkmod2'] }
const cuda: Purpose = { kind: 'repository', url: 'https://gpu.example/repos/debian12/x86_64' }
const cudaList = 'gpu.example_repos_debian12_x86%5f64_Packages.lz4'

interface Apt {
  /** Exit status of apt-get. */
  readonly status: number
  readonly offers?: readonly string[]
  /** Names in /var/lib/apt/lists. */
  readonly lists?: readonly string[]
}

interface Updated {
  readonly status: number | null
  /** Names of the stamps that were touched. */
  readonly stamps: readonly string[]
}

function update(purpose: Purpose, { status, offers = [], lists = [] }: Apt): Updated {
  const root = mkdtempSync(join(tmpdir(), 'gpuplay-lists-'))
  try {
    const programs = join(root, 'bin')
    mkdirSync(programs)
    mkdirSync(join(root, 'lists'))
    for (const name of lists) writeFileSync(join(root, 'lists', name), '')
    const shown = ['kmod', 'libkmod2'].map(
      (name) => `'show ${name}') exit ${offers.includes(name) ? 0 : 100};;`,
    )
    writeFileSync(
      join(programs, 'apt-get'),
      `#!/bin/sh\nfor last; do :; done; [ "$last" = update ] || exit 3\nexit ${status}\n`,
    )
    writeFileSync(
      join(programs, 'apt-cache'),
      `#!/bin/sh\ncase "$*" in ${shown.join(' ')} *) exit 3;; esac\n`,
    )
    execFileSync('chmod', ['+x', join(programs, 'apt-get'), join(programs, 'apt-cache')])
    const [program = '', ...words] = updateLists({ lockTimeout: 1, proxy: '' }, purpose).argv
    const result = spawnSync(
      program,
      words.map((word) => word.replaceAll('/var/lib/apt', root)),
      { env: { PATH: `${programs}:/usr/bin:/bin` } },
    )
    const stamps = ['update-success-stamp', 'update-stamp'].filter((name) =>
      existsSync(join(root, 'periodic', name)),
    )
    return { status: result.status, stamps }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

test('a complete update is recorded as such, whatever it is for', () => {
  for (const purpose of [everything, kmod, cuda])
    assert.deepEqual(update(purpose, { status: 0 }), { status: 0, stamps: ['update-success-stamp'] })
})

test('an update of everything fails with the first list that cannot be downloaded', () => {
  const offers = ['kmod', 'libkmod2']
  assert.deepEqual(update(everything, { status: 100, offers }), { status: 100, stamps: [] })
})

test('a foreign repository may fail if apt offers the packages, but the update does not count as complete', () => {
  const tolerated = { status: 0, stamps: ['update-stamp'] }
  assert.deepEqual(update(kmod, { status: 100, offers: ['kmod', 'libkmod2'] }), tolerated)
  assert.deepEqual(update(cuda, { status: 100, lists: [cudaList] }), tolerated)
})

test("the update fails with apt's status if what it is for is missing", () => {
  const failed = { status: 100, stamps: [] }
  assert.deepEqual(update(kmod, { status: 100, offers: ['kmod'] }), failed)
  assert.deepEqual(update(cuda, { status: 100, lists: ['gpu.example_other_Packages'] }), failed)
})

test('a signal is not a repository that does not answer', () => {
  assert.deepEqual(update(cuda, { status: 143, lists: [cudaList] }), { status: 143, stamps: [] })
})
