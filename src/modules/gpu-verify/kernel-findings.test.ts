import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Args } from './args.ts'
import { lookAtNode, nodeWith, version } from './testing/scene.ts'

const running = '6.8.12-9-pve'
const newer = '6.8.12-10-pve'
const optIn = '6.14.8-2-bpo12-pve'
const tooNew = '7.1.3-1-pve'
const run = 'gpuplay run nodes.yml -i INVENTORY -l pve1'

interface Scene {
  readonly installed: readonly string[]
  /** Versions of modules by kernel. */
  readonly modules?: Readonly<Record<string, string>>
  readonly loaded?: string | undefined
  readonly files?: Readonly<Record<string, string>>
  readonly args?: Partial<Args>
}

type Found = Omit<Awaited<ReturnType<typeof lookAtNode>>, 'rows'>

/** All kernels have headers. */
async function look({ installed, modules = {}, files, args, ...scene }: Scene): Promise<Found> {
  const loaded = 'loaded' in scene ? scene.loaded : version
  const kernels = installed.flatMap((kernel) => [
    [`/boot/vmlinuz-${kernel}`, ''],
    [`/lib/modules/${kernel}/build`, ''],
  ])
  const built = Object.entries(modules).map(([kernel, at]) => [`modinfo -k ${kernel}`, { stdout: `${at}\n` }])
  const node = nodeWith({
    release: running,
    modules: loaded === undefined ? {} : { nvidia: { version: loaded } },
    files: { ...Object.fromEntries(kernels), ...files },
    programs: Object.fromEntries(built),
  })
  const { state, findings, warnings } = await lookAtNode(node, args)
  return { state, findings, warnings }
}

test('every kernel with the module of the installed driver is ok', async () => {
  const installed = [running, newer, optIn]
  const modules = { [running]: version, [newer]: version, [optIn]: version }
  assert.deepEqual(await look({ installed, modules }), { state: 'ok', findings: [], warnings: [] })
})

test('a kernel without a module is found before it boots', async () => {
  const installed = [running, newer, optIn]
  const found = await look({ installed, modules: { [running]: version, [optIn]: '570.207' } })
  assert.equal(found.state, `NO MODULE for kernel ${optIn}`)
  assert.deepEqual(found.findings, [
    {
      message: `kernel ${newer} has no module of driver ${version}`,
      cause: 'the driver is not built for it',
      fix: run,
    },
    {
      message: `kernel ${optIn}, which the next boot chooses, has no module of driver ${version}`,
      cause: 'it has the module of driver 570.207',
      fix: run,
    },
  ])
  const onlyNewer = await look({ installed, modules: { [running]: version, [optIn]: version } })
  assert.equal(onlyNewer.state, `NO MODULE for kernel ${newer}`)
})

test('a kernel that was booted without a module says so, and not that a reboot is pending', async () => {
  const found = await look({ installed: [running], loaded: undefined })
  assert.equal(found.state, `NO MODULE for kernel ${running}`)
  assert.deepEqual(found.findings, [
    {
      message: `kernel ${running}, which runs, has no module of driver ${version}`,
      cause: 'the driver is not built for it',
      fix: run,
    },
  ])
})

test('a reboot into a kernel without a module is not called pending, either', async () => {
  const modules = { [running]: version }
  const found = await look({ installed: [running, newer], modules, loaded: '570.207' })
  assert.equal(found.state, `NO MODULE for kernel ${newer}`)
  const built = { ...modules, [newer]: version }
  const pending = await look({ installed: [running, newer], modules: built, loaded: '570.207' })
  assert.equal(pending.state, 'REBOOT PENDING')
})

test('the cause of a failed build, and a pair known not to compile, are named with what helps', async () => {
  const installed = [running, newer, tooNew]
  const failed = `/run/gpuplay/nvidia-build-failed/${newer}`
  const files = { [failed]: `${version} DKMS exited with 10\n` }
  const found = await look({ installed, modules: { [running]: version }, files })
  const bad = 'drivers of branch 580 before 580.173 do not compile for kernel 7.1 or newer'
  assert.deepEqual(
    found.findings.map(({ cause, fix }) => [cause, fix]),
    [
      [
        'DKMS exited with 10',
        `choose another driver, or correct the cause, remove ${failed}, and run: ${run}`,
      ],
      [bad, `choose another driver, or boot another kernel: proxmox-boot-tool kernel pin ${running}`],
    ],
  )
  assert.equal(found.state, `NO MODULE for kernel ${tooNew}`)

  const pin = { '/etc/kernel/proxmox-boot-pin': `${newer}\n` }
  const pinned = await look({ installed, modules: { [running]: version, [newer]: version }, files: pin })
  assert.deepEqual(pinned, {
    state: 'ok',
    findings: [],
    warnings: [`kernel ${tooNew} has no module of driver ${version}: ${bad}`],
  })
})

test('kernels that the run does not manage only cause warnings', async () => {
  const args = { kernels: 'running' } as const
  const found = await look({ installed: [running, newer], modules: { [running]: version }, args })
  assert.equal(found.state, 'ok')
  assert.deepEqual(found.warnings, [
    `kernel ${newer}, which the next boot chooses, has no module of driver ${version}: the driver is not built for it`,
  ])
})

test('a driver whose module modinfo does not find, although it is loaded, is not judged by it', async () => {
  assert.deepEqual(await look({ installed: [running, newer] }), { state: 'ok', findings: [], warnings: [] })
})
