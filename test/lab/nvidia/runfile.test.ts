import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { sharedLibrary } from './elf.ts'
import { readManifest } from './manifest.ts'
import { buildRunfile } from './runfile.ts'

describe('a .run file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gpuplay-runfile-test-'))
  const file = join(directory, 'a.run')
  const sh = (...argv: readonly string[]) =>
    spawnSync('sh', [file, ...argv], { cwd: directory, encoding: 'utf8' })

  before(() => buildRunfile('580.95.05', file))
  after(() => rmSync(directory, { recursive: true }))

  test('is the same every time', async () => {
    await buildRunfile('580.95.05', join(directory, 'b.run'))
    assert.deepEqual(readFileSync(join(directory, 'b.run')), readFileSync(file))
  })

  test('reports its version and a valid checksum', () => {
    assert.match(
      sh('--info').stdout,
      /^Identification: NVIDIA Accelerated Graphics Driver for Linux-x86_64 580\.95\.05\n/,
    )
    assert.deepEqual([sh('--check').status, sh('--check').stdout], [0, 'Verifying archive integrity... OK\n'])
  })

  test('unpacks itself in the working directory, with all files of its manifest', () => {
    const unpacked = sh('-x')
    assert.equal(unpacked.status, 0)
    assert.match(unpacked.stdout, /^Creating directory NVIDIA-Linux-x86_64-580\.95\.05$/m)
    const place = join(directory, 'NVIDIA-Linux-x86_64-580.95.05')
    const manifest = readManifest(place)
    assert.equal(manifest?.version, '580.95.05')
    const names = readdirSync(place)
    for (const { name } of manifest?.files ?? []) assert.ok(names.includes(name), name)
  })

  test('is refused if it is truncated', () => {
    const cut = join(directory, 'cut.run')
    execFileSync('cp', [file, cut])
    truncateSync(cut, readFileSync(file).length - 10)
    const refused = spawnSync('sh', [cut, '--check'], { encoding: 'utf8' })
    assert.equal(refused.status, 1)
    assert.match(refused.stderr, /^Error in MD5 checksums: [0-9a-f]{32} is different from [0-9a-f]{32}$/m)
  })
})

test('a library has the name that the dynamic linker expects', () => {
  const library = sharedLibrary('libcuda.so.1')
  assert.equal(library.subarray(0, 4).toString('latin1'), '\x7fELF')
  assert.ok(library.includes('\0libcuda.so.1\0'))
})
