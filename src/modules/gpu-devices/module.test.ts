import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerStatus } from '../../host/host.ts'
import type { Plan } from '../../host/plan.ts'
import type { Args } from './args.ts'
import { gpuDevices } from './module.ts'
import { files, look, nodes, refusal, type Scene, stopped } from './testing/assigned.ts'

test('an index is resolved to the device nodes of that card, with the majors of this boot', async () => {
  const { report, plan } = await look({})
  assert.equal(plan.refusal, undefined)
  assert.equal(report.style, 'devn')
  assert.deepEqual(
    report.devices.map(({ path, target, major, minor }) => [path, target, `${major}:${minor}`]),
    [
      ['/dev/nvidiactl', 'dev/nvidiactl', '195:255'],
      ['/dev/nvidia-uvm', 'dev/nvidia-uvm', '508:0'],
      ['/dev/nvidia-uvm-tools', 'dev/nvidia-uvm-tools', '508:1'],
      ['/dev/nvidia1', 'dev/nvidia1', '195:1'],
    ],
  )
  assert.deepEqual(
    report.owned.map((pattern) => new RegExp(pattern).test('lxc.cgroup2.devices.allow: c 508:0 rw')),
    [true, false],
  )
  const gpu = 'gpu 0000:01:00.0 1 GPU-8f3c0001-5060-4c1e-a5b2-000001000000\n'
  assert.equal(report.record, `${gpu}index 0 0000:01:00.0\n`)
  assert.equal((await look({ args: { assignment: '01:00.0' } })).report.record, gpu)
})

test('an assignment of none needs no driver, and old Proxmox VE versions get raw lines', async () => {
  const bare = await look({ node: { files: {}, nodes: {} }, args: { assignment: 'none' } })
  assert.deepEqual([bare.plan.refusal, bare.report.devices], [undefined, []])
  assert.equal((await look({ version: '4.4-3' })).report.style, 'lxc')
  assert.deepEqual(await refusal({ version: '4.4-3', args: { style: 'devn' } }), ['no-devn', 2])
})

test('an assignment that cannot work is refused as invalid input, missing devices of the node as a failure', async () => {
  assert.deepEqual(await refusal({ args: { assignment: '2' } }), ['no-such-gpu', 2])
  assert.deepEqual(await refusal({ args: { assignment: 'MIG-1' } }), ['mig-not-yet', 2])
  assert.deepEqual(await refusal({ node: { containers: {} } }), ['container-missing', 3])
  const { '/dev/nvidia1': _, ...others } = nodes
  assert.deepEqual(await refusal({ node: { nodes: others } }), ['device-nodes-missing', undefined])
  assert.equal(gpuDevices.exitCode, 4)
  const unloaded = { ...files, '/proc/devices': 'Character devices:\n195 nvidia\n' }
  assert.deepEqual(await refusal({ node: { files: unloaded } }), ['no-unified-memory', undefined])
})

test('the GPU of a VM is refused as invalid input; `all` leaves it out, with a warning if the container had it', async () => {
  const owned = { ...files, '/etc/pve/qemu-server/900.conf': 'hostpci0: 01:00\n' }
  assert.deepEqual(await refusal({ node: { files: owned } }), ['gpu-owned-by-vm', 2])
  const all = { args: { assignment: 'all' } }
  const { report, plan } = await look({ node: { files: owned }, ...all })
  assert.deepEqual(
    report.gpus.map(({ index, pci }) => [index, pci]),
    [[1, '0000:41:00.0']],
  )
  assert.deepEqual(plan.warnings, [])
  const noted = { ...owned, '/var/lib/gpuplay/v1/assignments/101': 'gpu 0000:01:00.0 1 -\n' }
  assert.deepEqual((await look({ node: { files: noted }, ...all })).plan.warnings, [
    'container 101 loses the GPU at 0000:01:00.0 of pve1: it is passed to VM 900',
  ])
})

test('an index that means another card than recorded is refused, unless it is followed', async () => {
  const moved = {
    ...files,
    '/var/lib/gpuplay/v1/assignments/101': 'gpu 0000:02:00.0 0 -\nindex 0 0000:02:00.0\n',
  }
  assert.deepEqual(await refusal({ node: { files: moved } }), ['gpu-index-moved', undefined])
  const { report } = await look({ node: { files: moved }, args: { moved: 'follow' } })
  assert.equal(report.gpus[0]?.pci, '0000:01:00.0')
})

