import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sh } from '../base/shell.ts'
import { aptGet, aptGetUpdate, dpkg } from './apt-get.ts'

const settings = { lockTimeout: 7, proxy: 'http://p:1' }
const common = { label: 'x', effects: [] }

test('apt-get never asks, waits for the lock, tries downloads again, uses the proxy and keeps changed configuration files', () => {
  const run = aptGet(['install', 'jq'], settings, common)
  assert.deepEqual(run.argv, [
    'apt-get',
    '-y',
    '-o',
    'DPkg::Lock::Timeout=7',
    '-o',
    'Acquire::Retries=3',
    '-o',
    'Acquire::http::Proxy=http://p:1',
    '-o',
    'Acquire::https::Proxy=http://p:1',
    '-o',
    'Dpkg::Options::=--force-confdef',
    '-o',
    'Dpkg::Options::=--force-confold',
    'install',
    'jq',
  ])
  assert.deepEqual(run.lock, { kind: 'dpkg', timeout: 7 })
  assert.deepEqual(run.environment, {
    DEBIAN_FRONTEND: 'noninteractive',
    LC_ALL: 'C',
    NEEDRESTART_SUSPEND: '1',
  })
})

test('dpkg keeps changed configuration files, or replaces them', () => {
  const words = (files: 'kept' | 'replaced'): readonly string[] =>
    dpkg(['-i', 'x.deb'], settings, { ...common, files }).argv.slice(4)
  assert.deepEqual(words('kept'), ['dpkg', '--force-confdef', '--force-confold', '-i', 'x.deb'])
  assert.deepEqual(words('replaced'), ['dpkg', '--force-confnew', '--force-confmiss', '-i', 'x.deb'])
})

test('dpkg and apt-get update wait for a lock that another package manager has, and only for that', () => {
  const attempts = (
    said: string,
    lockTimeout = 9,
  ): { readonly calls: number; readonly status: number | null } => {
    const folder = mkdtempSync(join(tmpdir(), 'gpuplay-dpkg-'))
    const program = `#!/bin/sh\necho x >>${folder}/calls\n[ "$(wc -l <${folder}/calls)" -lt 2 ] || exit 0\necho "${said}" >&2\nexit 2\n`
    writeFileSync(join(folder, 'dpkg'), program, { mode: 0o755 })
    const { argv } = dpkg(['-i', 'x.deb'], { ...settings, lockTimeout }, { ...common, files: 'kept' })
    const [shell = '', ...words] = argv
    const { status } = spawnSync(shell, words, { env: { PATH: `${folder}:/usr/bin:/bin` } })
    const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n').length
    rmSync(folder, { recursive: true })
    return { calls, status }
  }
  const locked = 'dpkg: error: dpkg frontend lock was locked by another process with pid 17'
  assert.deepEqual(attempts(locked), { calls: 2, status: 0 })
  assert.deepEqual(attempts(locked, 0), { calls: 1, status: 2 })
  assert.deepEqual(attempts('dpkg: error: something else'), { calls: 1, status: 2 })
  const update = aptGetUpdate(sh`gp_patiently apt-get "$@"`, settings, common).argv
  assert.match(update[2] ?? '', /^gp_patiently\(\) \{[^]*\ngp_patiently apt-get "\$@"$/)
})

test('a detached run is attached to only if it does the same work', () => {
  const fingerprint = (words: readonly string[], detached: readonly string[]): string | undefined =>
    aptGet(words, settings, { ...common, detached }).detached?.fingerprint
  assert.equal(fingerprint(['install', 'jq'], ['a']), fingerprint(['install', 'jq'], ['a']))
  assert.notEqual(fingerprint(['install', 'jq'], ['a']), fingerprint(['install', 'jq'], ['b']))
  assert.notEqual(fingerprint(['install', 'jq'], ['a']), fingerprint(['install', 'nvtop'], ['a']))
})

test('no other code builds a command line of apt-get, or parses its sources', () => {
  const source = join(import.meta.dirname, '..')
  const own = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => {
    if (!name.endsWith('.ts') || /\.test\.ts$|(?:^|\/)testing\//.test(name)) return false
    return /DEBIAN_FRONTEND|'apt-get'|Acquire::|^.*\(deb\|deb-src\).*$/m.test(
      readFileSync(join(source, name), 'utf8'),
    )
  })
  // The question is the simulation.
  assert.deepEqual(own.sort(), [
    'apt/apt-get.ts',
    'apt/source-files.ts',
    'host/question.ts',
    'host/questions/packages.ts',
  ])
})
