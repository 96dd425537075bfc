import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Host } from '../../host/host.ts'
import type { Plan } from '../../host/plan.ts'
import { packagesPin, packagesPinFile } from '../../nvidia/packaged-driver.ts'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
import { assertHas } from '../testing/has.ts'
import type { Args } from './args.ts'
import { nvidiaUserspace } from './module.ts'

const version = '580.95.05'
const sha256 = 'a'.repeat(64)
const runfile = `/var/cache/gpuplay/NVIDIA-Linux-x86_64-${version}.run`
const debian = {
  '/etc/os-release': 'ID=debian\nPRETTY_NAME="Debian GNU/Linux 12"\n',
}
const programs = { 'dpkg --print-architecture': { stdout: 'amd64\n' } }

function installed(at: string): GpuHost {
  const libraries = '/usr/lib/x86_64-linux-gnu'
  return {
    files: {
      ...debian,
      '/usr/bin/nvidia-smi': '',
      '/var/lib/nvidia/log': `1.0-1 (${at})\n`,
    },
    links: {
      [`${libraries}/libnvidia-ml.so.1`]: `libnvidia-ml.so.${at}`,
      [`${libraries}/libcuda.so.1`]: `libcuda.so.${at}`,
    },
    programs,
  }
}

interface Scene {
  readonly inside?: GpuHost
  readonly node?: GpuHost
  readonly kmod?: boolean
  readonly running?: boolean
  readonly args?: Partial<Args>
}

async function look({
  inside = { files: debian, programs },
  node,
  kmod = true,
  running = true,
  args,
}: Scene): Promise<Plan> {
  const given: Args = {
    source: 'run',
    directory: '/var/cache/gpuplay',
    capabilities: ['compute', 'utility', 'video'],
    foreign: 'refuse',
    proxy: '',
    wait: 120,
    timeout: 900,
    ...args,
  }
  const container = {
    status: running ? 'running' : 'stopped',
    config: '',
    pid: running ? 7 : undefined,
  } as const
  const host: Host = {
    ...gpuHost(inside),
    package: async () => ({ installed: kmod ? '30-1' : undefined, status: '' }),
    node: gpuHost({
      modules: { nvidia: { version } },
      files: { [runfile]: 'x', [`${runfile}.sha256`]: `${sha256}  NVIDIA-Linux-x86_64-${version}.run\n` },
      containers: { 101: container },
      ...node,
    }),
    placement: { ctid: '101', nodeName: undefined, cluster: undefined },
  }
  return nvidiaUserspace.plan(given, await nvidiaUserspace.probe(given, host))
}

function words({ actions }: Plan): readonly string[] {
  return actions.map((action) => {
    if (action.kind === 'run') return action.argv.join(' ')
    return 'path' in action ? `${action.kind} ${action.path}` : action.kind
  })
}

test('the version of the node leaves nothing to do', async () => {
  assert.deepEqual((await look({ inside: installed(version) })).actions, [])
})

test('a bare container gets kmod first, then push, installer and removal as one plan', async () => {
  assert.equal((await look({ kmod: false })).stage, 'update the package lists')
  const stamp = '/var/lib/apt/periodic/update-success-stamp'
  const updated = {
    ...programs,
    [`find ${stamp} -maxdepth 0 -newermt`]: { stdout: stamp },
    'apt-cache policy kmod': { stdout: 'kmod:\n  Installed: (none)\n  Candidate: 30-1\n' },
    'apt-get -s -y --no-install-recommends install kmod': { stdout: 'Inst kmod (30-1 Debian [amd64])\n' },
  }
  const first = await look({ kmod: false, inside: { files: debian, programs: updated } })
  assert.equal(first.stage, 'install kmod')
  assertHas(first.actions, [
    { effects: [{ kind: 'package', name: 'kmod', becomes: { installed: '30-1' } }, {}] },
  ])
  const then = await look({})
  assert.equal(then.stage, undefined)
  assert.deepEqual(
    then.actions.map(({ kind }) => kind),
    ['makeDirectory', 'push', 'run', 'remove'],
  )
  const [folder, push, run] = then.actions
  assert.deepEqual(folder, { kind: 'makeDirectory', path: '/var/lib/gpuplay/v1/work', mode: '0700' })
  assert.equal(push?.kind === 'push' && push.sha256, sha256)
  assert.match(words({ ...then, actions: run ? [run] : [] }).join(), /--no-kernel-module .*--no-opengl-files/)
})

