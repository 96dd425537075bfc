import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Unknown } from '../../base/unknown.ts'
import type { Host } from '../../host/host.ts'
import type { Plan } from '../../host/plan.ts'
import { fakeNode } from '../../nvidia/testing/fake-node.ts'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
import type { Args } from './args.ts'
import { cudaToolkit } from './module.ts'

const repository = 'https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64'
const key = '/usr/share/keyrings/cuda-archive-keyring.gpg'
const list = '/etc/apt/sources.list.d/cuda-debian12-x86_64.list'
const good = { [list]: `deb [signed-by=${key}] ${repository}/ /\n`, [key]: 'key' }
const lists = {
  '/var/lib/apt/lists/developer.download.nvidia.com_compute_cuda_repos_debian12_x86%5f64_Packages': '',
}
const simulation = 'apt-get -s -y --no-install-recommends install cuda-toolkit-12-8'
const stamp = '/var/lib/apt/periodic/update-success-stamp'
/** apt's lists were updated a moment ago. */
const fresh = { [`find ${stamp} -maxdepth 0 -newermt`]: { stdout: stamp } }

/** What apt offers, in version 1. */
function offers(...names: readonly string[]): GpuHost['programs'] {
  const stdout = names.map((name) => `${name}:\n  Installed: (none)\n  Candidate: 1\n`).join('')
  return { 'apt-cache policy': { stdout } }
}

const published = ['https://developer.download.nvidia.com/compute/cuda', 'http://mirror.test/cuda'].map(
  (base) => `${base}/repos/debian12/x86_64/cuda-keyring_1.1-1_all.deb`,
)

interface Scene {
  readonly files?: Readonly<Record<string, string>>
  readonly programs?: GpuHost['programs']
  readonly installed?: boolean
  /** Nothing to download with. */
  readonly bare?: boolean
  readonly driver?: string
  readonly system?: string
  /** PCI device id of the container's GPU. */
  readonly device?: string
  readonly args?: Partial<Args>
}

function argsOf(args: Scene['args']): Args {
  return {
    version: '12.8',
    packages: ['cuda-toolkit'],
    install: true,
    compat: 'minor',
    sources: 'disable',
    mirror: '',
    proxy: '',
    wait: 120,
    timeout: 3600,
    ...args,
  }
}

async function look(scene: Scene): Promise<Plan> {
  return cudaToolkit.plan(argsOf(scene.args), await probeOnly(scene))
}

async function probeOnly({
  files = {},
  programs = {},
  installed = false,
  bare = false,
  driver = '580.95.05',
  system,
  device,
  args,
}: Scene): ReturnType<typeof cudaToolkit.probe> {
  const release = system ?? 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\n'
  const host: Host = {
    ...gpuHost({
      files: { '/etc/os-release': release, ...(bare ? {} : certificates), ...files },
      programs: { ...(bare ? {} : fetching), ...programs },
      pages: Object.fromEntries(published.map((page) => [page, { status: 200 }])),
    }),
    package: async () => ({ installed: installed ? '12.8.1-1' : undefined, status: '' }),
    node: gpuHost(
      fakeNode(device === undefined ? [] : [{ pci: '0000:41:00.0', device, driver: 'nvidia' }], {
        modules: { nvidia: { version: driver } },
        files: {
          '/proc/driver/nvidia/gpus/0000:41:00.0/information':
            'GPU UUID: \t GPU-x\nBus Location: \t 0000:41:00.0\nDevice Minor: \t 3\n',
        },
        containers: { 101: { status: 'running', config: 'dev0: /dev/nvidia3\n', pid: 7 } },
      }),
    ),
    placement: { ctid: '101', nodeName: undefined, cluster: undefined },
  }
  return cudaToolkit.probe(argsOf(args), host)
}

const nvcc = { '/usr/local/cuda-12.8/bin/nvcc --version': { stdout: 'release 12.8, V12.8.93' } }
const fetching = { wget: {} }
const certificates = { '/etc/ssl/certs/ca-certificates.crt': 'x' }
const ready = { ...good, ...lists }
const code = async (scene: Scene): Promise<string | undefined> => (await look(scene)).refusal?.code

test('installed with one source leaves nothing to do', async () => {
  const plan = await look({ files: ready, installed: true, programs: nvcc })
  assert.deepEqual([plan.actions, plan.refusal], [[], undefined])
})

test('the repository comes first, then its list, then the packages', async () => {
  assert.equal((await look({})).stage, 'add the repository')
  assert.equal((await look({ files: good })).stage, 'update the package lists')
  const plan = await look({
    files: ready,
    programs: { ...offers('cuda-toolkit-12-8'), [simulation]: { stdout: 'Inst cuda-toolkit-12-8 (1)\n' } },
  })
  assert.equal(plan.stage, undefined)
  assert.equal(plan.actions[0]?.label, 'install cuda-toolkit-12-8')
})

