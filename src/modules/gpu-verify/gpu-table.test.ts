import assert from 'node:assert/strict'
import { test } from 'node:test'
import { first, look, lookAtNode, nodeWith, userspace, version } from './testing/scene.ts'

test('a stopped container fails no verification, but its row says why it is off and what to do', async () => {
  const stopped = await look({ running: false })
  assert.deepEqual(
    [stopped.findings, stopped.row.cells.at(-1), stopped.row.state],
    [[], 'STOPPED', 'pending'],
  )
  assert.deepEqual(stopped.row.findings, [
    {
      message: 'container 101 is stopped',
      cause: 'it does not start with its node (onboot: 0)',
      fix: 'on pve1: pct start 101',
    },
  ])
  const onboot = await look({ running: false, config: 'onboot: 1\n' })
  assert.equal(
    onboot.row.findings?.[0]?.cause,
    'it starts with its node, so somebody stopped it, or its start failed',
  )
  const noted = { '/var/lib/gpuplay/v1/userspace/101': '570.86.16\n' }
  const stale = await look({ running: false, onNode: noted })
  assert.deepEqual(
    [stale.findings, stale.row.cells[3], stale.row.cells.at(-1), stale.row.state],
    [[], '570.86.16', `OLD USER SPACE 570.86.16, module ${version}`, 'pending'],
  )
  assert.deepEqual(stale.row.findings, [
    {
      message: `user-space driver 570.86.16, kernel module ${version}`,
      cause: 'the driver of the node changed while the container was stopped',
      fix: 'start it (on pve1: pct start 101), then: gpuplay run containers.yml -i INVENTORY -l pve1',
    },
  ])
  assert.deepEqual(stale.plan.warnings, [
    `pve1 (CT 101 on pve1) is stopped: user space 570.86.16, module ${version}: run containers.yml when it runs`,
  ])
})

test('a template is in order although it is stopped, unless its user space is old', async () => {
  const config = 'template: 1\nunprivileged: 1\n'
  const { row } = await look({ running: false, config })
  assert.deepEqual([row.cells.at(-1), row.state, row.findings], ['TEMPLATE', 'ok', undefined])
  const onNode = { '/var/lib/gpuplay/v1/userspace/101': '570.86.16\n' }
  const stale = await look({ running: false, config, onNode })
  assert.deepEqual([stale.row.state, stale.row.findings?.[0]?.fix], ['pending', 'build the template again'])
})

test('pending changes of Proxmox VE are shown: those of GPUs fail, others do not', async () => {
  const config = 'unprivileged: 1\nmemory: 512\ndev0: /dev/nvidia1\n\n[pve:pending]\n'
  const other = await look({ config: `${config}memory: 768\n` })
  assert.deepEqual(
    [other.findings, other.row.cells.at(-1), other.row.state, other.row.findings],
    [
      [],
      'PENDING memory',
      'pending',
      [
        {
          message: 'changes wait for the next start of container 101: memory',
          cause: 'Proxmox VE does not apply them to a running container',
          fix: 'on pve1: pct reboot 101',
        },
      ],
    ],
  )
  const gpu = await look({ config: `${config}delete: dev0\n` })
  const message = 'the next start of the container takes /dev/nvidia1 from it'
  assert.deepEqual(
    [gpu.findings, gpu.row.cells.at(-1), gpu.row.state],
    [[message], `PENDING ${message}`, 'problem'],
  )
})

test('with "fail: false" only the row has the findings, and programs can read it', async () => {
  const { findings, row } = await look({ args: { fail: false }, inside: userspace('570.86.16') })
  assert.deepEqual(findings, [])
  assert.equal(row.findings?.[0]?.message, `user-space driver 570.86.16, kernel module ${version}`)
  assert.deepEqual(row.data, {
    host: 'pve1',
    node: 'pve1',
    ctid: '101',
    state: 'drift',
    detail: 'user space older than module',
    wanted: null,
    loaded: version,
    userspace: '570.86.16',
    cuda: null,
    assigned: [first],
    visible: [first],
    gpus_of_vms: 0,
    gpus_excluded: 0,
  })
})

test('a node that must be restarted reports how many guests that stops, and each unmanaged container has a row', async () => {
  const node = nodeWith({
    modules: { nvidia: { version: '570.86.16' } },
    files: {
      '/etc/pve/lxc/101.conf': '',
      '/etc/pve/lxc/140.conf': '',
      '/etc/pve/lxc/150.conf': '',
      '/etc/pve/qemu-server/900.conf': 'name: win\n',
      '/run/qemu-server/900.pid': '1',
      '/proc/1/cmdline': ['/usr/bin/kvm', '-id', '900', ''].join('\0'),
    },
    containers: {
      101: { status: 'running', config: 'dev0: /dev/nvidia0\n', pid: 7 },
      140: { status: 'running', config: 'dev0: /dev/nvidia0\ndev1: /dev/nvidiactl\n', pid: 8 },
      150: { status: 'stopped', config: 'hostname: plain\n', pid: undefined },
    },
  })
  const { rows } = await lookAtNode(node, { containers: [{ ctid: 101 }] })
  assert.deepEqual(
    rows.map(({ cells, state, indent }) => [cells[0], cells[5], cells.at(-1), state, indent]),
    [
      ['pve1', '2', 'REBOOT PENDING 3 guests', 'problem', undefined],
      ['(CT 140)', 'nvidia0', 'UNMANAGED', 'pending', 1],
    ],
  )
  assert.deepEqual(rows[1]?.findings, [
    {
      message: 'container 140 of pve1 has a GPU, but is not in the inventory',
      cause: 'a change of the driver on the node breaks it, since no run updates its user-space driver',
      fix: 'add it to the inventory (node: pve1, ctid: 140, gpu_assignment), then: gpuplay run containers.yml -i INVENTORY -l NAME',
    },
  ])
})

test('a node whose driver is not the required one has drifted', async () => {
  const { state } = await lookAtNode(nodeWith(), { version: '590.48.01' })
  assert.match(state ?? '', /^DRIFT driver 580\.95\.05 is loaded, but 590\.48\.01 is required/)
})