test('another version is exchanged, and a broken installation of the same one cleaned up first', async () => {
  assert.match(
    words(await look({ inside: installed('570.86.16') }))[2] ?? '',
    /^sh \/var\/lib\/gpuplay\/v1\/work\/NVIDIA/,
  )
  const broken = installed(version)
  const half = { ...broken, links: {}, files: { ...broken.files, '/usr/bin/nvidia-uninstall': '' } }
  assert.equal(words(await look({ inside: half }))[0], '/usr/bin/nvidia-uninstall --silent')
})

test('graphics is installed where it is asked for and missing', async () => {
  const plan = await look({ inside: installed(version), args: { capabilities: ['compute', 'graphics'] } })
  assert.doesNotMatch(words(plan).join(), /--no-opengl-files/)
  assert.equal(plan.actions.length, 4)
})

test('files left by an earlier run are removed', async () => {
  const left = installed(version)
  const plan = await look({
    inside: { ...left, files: { ...left.files, '/var/lib/gpuplay/v1/work/NVIDIA-Linux-x86_64-1.run': '' } },
  })
  assert.deepEqual(words(plan), ['remove /var/lib/gpuplay/v1/work/NVIDIA-Linux-x86_64-1.run'])
})

test('a stopped container is left alone, a starting one waited for', async () => {
  assert.deepEqual((await look({ running: false })).actions, [])
  const starting = {
    files: debian,
    programs: { ...programs, 'systemctl is-system-running': { stdout: 'starting\n', code: 1 } },
  }
  assert.match((await look({ inside: starting })).settle?.why ?? '', /starting/)
})

test('an impossible installation is refused with its reason', async () => {
  const code = async (scene: Scene): Promise<string | undefined> => (await look(scene)).refusal?.code
  const os = (text: string): GpuHost => ({ files: { ...debian, '/etc/os-release': text }, programs })
  assert.equal(await code({ node: { modules: {} } }), 'no-driver-on-node')
  assert.equal(await code({ inside: os('ID=alpine\n') }), 'no-glibc')
  assert.equal(await code({ inside: os('ID=fedora\n') }), 'not-debian')
  assert.equal(
    await code({ inside: { files: debian, programs: { 'dpkg --print-architecture': { stdout: 'arm64' } } } }),
    'wrong-architecture',
  )
  assert.equal(await code({ node: { files: {} } }), 'runfile-missing')
  assert.equal(
    await code({
      node: { files: { [runfile]: 'x'.repeat(50), [`${runfile}.sha256`]: sha256 } },
      inside: { files: debian, programs, space: 100 },
    }),
    'no-space',
  )
})

test('packages of a driver are refused, or purged when nothing else goes with them', async () => {
  const packaged = (removed: string): GpuHost => ({
    files: debian,
    programs: {
      ...programs,
      'dpkg-query': { stdout: 'installed nvidia-utils-570\n' },
      'apt-get -s -y purge nvidia-utils-570': { stdout: `Purg nvidia-utils-570 [1]\n${removed}` },
    },
  })
  assert.equal((await look({ inside: packaged('') })).refusal?.code, 'foreign-driver')
  const purge = await look({ inside: packaged(''), args: { foreign: 'remove' } })
  assert.match(words(purge).join(), /purge nvidia-utils-570$/)
  assert.equal(purge.stage, 'remove the packaged driver')
  const more = await look({ inside: packaged('Remv blender [3]\n'), args: { foreign: 'remove' } })
  assert.match(more.refusal?.message ?? '', /would also remove blender/)
})

const packageNames = ['libcuda1', 'libnvcuvid1', 'libnvidia-encode1', 'libnvidia-ml1', 'nvidia-smi']
const mirror = 'http://mirror.example/debian trixie/non-free amd64 Packages'

