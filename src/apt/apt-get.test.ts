import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { aptGet, dpkg } from './apt-get.ts'

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
    dpkg(['-i', 'x.deb'], settings, { ...common, files }).argv
  assert.deepEqual(words('kept'), ['dpkg', '--force-confdef', '--force-confold', '-i', 'x.deb'])
  assert.deepEqual(words('replaced'), ['dpkg', '--force-confnew', '--force-confmiss', '-i', 'x.deb'])
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
