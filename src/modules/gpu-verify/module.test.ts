import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GpuHost } from '../../nvidia/testing/gpu-host.ts'
import {
  devices,
  first,
  look,
  lookAtNode,
  nodeWith,
  second,
  smi,
  userspace,
  version,
} from './testing/scene.ts'

test('a container that sees only its GPU has no findings', async () => {
  const { findings, row } = await look({})
  assert.deepEqual(findings, [])
  assert.deepEqual(row.cells, ['pve1 101', '', version, version, '-', '1/1', 'GPU-8f3c0000', 'ok'])
})

test("a user-space driver that does not match the node's is reported once, with the cause", async () => {
  const { plan, row } = await look({
    inside: { ...userspace('570.86.16'), programs: { 'nvidia-smi': { code: 18 } } },
  })
  assert.deepEqual(plan.refusal?.findings, [
    {
      message: `user-space driver 570.86.16, kernel module ${version} (nvidia-smi exit 18)`,
      cause: 'the node was upgraded, but this container was not',
      fix: 'gpuplay run containers.yml -i INVENTORY -l pve1',
    },
  ])
  assert.equal(row.cells.at(-1), 'DRIFT user space older than module')
})

test('missing and extra GPUs are reported by UUID, and marked in the table', async () => {
  const { findings, row } = await look({ inside: { programs: { 'nvidia-smi': smi(second) } } })
  assert.deepEqual(findings, [
    `${first} (0000:01:00.0) is assigned, but not visible`,
    `${second} (0000:41:00.0) is visible, but not assigned`,
  ])
  assert.equal(row.cells[6], '-GPU-8f3c0000 +GPU-8f3c0001')
})

test('a file instead of a device and wrong device numbers are reported', async () => {
  const { findings } = await look({
    inside: {
      files: { '/usr/bin/nvidia-smi': '', '/dev/nvidia1': '' },
      nodes: { '/dev/nvidiactl': '195:255', '/dev/nvidia-uvm': '511:0' },
    },
  })
  assert.deepEqual(findings, ['/dev/nvidia-uvm is 511:0, not 508:0', '/dev/nvidia1 is a file, not a device'])
})

test('a GPU that only root can use is reported', async () => {
  const { findings } = await look({ user: { 'nvidia-smi': { code: 4, stdout: 'No devices were found.' } } })
  assert.deepEqual(findings, [
    'nvidia-smi exits with status 4 for the user nobody: no permission to open the device nodes',
  ])
})

test('a GPU that can be opened but is not assigned is reported with the configuration line that allows it', async () => {
  const inside: GpuHost = {
    nodes: { ...devices, '/dev/nvidia0': '195:0' },
    programs: { 'nvidia-smi': smi(first), 'head -c 0 /dev/nvidia0': {} },
  }
  const { plan } = await look({ inside, config: 'dev5: /dev/nvidia0\nunprivileged: 1\n' })
  assert.deepEqual(plan.refusal?.findings, [
    {
      message: '/dev/nvidia0 can be opened, but is not assigned',
      line: '101.conf: dev5: /dev/nvidia0',
      fix: 'gpuplay run containers.yml -i INVENTORY -l pve1, which restarts the container',
    },
  ])
  assert.deepEqual((await look({ inside, args: { isolation: false } })).findings, [])
})

test('rules that open other GPUs are reported in privileged containers and ignored in unprivileged ones', async () => {
  const rules = 'lxc.cgroup2.devices.allow: c 195:* rwm\nlxc.cgroup2.devices.allow: c 195:255 rw\n'
  assert.equal((await look({ config: rules })).findings.length, 1)
  assert.equal((await look({ config: `unprivileged: 1\n${rules}` })).findings.length, 0)
})