test('a running container that Proxmox does not know is asked for its distribution, before it gets devices', async () => {
  const said = async (release: string, ostype = 'ostype: unmanaged\n', status = 'running' as const) => {
    const config = `unprivileged: 1\n${ostype}`
    const containers = { 101: { status, config, pid: 7 } }
    const node = { files: { ...files, '/etc/os-release': release }, containers }
    return refusal({ node, config, args: { ostypes: ['debian', 'unmanaged'] } })
  }
  assert.deepEqual(await said('ID=rocky\nID_LIKE="rhel centos fedora"\n'), ['not-debian', 2])
  assert.deepEqual(await said('ID=nixos\n', ''), ['not-debian', 2])
  assert.deepEqual(await said('ID=alpine\n'), ['no-glibc', 2])
  assert.deepEqual(await said('ID=mint\nID_LIKE=ubuntu\n'), [undefined, undefined])
  assert.deepEqual(await said('ID=fedora\n', 'ostype: fedora\n'), ['unsupported-distribution', 2])
})

test('the note of a destroyed container does not refuse an index to the one that has its number now', async () => {
  const note = 'gpu 0000:02:00.0 0 -\nindex 0 0000:02:00.0\nmac BC:24:11:00:00:01\n'
  const noted = { ...files, '/var/lib/gpuplay/v1/assignments/101': note }
  const config = (address: string): string => `unprivileged: 1\nnet0: name=eth0,hwaddr=${address}\n`
  const same = await look({ node: { files: noted }, config: config('BC:24:11:00:00:01') })
  assert.equal(same.plan.refusal?.code, 'gpu-index-moved')
  const other = await look({ node: { files: noted }, config: config('BC:24:11:00:00:02') })
  assert.equal(other.plan.refusal, undefined)
  assert.equal(other.report.gpus[0]?.pci, '0000:01:00.0')
})

test('a container on another node is missing here, and the message says where it is', async () => {
  const message = async (path: string): Promise<string | undefined> => {
    const node = { containers: {}, files: { ...files, [path]: '' } }
    return (await look({ node })).plan.refusal?.message
  }
  assert.equal(await message('/etc/pve/nodes/pve2/lxc/201.conf'), 'pve1 has no container 101')
  assert.equal(await message('/etc/pve/nodes/pve2/lxc/101.conf'), 'pve1 has no container 101: it is on pve2')
  assert.equal(
    await message('/etc/pve/nodes/pve1/qemu-server/101.conf'),
    'pve1 has no container 101: 101 is a virtual machine on pve1',
  )
})

test('an inventory that names another cluster is wrong', async () => {
  assert.deepEqual(await refusal({ node: { cluster: 'lab' } }), ['wrong-cluster', 2])
})

test('a GPU container that HA may move is warned about until a strict rule keeps it on its node', async () => {
  const warnings = async (
    rules: string,
    resources = 'ct: 101\n\tstate started\n',
  ): Promise<readonly string[]> => {
    const ha = { '/etc/pve/ha/resources.cfg': resources, '/etc/pve/ha/rules.cfg': rules }
    const links = { '/etc/pve/local': 'nodes/pve1' }
    return (await look({ node: { files: { ...files, ...ha }, links } })).plan.warnings
  }
  const rule = (nodes: string, strict: string): string =>
    `node-affinity: gpu\n\tresources ct:101\n\tnodes ${nodes}\n\tstrict ${strict}\n`
  const may = 'HA may move container 101 to a node without its GPUs: '
  assert.deepEqual(await warnings(''), [`${may}no rule keeps it on pve1`])
  assert.deepEqual(await warnings(rule('pve1', '0')), [`${may}rule "gpu": preferably on pve1`])
  assert.deepEqual(await warnings(rule('pve1,pve2', '1')), [`${may}rule "gpu": only on pve1, pve2`])
  assert.deepEqual(await warnings(rule('pve2', '1')), [
    'HA moves container 101 away from pve1 and its GPUs: rule "gpu": only on pve2',
  ])
  assert.deepEqual(await warnings(rule('pve1', '1')), [])
  assert.deepEqual(await warnings('', 'ct: 101\n\tstate ignored\n'), [])
})