test('conflicting sources are disabled, or refused', async () => {
  const other = '/etc/apt/sources.list.d/mine.list'
  const files = { ...ready, [other]: `deb ${repository} /\n` }
  const [first] = (await look({ files, installed: true, programs: nvcc })).actions
  assert.ok(first?.kind === 'writeFile' && first.backup === true)
  assert.equal(first.path, other)
  assert.deepEqual(first.content, { kind: 'text', text: `# Disabled by gpuplay: deb ${repository} /\n` })
  assert.equal(await code({ files, args: { sources: 'refuse' } }), 'several-cuda-sources')
})

test('a mirror replaces the address of NVIDIA, and the other way round', async () => {
  const mirror = 'http://mirror.test/cuda/repos/'
  const scene = { installed: true, programs: nvcc, args: { mirror } }
  const plan = await look({ ...scene, files: ready })
  assert.equal(plan.actions.length, 0, 'an installed toolkit needs no repository')
  const { actions, stage } = await look({ files: ready, args: { mirror } })
  assert.equal(stage, 'add the repository')
  assert.deepEqual(
    actions.flatMap((action) => (action.kind === 'download' ? [action.url] : [])),
    ['http://mirror.test/cuda/repos/debian12/x86_64/cuda-keyring_1.1-1_all.deb'],
  )
  const write = actions.find((action) => action.kind === 'writeFile')
  const text = `deb [signed-by=${key}] http://mirror.test/cuda/repos/debian12/x86_64/ /\n`
  assert.deepEqual(write?.content, { kind: 'text', text })
  const written = { ...ready, [list]: text }
  assert.equal((await look({ files: written, args: { mirror } })).stage, 'update the package lists')
  const back = await look({ files: written })
  assert.equal(back.stage, 'add the repository')
  const entry = back.actions.find((action) => action.kind === 'writeFile')
  assert.deepEqual(entry?.content, { kind: 'text', text: good[list] })
})

test('a missing key adds the repository again', async () => {
  assert.equal((await look({ files: { [list]: good[list] ?? '', ...lists } })).stage, 'add the repository')
})

test('no driver comes in, nothing is removed, and a missing candidate is named with what there is', async () => {
  const simulated = (stdout: string, stderr = '', status = 0): Scene => ({
    files: ready,
    programs: { ...offers('cuda-toolkit-12-8'), [simulation]: { stdout, stderr, code: status } },
  })
  assert.equal(await code(simulated('Inst cuda-drivers (1)\n')), 'would-bring-driver')
  assert.equal(await code(simulated('Remv nginx [1]\n')), 'would-remove-others')
  assert.equal(await code(simulated('', 'E: Something new\n', 100)), 'apt-failed')
  const conflict = 'E: Conflicting values set for option Signed-By regarding source https://x/ /: /a != /b\n'
  assert.equal(await code(simulated('', conflict, 100)), 'signed-by-conflict')
  const missing = (
    await look({
      files: { ...ready, [stamp]: '' },
      programs: { ...fresh, 'apt-cache pkgnames': { stdout: 'cuda-toolkit-12-6\ncuda-toolkit-13-0\n' } },
    })
  ).refusal
  assert.equal(missing?.code, 'no-candidate')
  assert.match(missing.hint ?? '', /it has 12\.6, 13\.0/)
})

test('toolkits that the driver or the system cannot have are refused before anything is changed', async () => {
  assert.equal(await code({ driver: '520.61.05' }), 'driver-too-old-for-cuda')
  assert.equal(await code({ driver: '560.35.05', args: { compat: 'strict' } }), 'driver-too-old-for-cuda')
  assert.match((await look({ driver: '560.35.05' })).warnings.join(), /PTX/)
  assert.equal(await code({ system: 'ID=alpine\n' }), 'no-cuda-repository')
  assert.equal(await code({ system: 'ID=debian\nVERSION_ID="13"\n' }), 'no-candidate')
  const unpublished = { system: 'ID=debian\nVERSION_ID="14"\n', args: { version: '13.0' } }
  assert.equal(await code(unpublished), 'no-cuda-repository')
})

test('toolkits that do not fit the GPU of the container are refused', async () => {
  const refusal = async (device: string, version: string): Promise<readonly (string | undefined)[]> => {
    const { refusal: said } = await look({ device, args: { version } })
    return [said?.code, said?.message, said?.hint]
  }
  assert.deepEqual(await refusal('0x1b06', '13.0'), [
    'cuda-too-new-for-gpu',
    'the GPU 0000:41:00.0 of container 101 is Maxwell, Pascal or Volta, which CUDA 13.0 no longer supports',
    'set cuda_toolkit_version to a version before 13.0',
  ])
  assert.deepEqual(await refusal('0x2d04', '12.6'), [
    'cuda-too-old-for-gpu',
    'the GPU 0000:41:00.0 of container 101 is Blackwell or newer, which CUDA 12.6 does not know yet',
    'set cuda_toolkit_version to 12.8 or newer',
  ])
  assert.equal((await look({ device: '0x2d04' })).refusal, undefined)
  assert.equal((await look({ device: '0x1b06' })).refusal, undefined)
})

