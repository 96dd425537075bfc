import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plan } from '../../host/plan.ts'
import { packagesPin, packagesPinFile } from '../../nvidia/packaged-driver.ts'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
import type { Args } from './args.ts'
import { nvidiaPackages } from './module.ts'

const stamp = '/var/lib/apt/periodic/update-success-stamp'
const version = '550.163.01'
const rows = [
  'installed glx-diversions 1.2.2',
  'installed libcuda1 535.261.03-1',
  'installed libnvidia-ml1 535.261.03-1',
  'installed nvidia-installer-cleanup 20220217+3~deb12u1',
  'installed nvidia-kernel-dkms 535.261.03-1',
  'installed nvidia-persistenced 535.171.04-1',
  'installed nvidia-smi 535.261.03-1',
]
const names = ['libcuda1', 'libnvidia-ml1', 'nvidia-kernel-dkms', 'nvidia-smi']
const archive = 'http://mirror.example/debian trixie/non-free amd64 Packages'

/** Where apt's lists are new and offer these versions of the driver's packages. */
function node(offered: readonly string[], more: GpuHost = {}, all: readonly string[] = names): GpuHost {
  const madison = all.flatMap((name) => offered.map((one) => `${name} | ${one} | ${archive}\n`))
  const policy = all.map((name) => `${name}:\n  Installed: (none)\n  Candidate: ${offered[0] ?? '(none)'}\n`)
  return {
    ...more,
    programs: {
      'dpkg-query': { stdout: rows.map((row) => `${row}\n`).join('') },
      'apt-cache madison': { stdout: madison.join('') },
      'apt-cache policy': { stdout: policy.join('') },
      [`find ${stamp} -maxdepth 0 -newermt`]: { stdout: stamp },
      'apt-get -s': {
        stdout: all.map((name) => `Inst ${name} [535] (${version}-2 Debian [amd64])\n`).join(''),
      },
      ...more.programs,
    },
  }
}

async function planOf(given: GpuHost, args: Partial<Args> = {}): Promise<Plan> {
  const all: Args = {
    version,
    module_type: 'proprietary',
    enforce_type: false,
    install: true,
    proxy: '',
    timeout: 9,
    ...args,
  }
  return nvidiaPackages.plan(all, await nvidiaPackages.probe(all, gpuHost(given)))
}

function words({ actions }: Plan): readonly (string | undefined)[] {
  return actions.map((action) => {
    if (action.kind !== 'run') return 'path' in action ? action.path : action.kind
    return action.argv.slice(action.argv.indexOf('install')).join(' ')
  })
}

test('installed packages of the right version are taken over as they are, and pinned', async () => {
  const given = { version: '535.261.03' }
  const plan = await planOf(node(['550.163.01-2', '535.261.03-1']), given)
  assert.deepEqual(words(plan), [packagesPinFile])
  assert.match(plan.diffs[0]?.after ?? '', /^Pin: version 535\.261\.03-\*\nPin-Priority: 1001$/m)
  const pinned = { files: { [packagesPinFile]: packagesPin('535.261.03') } }
  assert.deepEqual((await planOf(node([], pinned), given)).actions, [])
})

test('packages of another version move together, and those with versions of their own stay', async () => {
  const plan = await planOf(node(['550.163.01-2', '535.261.03-1']))
  assert.deepEqual(words(plan), [
    packagesPinFile,
    'install libcuda1=550.163.01-2 libnvidia-ml1=550.163.01-2 nvidia-kernel-dkms=550.163.01-2 nvidia-smi=550.163.01-2',
  ])
  const [, run] = plan.actions
  assert.ok(run?.effects?.some((effect) => effect.kind === 'package' && effect.name === 'nvidia-smi'))
})

test('a node without packages gets kernel modules of the type, libcuda and nvidia-smi', async () => {
  const basic = ['libcuda1', 'nvidia-smi', 'nvidia-kernel-open-dkms']
  const bare = node(['550.163.01-2'], { programs: { 'dpkg-query': { code: 1 } } }, basic)
  assert.deepEqual(words(await planOf(bare, { module_type: 'open' })), [
    packagesPinFile,
    'install nvidia-kernel-open-dkms=550.163.01-2 libcuda1=550.163.01-2 nvidia-smi=550.163.01-2',
  ])
})

