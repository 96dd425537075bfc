import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerName } from './names.ts'

const addresses = { 'download.proxmox.com': '10.77.0.1' }

function query(name: string, type: number): Buffer {
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)])
  return Buffer.concat([
    Buffer.from([0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ...labels,
    Buffer.from([0, 0, type, 0, 1]),
  ])
}

test('a known name resolves to its address, in upper and lower case', () => {
  const reply = answerName(query('Download.Proxmox.com', 1), addresses) ?? Buffer.alloc(0)
  assert.equal(reply.readUInt16BE(0), 0xabcd)
  assert.equal(reply.readUInt16BE(2), 0x8580)
  assert.equal(reply.readUInt16BE(6), 1)
  assert.deepEqual([...reply.subarray(-4)], [10, 77, 0, 1])
})

test('a known name has no IPv6 address, and an unknown one does not exist', () => {
  const six = answerName(query('download.proxmox.com', 28), addresses) ?? Buffer.alloc(0)
  assert.equal(six.readUInt16BE(2) & 15, 0)
  assert.equal(six.readUInt16BE(6), 0)
  const unknown = answerName(query('example.org', 1), addresses) ?? Buffer.alloc(0)
  assert.equal(unknown.readUInt16BE(2) & 15, 3)
})

test('a truncated packet gets no answer', () => {
  assert.equal(answerName(query('example.org', 1).subarray(0, 18), addresses), undefined)
})