test('a privileged container whose rules open other GPUs is refused', async () => {
  for (const rule of ['a', 'c *:* rwm', 'c *:7 r', 'a *:* rw'])
    assert.deepEqual(await refusal({ config: `lxc.cgroup2.devices.allow: ${rule}\n` }), [
      'container-open-to-all-devices',
      undefined,
    ])
  assert.deepEqual(await refusal({ config: 'lxc.cgroup2.devices.allow: c *:* m\n' }), [undefined, undefined])
  assert.deepEqual(await refusal({ config: 'unprivileged: 1\nlxc.cgroup2.devices.allow: a\n' }), [
    undefined,
    undefined,
  ])
})

test('while a container that gives up an exclusive GPU has it, in its configuration or still in use, the task waits', async () => {
  const planFor = async (
    other: ContainerStatus,
    more: Readonly<Record<string, string>> = {},
    others: Args['others'] = [{ name: 'b', ctid: 102, assignment: '1', exclusive: false }],
  ): Promise<Plan> => {
    const scene: Scene = {
      node: {
        files: { ...files, '/etc/pve/lxc/101.conf': '', '/etc/pve/lxc/102.conf': '', ...more },
        nodes,
        containers: { 101: stopped('unprivileged: 1\n'), 102: other },
      },
      args: { exclusive: true, others },
    }
    return (await look(scene)).plan
  }
  const why = async (...[other, more]: Parameters<typeof planFor>): Promise<string> =>
    (await planFor(other, more)).settle?.why ?? ''
  assert.match(await why(stopped('dev0: /dev/nvidia1\n')), /^container 102 is configured with \/dev\/nvidia1/)
  const running: ContainerStatus = { status: 'running', config: '', pid: 9 }
  const mounts = { '/proc/9/mountinfo': '1 2 0:5 / /dev/nvidia1 rw - tmpfs none rw\n' }
  assert.match(await why(running, mounts), /^container 102 still runs with/)
  assert.equal(await why(stopped('dev0: /dev/nvidia0\n')), '')

  // Outside the run, or without an assignment, it keeps the GPU.
  for (const others of [[], [{ name: 'b', ctid: 102, assignment: '', exclusive: false }]]) {
    const { refusal: kept } = await planFor(stopped('dev0: /dev/nvidia1\n'), {}, others)
    assert.equal(kept?.code, 'gpu-not-exclusive')
  }
})

test('an exclusive GPU that the run assigns to another container, too, is refused as invalid input', async () => {
  const given = (assignment: string | number | string[], own = true, exclusive = false): Scene => ({
    args: { assignment: '0', exclusive: own, others: [{ name: 'b', ctid: '102', assignment, exclusive }] },
  })
  for (const same of ['0', 0, 'all', '1,0000:01:00.0', ['0', '1'], 'GPU-8f3c0001'])
    assert.deepEqual(await refusal(given(same)), ['gpu-assigned-twice', 2])
  for (const other of ['1', 'none', '', '7', 'MIG-1'])
    assert.deepEqual(await refusal(given(other)), [undefined, undefined])
  assert.deepEqual(await refusal(given('0', false)), [undefined, undefined])
  for (const [own, theirs, which] of [
    [true, false, 'pve1'],
    [false, true, 'b'],
    [true, true, 'both'],
  ] as const)
    assert.equal(
      (await look(given('0', own, theirs))).plan.refusal?.message,
      `the inventory assigns GPU 0 of pve1 (0000:01:00.0) to pve1 and to b, but lxc_passthrough_exclusive is true for ${which}`,
    )
})

test('a container of another distribution gets no GPU, but can lose one', async () => {
  const ostypes = ['debian', 'ubuntu']
  const of = (
    ostype: string,
    args: Partial<Args> = {},
  ): Promise<readonly [string | undefined, number | undefined]> =>
    refusal({ config: `unprivileged: 1\n${ostype}`, args: { ostypes, ...args } })
  assert.deepEqual(await of('ostype: fedora\n'), ['unsupported-distribution', 2])
  assert.deepEqual(await of('ostype: fedora\n', { assignment: 'none' }), [undefined, undefined])
  assert.deepEqual(await of('ostype: fedora\n', { ostypes: [] }), [undefined, undefined])
  assert.deepEqual(await of('ostype: ubuntu\n'), [undefined, undefined])
  assert.deepEqual(await of(''), [undefined, undefined])
})
