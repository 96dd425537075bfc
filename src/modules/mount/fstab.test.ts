import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { entriesFor, type FstabEntry, withEntry } from './fstab.ts'

const data: FstabEntry = {
  src: 'UUID=1',
  path: '/data',
  fstype: 'ext4',
  opts: 'defaults',
  dump: 0,
  passno: 2,
}
const line = 'UUID=1 /data ext4 defaults 0 2\n'

for (const [says, text, wanted, after] of [
  ['is added', '# c\n/dev/sda1 / ext4 defaults 0 1', data, `# c\n/dev/sda1 / ext4 defaults 0 1\n${line}`],
  [
    'is kept in any layout',
    'UUID=1\t/data/  ext4 defaults 0 2\n',
    data,
    'UUID=1\t/data/  ext4 defaults 0 2\n',
  ],
  ['is changed', `/dev/sdb /data xfs\nproc /proc proc\n`, data, `${line}proc /proc proc\n`],
  ['is removed', `#/dev/sdb /data xfs\n${line}`, undefined, '#/dev/sdb /data xfs\n'],
] as const) {
  test(`an entry ${says}`, () => assert.equal(withEntry(text, '/data', wanted), after))
}

test('spaces and backslashes are written as octal numbers', () => {
  const entry = { ...data, src: '//server/a b', path: '/mnt/a\\b' }
  const text = withEntry('', entry.path, entry)
  assert.equal(text, '//server/a\\040b /mnt/a\\134b ext4 defaults 0 2\n')
  assert.deepEqual(entriesFor(text, '/mnt/a\\b'), [entry])
})

test('law: a second edit changes nothing', () => {
  const other = fc.constantFrom(line, '/dev/sdb /data xfs\n', '# /data\n', '\n', 'proc /proc proc defaults\n')
  fc.assert(
    fc.property(fc.array(other, { maxLength: 5 }), fc.constantFrom(data, undefined), (lines, wanted) => {
      const once = withEntry(lines.join(''), '/data', wanted)
      assert.equal(withEntry(once, '/data', wanted), once)
    }),
  )
})
