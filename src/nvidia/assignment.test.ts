import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAssignment, resolveAssignment } from './assignment.ts'
import { parseAssignmentNote } from './assignment-note.ts'
import { type NodeGpus, readNodeGpus } from './gpus.ts'
import { gpuHost } from './testing/gpu-host.ts'

const first = 'GPU-8f3c0000-5060-4c1e-a5b2-000001000000'
const second = 'GPU-8f3c0001-5060-4c1e-a5b2-000001000001'

const card = (slot: string): Record<string, string> => ({
  [`/sys/bus/pci/devices/${slot}/vendor`]: '0x10de\n',
  [`/sys/bus/pci/devices/${slot}/class`]: '0x030000\n',
  [`/sys/bus/pci/devices/${slot}/device`]: '0x2504\n',
})

/** The minors are in the reverse order of the addresses, and a VM has the third card. */
const given = {
  files: {
    ...card('0000:01:00.0'),
    ...card('0000:41:00.0'),
    ...card('0000:81:00.0'),
    '/proc/driver/nvidia/gpus/0000:41:00.0/information': `Model: \t\t RTX\nGPU UUID: \t ${second}\nBus Location: \t 0000:41:00.0\nDevice Minor: \t 0\nGPU Excluded:\t No\n`,
    '/proc/driver/nvidia/gpus/0000:01:00.0/information': `Model: \t\t RTX\nGPU UUID: \t ${first}\nBus Location: \t 0000:01:00.0\nDevice Minor: \t 1\nGPU Excluded:\t No\n`,
    '/etc/pve/qemu-server/900.conf': 'hostpci0: 0000:81:00,pcie=1\n',
  },
}
const node = gpuHost(given)

async function resolve(
  value: unknown,
  gpus?: NodeGpus,
  { note = '', moved = 'refuse' }: { note?: string; moved?: 'refuse' | 'follow' } = {},
): Promise<readonly string[] | string> {
  const parsed = parseAssignment(value)
  if ('problem' in parsed) return parsed.problem.message
  const found = resolveAssignment(parsed.assignment, gpus ?? (await readNodeGpus(node)), {
    nodeName: 'pve1',
    ctid: '101',
    note: parseAssignmentNote(note),
    moved,
  })
  if ('problem' in found) return `${found.problem.message}: ${found.problem.hint}`
  return found.gpus.map(({ pci, minor }) => `${pci}=${minor}`)
}

test('an index counts cards in order of PCI address and is not the minor', async () => {
  assert.deepEqual(await resolve('0'), ['0000:01:00.0=1'])
  assert.deepEqual(await resolve(1), ['0000:41:00.0=0'])
})

test('lists, all, none, UUIDs and addresses are resolved', async () => {
  const both = ['0000:01:00.0=1', '0000:41:00.0=0']
  assert.deepEqual(await resolve('0,1'), both)
  assert.deepEqual(await resolve('0, 1'), both)
  assert.deepEqual(await resolve([1, '0', '0']), both)
  assert.deepEqual(await resolve('all'), both)
  assert.deepEqual(await resolve('none'), [])
  assert.deepEqual(await resolve(second), ['0000:41:00.0=0'])
  assert.deepEqual(await resolve('GPU-8F3C0001'), ['0000:41:00.0=0'])
  assert.deepEqual(await resolve('41:00.0'), ['0000:41:00.0=0'])
  assert.deepEqual(await resolve('00000000:41:00.0'), ['0000:41:00.0=0'])
})

test('a missing GPU is refused with a list of the existing ones', async () => {
  assert.equal(
    await resolve('7'),
    `pve1 has no GPU 7: available: 0 (0000:01:00.0, ${first}, RTX); 1 (0000:41:00.0, ${second}, RTX); 2 (0000:81:00.0) is passed to VM 900`,
  )
})

test('a GPU of a virtual machine is refused with its owner', async () => {
  assert.match(String(await resolve('81:00.0')), /^the GPU at 0000:81:00.0 of pve1 is passed to VM 900/)
})