test('a toolkit that is missing or does not run is reported, and one of libraries alone needs no compiler', async () => {
  const toolkit = { 'cuda-toolkit-12-8': '12.8.1-1', 'cuda-nvcc-12-8': '12.8.93-1' }
  const nvcc = { '/usr/local/cuda-12.8/bin/nvcc --version': { stdout: 'release 12.8, V12.8.93' } }
  const check = async (inside: GpuHost, packages = ['cuda-toolkit']): Promise<readonly unknown[]> => {
    const { findings, row } = await look({ inside, args: { cuda: '12.8', cuda_packages: packages } })
    return [row.cells[4], ...findings]
  }
  assert.deepEqual(await check({}), [
    'none',
    'CUDA 12.8 is required, but not installed: cuda-toolkit-12-8 is missing',
  ])
  assert.deepEqual(await check({ packages: toolkit }), [
    '12.8',
    'CUDA 12.8 is required, but its nvcc does not run',
  ])
  assert.deepEqual(await check({ packages: toolkit, programs: nvcc }), ['12.8'])
  assert.deepEqual(await check({ packages: { 'cuda-libraries-12-8': '12.8.1-1' } }, ['cuda-libraries']), [
    '12.8',
  ])
})

test('a node reports the loaded and the required driver', async () => {
  const good = nodeWith()
  const check = async (node: GpuHost): Promise<readonly (string | undefined)[]> => {
    const { state, findings } = await lookAtNode(node)
    return [state, ...findings.map(({ message }) => message)]
  }
  assert.deepEqual(await check(good), ['ok'])
  const modinfo = { modinfo: { stdout: `${version}\n` } }
  assert.deepEqual(await check({ ...good, modules: {}, programs: modinfo }), [
    'PROBLEM no NVIDIA driver is loaded',
    'no NVIDIA driver is loaded',
  ])
  const [state, ...messages] = await check({ ...good, modules: { nvidia: { version: '570.86.16' } } })
  assert.deepEqual(
    [state, messages[0]],
    ['REBOOT PENDING', `driver 570.86.16 is loaded, but ${version} is required`],
  )
  const secure: GpuHost = {
    ...good,
    modules: {},
    files: {
      ...good.files,
      '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c':
        '\u0006\u0000\u0000\u0000\u0001',
      '/var/lib/dkms/mok.key': 'key',
      '/var/lib/dkms/mok.pub': 'certificate',
    },
    programs: { ...good.programs, mokutil: { stdout: 'mok.pub is already in the enrollment request\n' } },
  }
  assert.deepEqual(await check(secure), ['KEY PENDING', 'no NVIDIA driver is loaded'])
})

test('an index that means another GPU than when the container was configured is reported with both', async () => {
  const note = '/var/lib/gpuplay/v1/assignments/101'
  const moved = await look({ onNode: { [note]: `gpu 0000:02:00.0 0 -\nindex 0 0000:02:00.0\n` } })
  assert.deepEqual(moved.findings, [
    'GPU 0 of pve1 is now 0000:01:00.0, but was 0000:02:00.0 when container 101 was configured',
  ])
  assert.deepEqual((await look({ onNode: { [note]: 'index 0 0000:01:00.0\n' } })).findings, [])
})

test('cards of VMs and excluded cards need no device node, are counted apart, and must not be open', async () => {
  const node = (files: Readonly<Record<string, string>>): GpuHost =>
    nodeWith({
      nodes: { ...devices, '/dev/nvidia-uvm-tools': '508:1' },
      files: {
        '/etc/pve/qemu-server/900.conf': 'hostpci0: 41:00\n',
        '/proc/4711/comm': 'python3\n',
        ...files,
      },
      programs: {
        'find /proc': {
          code: 1,
          stdout: '4711/fd/3 /dev/nvidia0\n4711/fd/4 /dev/nvidia0\n4712/fd/3 /dev/nvidia1\n',
        },
      },
    })
  const check = async (files: Readonly<Record<string, string>> = {}): Promise<readonly unknown[]> => {
    const { findings, rows, warnings } = await lookAtNode(node(files))
    return [findings, rows[0]?.cells.slice(5, 7), warnings]
  }
  assert.deepEqual(await check(), [
    [],
    ['1 (1 in VM)', 'GPU-8f3c0000'],
    [
      'the card at 0000:41:00.0 is passed to VM 900, but programs on this node have it open: python3 (process 4711); VM 900 cannot start until they end: stop them, or the containers that they run in',
    ],
  ])
  const excluded = {
    '/etc/gpuplay/nvidia.conf': 'EXCLUDE="0000:41:00.0 "\n',
    '/etc/pve/qemu-server/900.conf': '',
  }
  assert.deepEqual((await check(excluded)).slice(0, 2), [[], ['1 (1 excluded)', 'GPU-8f3c0000']])
})