test('without an installation, only wishes that cannot be are refused, for the GPUs that the container gets', async () => {
  const check = (scene: Scene): Promise<Plan> =>
    look({ bare: true, ...scene, args: { install: false, ...scene.args } })
  const other = ['0000:01:00.0']
  const own = ['0000:41:00.0']
  const codeOf = async (scene: Scene): Promise<string | undefined> => (await check(scene)).refusal?.code
  assert.equal(
    await codeOf({ device: '0x2d04', args: { version: '12.6', gpus: own } }),
    'cuda-too-old-for-gpu',
  )
  assert.equal(await codeOf({ device: '0x2d04', args: { version: '12.6', gpus: other } }), undefined)
  assert.equal(await codeOf({ device: '0x2d04', args: { version: '12.6' } }), 'cuda-too-old-for-gpu')
  const unknown = new Unknown('the driver is loaded first')
  assert.equal(await codeOf({ device: '0x2d04', args: { version: '12.6', gpus: unknown } }), undefined)
  assert.equal(await codeOf({ driver: '520.61.05' }), 'driver-too-old-for-cuda')
  assert.equal(await codeOf({ system: 'ID=debian\nVERSION_ID="13"\n' }), 'no-candidate')
  assert.equal(await codeOf({ system: 'ID=alpine\n' }), 'no-cuda-repository')
  const sources = { files: { ...ready, '/etc/apt/sources.list': `deb ${repository} /\n` } }
  assert.equal(await codeOf({ ...sources, args: { sources: 'refuse' } }), 'several-cuda-sources')
  const stamped = { files: { ...ready, [stamp]: '' }, programs: fresh }
  assert.equal(await code(stamped), 'no-candidate')
  for (const scene of [{}, stamped, sources, { driver: '560.35.05' }]) {
    const { actions, refusal, warnings, settle, stage } = await check(scene)
    assert.deepEqual([actions, refusal, warnings, settle, stage], [[], undefined, [], undefined, undefined])
  }
})

test('a toolkit has programs only if their directory exists', async () => {
  const programs = async (files: Readonly<Record<string, string>>): Promise<unknown> => {
    const seen = await probeOnly({ files: { ...ready, ...files }, installed: true, programs: nvcc })
    return cudaToolkit.report(argsOf({ packages: ['cuda-libraries'] }), seen).programs
  }
  assert.equal(await programs({ '/usr/local/cuda-12.8/bin/nvcc': '' }), true)
  assert.equal(await programs({ '/usr/local/cuda-12.8/lib64/libcudart.so.12': '' }), false)
})

test('a compiler that dpkg knows and that does not run is installed again', async () => {
  const reinstall = 'apt-get -s -y --no-install-recommends --reinstall install cuda-nvcc-12-8'
  const scene = (stdout: string): Scene => ({
    files: { ...ready, [stamp]: '' },
    installed: true,
    programs: { ...fresh, ...offers('cuda-nvcc-12-8'), [reinstall]: { stdout } },
  })
  const { actions } = await look(scene('Inst cuda-nvcc-12-8 [12.8.93-1] (12.8.93-1)\n'))
  assert.deepEqual(
    actions.map((action) => action.kind === 'run' && action.argv.slice(-4)),
    [['--no-install-recommends', '--reinstall', 'install', 'cuda-nvcc-12-8']],
  )
  const gone = 'Reinstallation of cuda-nvcc-12-8 is not possible, it cannot be downloaded.\n'
  assert.equal(await code(scene(gone)), 'no-candidate')
})

test('download tools are installed first, after apt works again', async () => {
  const simulated = 'apt-get -s -y --no-install-recommends install curl ca-certificates'
  const other = { '/etc/apt/sources.list.d/mine.list': `deb ${repository} /\n` }
  const bare = (scene: Scene): Promise<Plan> => look({ bare: true, ...scene })
  assert.equal((await bare({ files: other })).stage, 'disable other sources')
  assert.equal((await bare({})).stage, 'update the package lists')
  const updated = { files: { ...lists, [stamp]: '' } }
  assert.equal((await bare({ ...updated, programs: fresh })).refusal?.code, 'no-candidate')
  const plan = await bare({
    ...updated,
    programs: { ...fresh, ...offers('curl', 'ca-certificates'), [simulated]: { stdout: 'Inst curl (1)\n' } },
  })
  assert.equal(plan.stage, 'install download tools')
  assert.deepEqual(plan.actions[0]?.kind === 'run' && plan.actions[0].argv.slice(-2), [
    'curl',
    'ca-certificates',
  ])
})
