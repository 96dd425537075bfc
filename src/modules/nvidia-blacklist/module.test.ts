import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plan } from '../../host/plan.ts'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
import { sha256 } from '../testing/fake-host.ts'
import type { Args } from './args.ts'
import { nvidiaBlacklist } from './module.ts'

const path = '/etc/modprobe.d/gpuplay-nvidia.conf'
const note = '/var/lib/gpuplay/v1/initramfs-nvidia'
const text =
  '# Kept by gpuplay: these would take the NVIDIA cards before the NVIDIA driver does.\nblacklist nouveau\nblacklist nvidiafb\noptions nouveau modeset=0\n# gpuplay-nvidia.service loads these by name, after it has reserved the cards of VMs. nvidia_drm needs nvidia.\nblacklist nvidia\nblacklist nvidia_drm\n'
const boot = {
  '/boot/initrd.img-6.8.12-9-pve': 'x'.repeat(1000),
  '/boot/vmlinuz-6.8.12-9-pve': 'x'.repeat(100),
}
const programs = { 'update-initramfs': {} }

async function planOf(given: GpuHost, state: Args['state'] = 'present'): Promise<Plan> {
  const args: Args = { modules: ['nouveau', 'nvidiafb'], path, state }
  return nvidiaBlacklist.plan(args, await nvidiaBlacklist.probe(args, gpuHost({ programs, ...given })))
}

test('the file is written, every initramfs is rebuilt, and nouveau is not loaded after the next boot', async () => {
  const { actions } = await planOf({ files: boot, modules: { nouveau: {} } })
  assert.deepEqual(
    actions.map((action) =>
      'path' in action ? action.path : action.kind === 'run' ? action.argv.join(' ') : '',
    ),
    [path, 'update-initramfs -u -k all', '/var/lib/gpuplay/v1', note],
  )
  assert.deepEqual(
    actions[1]?.effects?.filter((effect) => effect.kind === 'kernelModule'),
    [{ kind: 'kernelModule', name: 'nouveau', becomes: { loaded: false }, afterBoot: true }],
  )
})

test('if a run was interrupted before it rebuilt the initramfs, the next run rebuilds it', async () => {
  const { actions } = await planOf({ files: { ...boot, [path]: text } })
  assert.deepEqual(
    actions.map(({ kind }) => kind),
    ['run', 'makeDirectory', 'writeFile'],
  )
  const converged = await planOf({ files: { ...boot, [path]: text, [note]: `${sha256(text)}\n` } })
  assert.deepEqual(converged.actions, [])
})

test('the file is removed, every initramfs is rebuilt, and the record of it goes last', async () => {
  const recorded = { ...boot, [note]: `${sha256(text)}\n` }
  const words = ({ actions }: Plan): readonly string[] =>
    actions.map((action) => ('path' in action ? `${action.kind} ${action.path}` : action.kind))
  const whole = await planOf({ files: { ...recorded, [path]: text } }, 'absent')
  assert.deepEqual(words(whole), [`remove ${path}`, 'run', `remove ${note}`])
  assert.deepEqual(words(await planOf({ files: recorded }, 'absent')), ['run', `remove ${note}`])
  assert.deepEqual(words(await planOf({ files: boot }, 'absent')), [])
})

test('insufficient space on /boot or on an EFI partition is refused', async () => {
  assert.match((await planOf({ files: boot, space: 1000 })).refusal?.message ?? '', /^\/boot has/)
  const files = { ...boot, '/etc/kernel/proxmox-boot-uuids': 'AB12-CD34\n' }
  const esp = (size: number): GpuHost => ({
    files,
    programs: { ...programs, lsblk: { stdout: `${size}\n` } },
  })
  assert.match((await planOf(esp(2000))).refusal?.message ?? '', /^an EFI system partition/)
  assert.equal((await planOf(esp(2200))).refusal, undefined)
})

test('on a node without update-initramfs, the hint names the package', async () => {
  assert.equal((await planOf({ files: boot, programs: {} })).refusal?.code, 'no-initramfs-tools')
})