test('a GPU that a VM takes keeps its index, and so do the others', async () => {
  const taken = { ...given.files, '/etc/pve/qemu-server/901.conf': 'hostpci0: 01:00\n' }
  const gpus = await readNodeGpus(gpuHost({ files: taken }))
  assert.deepEqual(await resolve('1', gpus), ['0000:41:00.0=0'])
  assert.equal(
    await resolve('0', gpus),
    `GPU 0 of pve1 (0000:01:00.0) is passed to VM 901: remove it from that VM (hostpci), or assign another; available: 1 (0000:41:00.0, ${second}, RTX); 0 (0000:01:00.0) is passed to VM 901; 2 (0000:81:00.0) is passed to VM 900`,
  )
  // While the driver has the card, its UUID is known.
  assert.match(
    String(await resolve(first, gpus)),
    /^GPU GPU-8f3c0000-\S+ of pve1 \(0000:01:00.0\) is passed to VM 901/,
  )
  assert.deepEqual(await resolve('all', gpus), ['0000:41:00.0=0'])
})

test('a UUID that only the note knows, because a VM has the card, is refused with the VM', async () => {
  const third = 'GPU-8f3c0002-5060-4c1e-a5b2-000001000002'
  const note = `gpu 0000:81:00.0 2 ${third}\n`
  assert.match(
    String(await resolve(third, undefined, { note })),
    /^GPU GPU-8f3c0002-\S+ of pve1 \(0000:81:00.0\) is passed to VM 900/,
  )
  assert.match(String(await resolve(third)), /^pve1 has no GPU GPU-8f3c0002/)
})

test('excluded cards keep their index, and are not assigned', async () => {
  const files = { ...given.files, '/etc/gpuplay/nvidia.conf': 'PERSISTENCE=on\nEXCLUDE="0000:01:00.0 "\n' }
  const gpus = await readNodeGpus(gpuHost({ files }))
  assert.deepEqual(await resolve('all', gpus), ['0000:41:00.0=0'])
  assert.match(
    String(await resolve('0', gpus)),
    /^GPU 0 of pve1 \(0000:01:00.0\) is in nvidia_host_exclude_gpus: remove/,
  )
  assert.match(
    String(await resolve('01:00.0', gpus)),
    /^the GPU at 0000:01:00.0 of pve1 is in nvidia_host_exclude_gpus/,
  )
})

test('an index that means another GPU than recorded is refused with both, or followed', async () => {
  const note = `gpu 0000:21:00.0 0 ${first}\nindex 0 0000:21:00.0\nline dev0: /dev/nvidia0\n`
  assert.equal(
    await resolve('0', undefined, { note }),
    'GPU 0 of pve1 is now 0000:01:00.0, but was 0000:21:00.0 when container 101 was configured: assign the GPU by its UUID or PCI address; lxc_passthrough_moved: follow gives the container the GPU that has the index now',
  )
  assert.match(
    String(await resolve('2', undefined, { note: 'index 2 0000:41:00.0\n' })),
    /^GPU 2 of pve1 is now 0000:81:00.0, which is passed to VM 900, but was 0000:41:00.0/,
  )
  assert.deepEqual(await resolve('0', undefined, { note, moved: 'follow' }), ['0000:01:00.0=1'])
  // Another wish, and a wish that is not an index.
  assert.deepEqual(await resolve('1', undefined, { note }), ['0000:41:00.0=0'])
  assert.deepEqual(await resolve('01:00.0', undefined, { note }), ['0000:01:00.0=1'])
})

test('the beginning of a UUID is refused if two GPUs share it', async () => {
  const gpus = await readNodeGpus(node)
  const alike = gpus.gpus.map((gpu) => ({
    ...gpu,
    uuid: `GPU-8f3c0000-5060-4c1e-a5b2-00000100000${gpu.index}`,
  }))
  assert.match(String(await resolve('GPU-8f3c0000', { ...gpus, gpus: alike })), /is ambiguous/)
})

test('MIG instances and meaningless text are refused with a message', async () => {
  assert.match(String(await resolve('MIG-1234')), /MIG instances are not supported/)
  for (const word of ['', '-1', 'card0', '0,,1', 'all,0', 'GPU-12', '0000:01:00.0.0', { a: 1 }])
    assert.match(String(await resolve(word)), /is not a GPU/)
})

test('without a driver, the order of the cards is known, but no minor is', async () => {
  const bare = gpuHost({
    files: {
      ...card('0000:41:00.0'),
      ...card('0000:01:00.0'),
      '/etc/pve/qemu-server/900.conf': 'hostpci0: 01:00\n',
    },
  })
  const { gpus, driver } = await readNodeGpus(bare)
  assert.equal(driver, false)
  assert.deepEqual(
    gpus.map(({ index, pci, minor }) => [index, pci, minor]),
    [[1, '0000:41:00.0', undefined]],
  )
})
