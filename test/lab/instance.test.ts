import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instance, network, overlaps } from './instance.ts'
import { topology } from './topology.ts'

test('networks of different labs do not overlap', () => {
  const ranges = Array.from({ length: 64 }, (_, slot) => ({ address: network(slot).internet, prefix: 20 }))
  ranges.forEach((one, index) => {
    ranges.forEach((other, position) => assert.equal(overlaps(one, other), index === position))
  })
})

test('a route overlaps a range if one contains the other; a default route overlaps none', () => {
  const range = { address: '10.77.0.1', prefix: 20 }
  assert.equal(overlaps(range, { address: '10.0.0.0', prefix: 8 }), true)
  assert.equal(overlaps(range, { address: '10.77.15.9', prefix: 32 }), true)
  assert.equal(overlaps(range, { address: '10.77.16.0', prefix: 20 }), false)
  assert.equal(overlaps(range, { address: '0.0.0.0', prefix: 0 }), false)
})

test('the name of a lab is short and simple, because it becomes a path and a cgroup', () => {
  assert.equal(instance('a-1').cgroup, 'gpuplay-lab-a-1')
  assert.throws(() => instance('../x'), /cannot be the name of a lab/)
})

test('every second node numbers its GPUs in the reverse order of their addresses, and every GPU has its own identity', () => {
  const { nodes } = topology(network(0), { nodes: 3, gpusPerNode: 4, containers: 2 })
  assert.deepEqual(
    nodes.map((node) => node.gpus.map((gpu) => gpu.minor)),
    [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [0, 1, 2, 3],
    ],
  )
  const uuids = nodes.flatMap((node) => node.gpus.map((gpu) => gpu.uuid))
  assert.equal(new Set(uuids).size, 12)
  for (const uuid of uuids) assert.match(uuid, /^GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  const pci = nodes.flatMap((node) => node.gpus.map((gpu) => gpu.pci))
  for (const address of pci) assert.match(address, /^0000:[0-9a-f]{2}:00\.0$/)
  assert.deepEqual(
    nodes.flatMap((node) => node.containers.map((container) => container.ctid)),
    [101, 102, 201, 202, 301, 302],
  )
})

test('a test may change nodes before they are created', () => {
  const { nodes } = topology(network(0), { adjust: (node) => ({ ...node, pveVersion: '8.0.4' }) })
  assert.deepEqual(
    nodes.map((node) => node.pveVersion),
    ['8.0.4', '8.0.4'],
  )
})

test('refuses an invalid number of nodes', () => {
  assert.throws(() => topology(network(0), { nodes: 0 }), /nodes must be a whole number from 1 to 200, not 0/)
  assert.throws(() => topology(network(0), { nodes: Number.NaN }), /not NaN/)
})