test('installed kernel modules of the other type are replaced only if the type is required', async () => {
  const all = [...names, 'nvidia-open-kernel-dkms']
  const given = node(['535.261.03-1'], {}, all)
  const open = { version: '535.261.03', module_type: 'open' } as const
  assert.deepEqual(words(await planOf(given, open)), [packagesPinFile])
  assert.deepEqual(words(await planOf(given, { ...open, enforce_type: true })), [
    packagesPinFile,
    'install nvidia-open-kernel-dkms=535.261.03-1',
  ])
})

test('a version that no repository offers is refused with those that are', async () => {
  const { refusal, actions } = await planOf(node(['560.35.05-1', '535.261.03-1']))
  assert.deepEqual(actions, [])
  assert.equal(refusal?.message, 'no configured repository offers libcuda1 in version 550.163.01')
  assert.match(refusal?.hint ?? '', /one of the offered versions \(560\.35\.05, 535\.261\.03\)/)
  const none = await planOf(node([], { programs: { 'dpkg-query': { code: 1 } } }))
  assert.match(none.refusal?.hint ?? '', /contrib, non-free and non-free-firmware/)
})

test('old lists without any version are updated first, with a warning for a dry run', async () => {
  const old = { [`find ${stamp} -maxdepth 0 -newermt`]: { stdout: '' } }
  const plan = await planOf(node([], { programs: old }))
  assert.equal(plan.stage, 'update the package lists')
  assert.deepEqual(plan.warnings, ['no configured repository offers libcuda1 in version 550.163.01'])
  assert.equal((await planOf(node(['535.261.03-1'], { programs: old }))).refusal?.code, 'version-not-offered')
})

test('without permission to install, the version is checked and pinned', async () => {
  assert.deepEqual(words(await planOf(node(['550.163.01-2']), { install: false })), [packagesPinFile])
  const { refusal } = await planOf(node(['535.261.03-1']), { install: false })
  assert.equal(refusal?.code, 'version-not-offered')
})

test('what DKMS has not built for the running kernel is built', async () => {
  const tree = '/var/lib/dkms/nvidia-current'
  const files = {
    [packagesPinFile]: packagesPin('535.261.03'),
    [`${tree}/535.261.03/source/dkms.conf`]: '',
  }
  const given = { version: '535.261.03' }
  const plan = await planOf(node([], { files }), given)
  const [run] = plan.actions
  assert.equal(
    run?.kind === 'run' && run.argv.join(' '),
    'dkms install -m nvidia-current -v 535.261.03 -k 6.8.12-9-pve',
  )
  const links = { [`${tree}/kernel-6.8.12-9-pve-x86_64`]: '535.261.03/6.8.12-9-pve/x86_64' }
  assert.deepEqual((await planOf(node([], { files, links }), given)).actions, [])
  assert.deepEqual((await planOf(node([], { files }), { ...given, install: false })).actions, [])
})

test('a driver from a .run is refused', async () => {
  const { refusal } = await planOf(node([], { files: { '/var/lib/nvidia/log': '1.0-1 (580.95.05)\n' } }))
  assert.equal(refusal?.code, 'driver-from-run')
})

test('apt may remove parts of the driver, but nothing else, and may not install a kernel', async () => {
  const after = (line: string): GpuHost =>
    node(['550.163.01-2'], { programs: { 'apt-get -s': { stdout: `${line}\n` } } })
  assert.equal((await planOf(after('Remv libnvidia-rtcore [535.261.03-1]'))).refusal, undefined)
  assert.match(
    (await planOf(after('Remv nvidia-cuda-toolkit [11.8]'))).refusal?.message ?? '',
    /would remove nvidia-cuda-toolkit$/,
  )
  assert.match(
    (await planOf(after('Inst proxmox-kernel-6.14 (6.14.8-2 Proxmox [amd64])'))).refusal?.message ?? '',
    /would install a kernel: proxmox-kernel-6\.14$/,
  )
})

test('if apt needs the pin to choose the versions of dependencies, the pin comes first', async () => {
  const unmet = {
    code: 100,
    stdout: 'The following packages have unmet dependencies:\n libcuda1 : Depends: libnvidia-gpucomp\n',
  }
  const given = { programs: { 'apt-get -s': unmet } }
  const first = await planOf(node(['550.163.01-2'], given))
  assert.deepEqual([words(first), first.stage], [[packagesPinFile], 'pin the driver packages'])
  const pinned = { ...given, files: { [packagesPinFile]: packagesPin(version) } }
  assert.equal((await planOf(node(['550.163.01-2'], pinned))).refusal?.code, 'unmet-dependencies')
})
