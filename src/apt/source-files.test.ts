import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { addFile, fakeHost, fakeWorld } from '../modules/testing/fake-host.ts'
import {
  disableEntries,
  parseSources,
  readSources,
  renderSources,
  sameRepository,
  type SourceEntry,
} from './source-files.ts'

const word = fc.stringMatching(/^[a-z0-9][a-z0-9./_-]{0,8}$/)
const entry: fc.Arbitrary<SourceEntry> = fc.record({
  types: fc.constantFrom(['deb'], ['deb', 'deb-src']),
  uris: fc.array(
    word.map((name) => `https://${name}/x`),
    { minLength: 1, maxLength: 2 },
  ),
  suites: fc.array(word, { minLength: 1, maxLength: 2 }),
  components: fc.array(word, { maxLength: 2 }),
  architectures: fc.array(fc.constantFrom('amd64', 'arm64'), { maxLength: 2 }),
  signedBy: fc.option(fc.constant('/etc/apt/keyrings/x.asc'), { nil: undefined }),
})

function plain({ types, uris, suites, components, architectures, signedBy }: SourceEntry): SourceEntry {
  return { types, uris, suites, components, architectures, signedBy }
}

test('a deb822 entry is read back as it was written, an armored key included', () => {
  const key = fc.constantFrom('-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQINBF\n=ab\n-----END-----', undefined)
  fc.assert(
    fc.property(entry, key, (given, armored) => {
      const whole = { ...given, signedBy: armored ?? given.signedBy }
      assert.deepEqual(parseSources(renderSources(whole, 'deb822'), 'deb822').map(plain), [whole])
    }),
  )
})

test('one-line entries say together what was written', () => {
  fc.assert(
    fc.property(entry, (given) => {
      const read = parseSources(renderSources(given, 'list'), 'list').map(plain)
      const expected = given.types.flatMap((type) =>
        given.uris.flatMap((uri) =>
          given.suites.map((suite) => ({ ...given, types: [type], uris: [uri], suites: [suite] })),
        ),
      )
      assert.deepEqual(read, expected)
    }),
  )
})

test('disabling entries leaves the others, and every other byte', () => {
  const text = `# my notes\ndeb [arch=amd64 signed-by=/k] http://a/ s main # why\n\ndeb http://b s main\n`
  const [first] = parseSources(text, 'list')
  assert.ok(first)
  const after = disableEntries(text, 'list', [first])
  assert.equal(after, text.replace('deb [', '# Disabled by gpuplay: deb ['))
  assert.deepEqual(
    parseSources(after, 'list').map(({ uris }) => uris),
    [['http://b']],
  )
})

test('a disabled stanza is not read any more, its neighbours are', () => {
  const text = `Types: deb\nURIs: http://a\nSuites: s\nEnabled: yes\n\n# next\nTypes: deb\nURIs: http://b\nSuites: s\n`
  const [first] = parseSources(text, 'deb822')
  assert.ok(first)
  const after = disableEntries(text, 'deb822', [first])
  assert.deepEqual(
    parseSources(after, 'deb822').map(({ uris }) => uris),
    [['http://b']],
  )
  assert.ok(after.endsWith('\n\n# next\nTypes: deb\nURIs: http://b\nSuites: s\n'))
})

test('two ways to write one repository are the same, other suites are not', () => {
  const make = (uri: string, suite: string): SourceEntry => ({
    types: ['deb'],
    uris: [uri],
    suites: [suite],
    components: [],
    architectures: [],
    signedBy: undefined,
  })
  assert.ok(sameRepository(make('http://a/x/', '/'), make('https://a/x', '/')))
  assert.ok(!sameRepository(make('http://a/x', 's'), make('http://a/x', 't')))
})

test('only files that apt reads are read, in both formats', async () => {
  const world = fakeWorld()
  const read = [
    '/etc/apt/sources.list',
    '/etc/apt/sources.list.d/a.list',
    '/etc/apt/sources.list.d/b-1.sources',
  ]
  for (const path of read) addFile(world, path, path)
  for (const name of ['a.list.bak', '.hidden.list', 'with space.list', 'c~.sources', 'd.list.gpuplay-1'])
    addFile(world, `/etc/apt/sources.list.d/${name}`, 'deb http://ignored s main')
  assert.deepEqual(
    [...(await readSources(fakeHost(world)))],
    read.map((path) => [path, path]),
  )
})