/** A container whose repositories offer these versions, and have installed one of them. */
function withPackages(
  { offered, has }: { readonly offered: readonly string[]; readonly has?: string },
  more: GpuHost = {},
): GpuHost {
  const lines = (text: (name: string) => string): string => packageNames.map(text).join('')
  const stamp = '/var/lib/apt/periodic/update-success-stamp'
  const there: GpuHost = has === undefined ? {} : installed(has)
  const { '/var/lib/nvidia/log': _, ...files } = there.files ?? {}
  return {
    ...more,
    files: { ...debian, ...files, ...more.files },
    links: there.links ?? {},
    programs: {
      ...programs,
      'dpkg-query': { stdout: has === undefined ? '' : lines((name) => `installed ${name} ${has}-1\n`) },
      'apt-cache madison': {
        stdout: lines((name) => offered.map((one) => `${name} | ${one}-1 | ${mirror}\n`).join('')),
      },
      'apt-cache policy': {
        stdout: lines((name) => `${name}:\n  Installed: (none)\n  Candidate: ${offered[0] ?? '(none)'}-1\n`),
      },
      [`find ${stamp} -maxdepth 0 -newermt`]: { stdout: stamp },
      'apt-get -s': { stdout: `Inst libcuda1 (${version}-1 Debian [amd64])\n` },
      ...more.programs,
    },
  }
}

const fromPackages = { source: 'apt', foreign: 'refuse' } as const
const pinned = { files: { [packagesPinFile]: packagesPin(version) } }

test('packages are installed in the version of the node, pinned to it, and without kernel modules', async () => {
  const args = fromPackages
  const plan = await look({ args, inside: withPackages({ offered: ['590.48.01', version] }) })
  assert.deepEqual(
    words(plan).map((line) => line.replace(/.* install /, '')),
    [
      `writeFile ${packagesPinFile}`,
      ['libcuda1', 'nvidia-smi', 'libnvcuvid1', 'libnvidia-encode1']
        .map((name) => `${name}=${version}-1`)
        .join(' '),
    ],
  )
  const there = withPackages({ offered: [], has: version }, pinned)
  assert.deepEqual((await look({ args, inside: there })).actions, [])
  const bringing = { 'apt-get -s': { stdout: 'Inst nvidia-kernel-dkms (580.95.05-1 Debian [amd64])\n' } }
  const brings = withPackages({ offered: [version] }, { programs: bringing })
  assert.match(
    (await look({ args, inside: brings })).refusal?.message ?? '',
    /would install kernel modules: nvidia-kernel-dkms$/,
  )
})

test('packages of another version move to that of the node', async () => {
  const inside = withPackages({ offered: [version, '570.86.16'], has: '570.86.16' })
  const plan = await look({ args: fromPackages, inside })
  assert.match(words(plan).at(-1) ?? '', /install libcuda1=580\.95\.05-1 .* nvidia-smi=580\.95\.05-1/)
})

test('a version that the container is not offered is refused with those that are', async () => {
  const args = fromPackages
  const { refusal } = await look({ args, inside: withPackages({ offered: ['590.48.01', '570.86.16'] }) })
  assert.equal(refusal?.message, 'no configured repository offers libcuda1 in version 580.95.05')
  assert.match(refusal.hint ?? '', /repositories offer 590\.48\.01, 570\.86\.16: /)
})

test('a driver of the other source is replaced only where that is allowed', async () => {
  const run = installed(version)
  const inside = withPackages(
    { offered: [version], has: version },
    { files: { ...run.files, '/usr/bin/nvidia-uninstall': '', ...pinned.files } },
  )
  assert.equal((await look({ args: fromPackages, inside })).refusal?.code, 'driver-from-run')
  const removal = await look({ args: { ...fromPackages, foreign: 'remove' }, inside })
  assert.deepEqual(
    [words(removal), removal.stage],
    [['/usr/bin/nvidia-uninstall --silent'], 'remove the driver of a .run'],
  )
  // The uninstaller has removed files of the packages.
  const damaged = { ...withPackages({ offered: [version], has: version }, pinned), links: {} }
  assert.match(words(await look({ args: fromPackages, inside: damaged })).join(), /--reinstall .*libcuda1=/)

  const packaged = withPackages({ offered: [], has: version })
  const kept = await look({ inside: packaged })
  assert.deepEqual([kept.actions, kept.refusal], [[], undefined])
  assert.match(kept.warnings.join(), /^driver 580\.95\.05 is from packages: libcuda1, /)
  const purging = {
    ...packaged,
    programs: { ...packaged.programs, 'apt-get -s': { stdout: 'Purg libcuda1 [580]\n' } },
  }
  const purge = await look({ inside: purging, args: { foreign: 'remove' } })
  assert.equal(purge.stage, 'remove the packaged driver')
})
