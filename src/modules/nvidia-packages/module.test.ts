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
    kernels: [],
    foreign: 'refuse',
    directory: '/var/cache/gpuplay',
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
    return action.argv.slice(action.argv.lastIndexOf('install')).join(' ')
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
  // The helper lets apt-get install the versions before if this fails.
  const line = run?.kind === 'run' ? run.argv.join(' ') : ''
  assert.match(
    line,
    /^\/usr\/local\/lib\/gpuplay\/nvidia-driver install 550\.163\.01 535\.261\.03 apt-get -y .* install libcuda1=535\.261\.03-1 libnvidia-ml1=535\.261\.03-1 nvidia-kernel-dkms=535\.261\.03-1 nvidia-smi=535\.261\.03-1 -- apt-get -y /,
  )
})

test('packages that a failed change left unconfigured are finished, or replaced without that', async () => {
  const broken = rows.map((row) => row.replace('installed nvidia-kernel', 'half-configured nvidia-kernel'))
  const given = node(['550.163.01-2', '535.261.03-1'], {
    files: { [packagesPinFile]: packagesPin('535.261.03') },
    programs: { 'dpkg-query': { stdout: broken.map((row) => `${row}\n`).join('') } },
  })
  const finish = await planOf(given, { version: '535.261.03' })
  assert.equal(finish.stage, 'finish an interrupted installation')
  const replaced = await planOf(given)
  assert.match(words(replaced).at(-1) ?? '', /nvidia-kernel-dkms=550\.163\.01-2/)
  // Which version was there before the failed change is not certain.
  const [, run] = replaced.actions
  assert.deepEqual(run?.kind === 'run' && run.argv.slice(1, 5), ['install', version, '--', 'apt-get'])
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

/** Where DKMS has the sources of Debian's packages, and has installed modules for these kernels. */
function built(kernels: readonly string[], more: GpuHost = {}): GpuHost {
  const tree = 'nvidia-current/535.261.03'
  const status = kernels.map((kernel) => `${tree}, ${kernel}, x86_64: installed\n`)
  return node([], {
    ...more,
    files: {
      [packagesPinFile]: packagesPin('535.261.03'),
      [`/var/lib/dkms/${tree}/source/dkms.conf`]: '',
      '/lib/modules/6.8.12-10-pve/build/Makefile': '',
      ...more.files,
    },
    programs: { 'dkms status': { stdout: status.join('') || `${tree}: added\n` }, ...more.programs },
  })
}

test('what DKMS has not built for a kernel is built', async () => {
  const [running, newer] = ['6.8.12-9-pve', '6.8.12-10-pve']
  const given = { version: '535.261.03', kernels: [running, newer] }
  const lines = async (kernels: readonly string[], args: Partial<Args> = {}): Promise<readonly string[]> =>
    (await planOf(built(kernels), { ...given, ...args })).actions.map((action) =>
      action.kind === 'run' ? action.argv.join(' ') : action.kind,
    )
  const forNewer = `/usr/local/lib/gpuplay/nvidia-driver build 535.261.03 ${newer}`
  assert.deepEqual(await lines([]), [`dkms install -m nvidia-current -v 535.261.03 -k ${running}`, forNewer])
  assert.deepEqual(await lines([running]), [forNewer])
  assert.deepEqual(await lines([running], { kernels: [running] }), [])
  assert.deepEqual(await lines([running, newer]), [])
  assert.deepEqual(await lines([], { install: false }), [])
})

const secureBoot = {
  '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c':
    '\u0006\u0000\u0000\u0000\u0001',
}

test('with Secure Boot, nothing is installed without an enrolled key, and unsigned modules are built again', async () => {
  const refused = await planOf(node(['550.163.01-2'], { files: secureBoot }))
  assert.equal(refused.refusal?.code, 'secure-boot')
  const [running] = ['6.8.12-9-pve']
  const enrolled = {
    files: { ...secureBoot, '/var/lib/dkms/mok.pub': 'certificate', '/var/lib/dkms/mok.key': 'key' },
    programs: {
      'mokutil --test-key': { code: 1, stdout: '/var/lib/dkms/mok.pub is already enrolled\n' },
      'modinfo -k 6.8.12-9-pve -F signer nvidia-current': { stdout: '' },
    },
  }
  const plan = await planOf(built([running], enrolled), { version: '535.261.03' })
  assert.deepEqual(
    plan.actions.map((action) => action.kind === 'run' && action.argv.join(' ')),
    ['build', 'install'].map((verb) => `dkms ${verb} --force -m nvidia-current -v 535.261.03 -k ${running}`),
  )
})

test('a driver from a .run is replaced only where that is allowed, with a way back to it', async () => {
  const runfile = '/var/cache/gpuplay/NVIDIA-Linux-x86_64-580.95.05.run'
  const files = { '/var/lib/nvidia/log': '1.0-1 (580.95.05)\n', [`${runfile}.sha256`]: 'a' }
  assert.equal((await planOf(node([], { files }))).refusal?.code, 'driver-from-run')
  const bare = ['libcuda1', 'nvidia-smi', 'nvidia-kernel-dkms']
  const given = node(['550.163.01-2'], { files, programs: { 'dpkg-query': { code: 1 } } }, bare)
  const { actions, refusal } = await planOf(given, { foreign: 'remove' })
  assert.equal(refusal, undefined)
  const [, run] = actions
  assert.match(
    run?.kind === 'run' ? run.argv.join(' ') : '',
    /nvidia-driver install 550\.163\.01 580\.95\.05 \S+580\.95\.05\.run --silent .* -- apt-get -y/,
  )
  const mixed = await planOf(node(['550.163.01-2'], { files }), { foreign: 'remove' })
  assert.match(mixed.refusal?.hint ?? '', /^packages are installed as well/)
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
