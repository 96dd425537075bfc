import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRequest, readdirReply, reply } from './fuse.ts'

test('a listing continues at the end of the previous answer', () => {
  const entries = Array.from({ length: 50 }, (_, index) => ({
    name: `${index}.conf`,
    inode: index + 10,
    type: 0o100_000,
  }))
  const names: string[] = []
  for (let offset = 0; ;) {
    const answer = readdirReply(entries, offset, 200)
    if (answer.length === 0) break
    for (let at = 0; at < answer.length;) {
      const length = answer.readUInt32LE(at + 16)
      names.push(answer.subarray(at + 24, at + 24 + length).toString())
      offset = Number(answer.readBigUInt64LE(at + 8))
      at += Math.ceil((24 + length) / 8) * 8
    }
  }
  assert.deepEqual(
    names,
    entries.map(({ name }) => name),
  )
})

test('a reply contains the number of its request, its length and a negative errno', () => {
  const bytes = reply(77n, 2, Buffer.from('abc'))
  assert.deepEqual([bytes.readUInt32LE(0), bytes.readInt32LE(4), bytes.readBigUInt64LE(8)], [19, -2, 77n])
})

test('a request is its header and body, up to the stated length', () => {
  const bytes = Buffer.alloc(60)
  bytes.writeUInt32LE(44, 0)
  bytes.writeUInt32LE(1, 4)
  bytes.writeBigUInt64LE(9n, 8)
  bytes.writeBigUInt64LE(5n, 16)
  bytes.write('lxc\0', 40)
  assert.deepEqual(readRequest(bytes), { opcode: 1, unique: 9n, inode: 5, body: Buffer.from('lxc\0') })
})
