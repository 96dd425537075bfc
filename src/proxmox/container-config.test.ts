import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { defined } from '../base/defined.ts'
import {
  type ConfigSection,
  editContainerConfig,
  parseContainerConfig,
  rewriteContainerConfig,
} from './container-config.ts'

const recorded = join(import.meta.dirname, '../../test/data/pve-conf')
const names = readdirSync(recorded)
  .filter((name) => name.endsWith('.conf'))
  .map((name) => name.slice(0, -'.conf'.length))
const input = (name: string): string => readFileSync(join(recorded, `${name}.conf`), 'utf8')

interface Recording {
  readonly error: null
  readonly parsed: Readonly<Record<string, unknown>>
  readonly rewritten: string
  readonly warnings: readonly string[]
}

describe("Proxmox's recorded answers", () => {
  for (const name of names) {
    test(`${name}.conf is read, warned about and rewritten like by Proxmox`, () => {
      const wanted: Recording = JSON.parse(readFileSync(join(recorded, `${name}.json`), 'utf8'))
      const config = parseContainerConfig(input(name))
      assert.deepEqual(
        config.warnings.map(({ message }) => `vm 101 - ${message}`),
        wanted.warnings,
      )
      assert.equal(rewriteContainerConfig(config), wanted.rewritten)
      const { pending, snapshots, ...current } = wanted.parsed
      assert.deepEqual(plain(config.current), texts(current))
      assert.deepEqual(plain(config.pending), texts(pending))
      assert.deepEqual(
        Object.fromEntries([...config.snapshots].map(([key, section]) => [key, plain(section)])),
        texts(snapshots),
      )
    })
  }

  test('the recordings are not empty', () => assert.ok(names.length > 90))
})

/** A section in the format of the recordings. */
function plain(section: ConfigSection): unknown {
  const environment = section.lxc.filter(({ key }) => key === 'lxc.environment.runtime')
  const others = section.lxc.filter(({ key }) => key !== 'lxc.environment.runtime')
  return {
    ...Object.fromEntries(section.settings),
    ...defined({
      description: section.description === '' ? undefined : section.description,
      env: environment.length === 0 ? undefined : environment.map(({ value }) => value).join('\0'),
      lxc: others.length === 0 ? undefined : others.map(({ key, value }) => [key, value]),
    }),
  }
}

/** Converts numbers of the recordings back to their texts. */
function texts(value: unknown): unknown {
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) return value.map(texts)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, texts(item)]))
}

const anyConfig = fc.oneof(
  fc.constantFrom(...names).map(input),
  fc
    .array(fc.constantFrom(...names.flatMap((name) => input(name).split('\n'))))
    .map((lines) => lines.join('\n')),
  fc.string({ unit: fc.constantFrom(...'[]#:=% .,\r\n\tabdevlxc0159é'.split('')) }),
)

describe('rewriting', () => {
  test('a second rewriting changes nothing', () => {
    fc.assert(
      fc.property(anyConfig, (text) => {
        const once = rewriteContainerConfig(parseContainerConfig(text))
        assert.equal(rewriteContainerConfig(parseContainerConfig(once)), once)
      }),
    )
  })
})

describe('editing', () => {
  const nothing = { remove: () => false, add: [] }

  test('an edit without changes keeps every byte', () => {
    fc.assert(fc.property(anyConfig, (text) => assert.equal(editContainerConfig(text, nothing), text)))
  })

  test('a line that is added and removed again leaves the file unchanged, except for a missing final newline', () => {
    fc.assert(
      fc.property(anyConfig, (text) => {
        const line = 'lxc.mount.entry: /dev/lab dev/lab none bind,optional,create=file 0 0'
        const added = editContainerConfig(text, { remove: () => false, add: [line] })
        const marks = (value: string): boolean => value.startsWith('/dev/lab dev/lab')
        assert.equal(parseContainerConfig(added).current.lxc.filter(({ value }) => marks(value)).length, 1)
        const back = editContainerConfig(added, { remove: ({ value }) => marks(value), add: [] })
        assert.ok(back === text || back === `${text}\n`, JSON.stringify({ text, back }))
      }),
    )
  })

  test('an edit never changes pending changes or snapshots', () => {
    fc.assert(
      fc.property(anyConfig, (text) => {
        const before = parseContainerConfig(text)
        const after = parseContainerConfig(
          editContainerConfig(text, { remove: () => true, add: ['dev9: /dev/null'] }),
        )
        const values = (section: ConfigSection): unknown => [
          section.description,
          [...section.settings],
          plain(section),
        ]
        assert.deepEqual(values(after.pending), values(before.pending))
        assert.deepEqual(
          [...after.snapshots].map(([name, section]) => [name, values(section)]),
          [...before.snapshots].map(([name, section]) => [name, values(section)]),
        )
        assert.deepEqual([...after.current.settings], [['dev9', '/dev/null']])
        assert.equal(after.current.description, before.current.description)
      }),
    )
  })

  test('a line is added before the first section and its blank line', () => {
    const text = 'arch: amd64\n\n[before]\narch: amd64\n'
    assert.equal(
      editContainerConfig(text, { remove: () => false, add: ['dev0: /dev/nvidia0'] }),
      'arch: amd64\ndev0: /dev/nvidia0\n\n[before]\narch: amd64\n',
    )
  })

  test('in a file without a final newline, a new line is not appended to the last one', () => {
    assert.equal(
      editContainerConfig('rootfs: local:1/x.raw,size=4G', {
        remove: () => false,
        add: ['dev0: /dev/nvidia0'],
      }),
      'rootfs: local:1/x.raw,size=4G\ndev0: /dev/nvidia0\n',
    )
  })

  test('a line that Proxmox would discard is refused', () => {
    assert.throws(() => editContainerConfig('', { remove: () => false, add: ['lxc.mount.entry = /dev/x'] }))
    assert.throws(() => editContainerConfig('', { remove: () => false, add: ['dev0: a\ndev1: b'] }))
  })
})
