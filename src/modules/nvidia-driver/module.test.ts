import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Unknown, UnknownError } from '../../base/unknown.ts'
import type { Host } from '../../host/host.ts'
import type { Plan } from '../../host/plan.ts'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
import { sha256 } from '../testing/fake-host.ts'
import type { Args } from './args.ts'
import { nvidiaDriver } from './module.ts'

const version = '580.95.05'
const runfile = `/var/cache/gpuplay/NVIDIA-Linux-x86_64-${version}.run`
const cache = {
  [runfile]: 'a driver',
  [`${runfile}.sha256`]: `${sha256('a driver')}  NVIDIA-Linux-x86_64-${version}.run\n`,
}
const records = (installed: string): Record<string, string> => ({
  '/var/lib/nvidia/log': `1.0-5 (${installed})\nNVIDIA Accelerated Graphics Driver for Linux-x86_64 (${installed})\n`,
})
const libraries = '/usr/lib/x86_64-linux-gnu'
const links = {
  [`${libraries}/libnvidia-ml.so.1`]: `libnvidia-ml.so.${version}`,
  [`${libraries}/libcuda.so.1`]: `libcuda.so.${version}`,
}
const registered = { 'dkms status': { stdout: `nvidia/${version}, 6.8.12-9-pve, x86_64: installed\n` } }
const noDkms = { 'dkms status': { stdout: '' } }
const source = { [`/usr/src/nvidia-${version}/dkms.conf`]: '' }

async function planOf(given: GpuHost, more: Partial<Args> = {}): Promise<Plan> {
  const args: Args = {
    version,
    runfile,
    module_type: 'open',
    enforce_type: false,
    kernels: [],
    timeout: 3600,
    ...more,
  }
  const whole = { links, ...given, files: { '/usr/bin/nvidia-smi': '', ...given.files } }
  return nvidiaDriver.plan(args, await nvidiaDriver.probe(args, gpuHost(whole)))
}

function commands({ actions }: Plan): readonly string[] {
  return actions.map((action) => (action.kind === 'run' ? action.argv.join(' ') : action.kind))
}

test('on a new node the installer runs detached, with options of its version, and a restart would load the driver', async () => {
  const plan = await planOf({ files: cache })
  assert.deepEqual(commands(plan), [
    `sh ${runfile} --silent --no-x-check --no-opengl-files --no-distro-scripts --dkms --no-install-compat32-libs --no-rebuild-initramfs --skip-module-load --kernel-module-type=open`,
  ])
  const [install] = plan.actions
  assert.equal(install?.kind === 'run' ? install.detached?.name : '', 'nvidia-installer')
  assert.deepEqual(
    install?.effects?.filter((effect) => effect.kind === 'kernelModule'),
    [{ kind: 'kernelModule', name: 'nvidia', becomes: { loaded: true, version }, afterBoot: true }],
  )
})

test('another kernel or other options make another job', async () => {
  const fingerprint = async (given: GpuHost, more: Partial<Args> = {}): Promise<string | undefined> => {
    const [action] = (await planOf({ files: cache, ...given }, more)).actions
    return action?.kind === 'run' ? action.detached?.fingerprint : undefined
  }
  const first = await fingerprint({})
  assert.equal(await fingerprint({}), first)
  assert.notEqual(await fingerprint({ release: '6.8.12-10-pve' }), first)
  assert.notEqual(await fingerprint({}, { module_type: 'proprietary' }), first)
})

test('for an installed driver that DKMS has registered, nothing is planned', async () => {
  assert.deepEqual((await planOf({ files: records(version), programs: registered })).actions, [])
})

test('a driver of removed packages that is still loaded is installed', async () => {
  const given = { files: cache, modules: { nvidia: { version } }, programs: noDkms }
  assert.deepEqual(commands(await planOf(given)), [])
  assert.match(commands(await planOf({ ...given, links: {} })).join(), /nvidia-driver install \S+ -- sh /)
})

test('a driver whose user-space files were removed with packages is installed again', async () => {
  const plan = await planOf({
    files: { ...records(version), ...cache },
    links: { [`${libraries}/libcuda.so.1`]: `libcuda.so.${version}` },
    modules: { nvidia: { version } },
    programs: registered,
  })
  assert.match(
    commands(plan)[0] ?? '',
    /^\S+nvidia-driver install 580\.95\.05 -- sh .* --allow-installation-with-running-driver/,
  )
})

test('for a new kernel, the installed driver is built but not installed again', async () => {
  const plan = await planOf({
    files: { ...records(version), ...source },
    programs: registered,
    release: '6.11.0-1-pve',
  })
  assert.deepEqual(commands(plan), [`dkms install -m nvidia -v ${version} -k 6.11.0-1-pve`])
})

test('a driver that the installer could not register with DKMS is refused, unless it is loaded', async () => {
  const given = { files: records(version), programs: noDkms }
  assert.equal((await planOf(given)).refusal?.code, 'dkms-not-registered')
  const loaded = await planOf({ ...given, modules: { nvidia: { version } } })
  assert.equal(loaded.refusal, undefined)
  assert.match(loaded.warnings[0] ?? '', /not registered with DKMS/)
})

test('a loaded driver of the right version from another source is not changed', async () => {
  const plan = await planOf({ files: cache, programs: noDkms, modules: { nvidia: { version } } })
  assert.deepEqual(plan.actions, [])
  assert.equal(plan.refusal, undefined)
})

test('if another driver is loaded, a newer installer gets the option for it, and an older one is refused', async () => {
  const modules = { nvidia: { version: '570.207' } }
  assert.match(
    commands(await planOf({ files: cache, modules }))[0] ?? '',
    /nvidia-driver install 580\.95\.05 -- sh .*--allow-installation-with-running-driver$/,
  )
  const old = '535.216.01'
  assert.equal((await planOf({ files: cache, modules }, { version: old })).refusal?.code, 'driver-in-use')
})

test('the driver that is replaced is named with its installer, if that is in the cache', async () => {
  const before = '570.207'
  const given: GpuHost = {
    files: { ...cache, ...records(before) },
    modules: { nvidia: { version: before } },
    programs: { modinfo: { stdout: 'NVIDIA\n' } },
  }
  const old = `/var/cache/gpuplay/NVIDIA-Linux-x86_64-${before}.run`
  const kept = { ...given, files: { ...given.files, [old]: '', [`${old}.sha256`]: '' } }
  const [command = ''] = commands(await planOf(kept))
  assert.ok(
    command.startsWith(`/usr/local/lib/gpuplay/nvidia-driver install ${version} ${before} ${old} --silent `),
  )
  assert.match(
    command,
    / --kernel-module-type=proprietary --allow-installation-with-running-driver -- sh \S+580\.95\.05\.run .*--kernel-module-type=open/,
  )
  assert.match(commands(await planOf(given))[0] ?? '', /nvidia-driver install 580\.95\.05 -- sh /)
})

test('nouveau, a missing file, a damaged file and a full disk are refused with the cause', async () => {
  const code = async (given: GpuHost): Promise<string | undefined> => (await planOf(given)).refusal?.code
  assert.equal(await code({ files: cache, modules: { nouveau: {} } }), 'nouveau-loaded')
  assert.equal(await code({}), 'runfile-missing')
  assert.equal(await code({ files: { ...cache, [runfile]: 'a drivel' } }), 'runfile-checksum-mismatch')
  assert.equal(await code({ files: cache, space: 10 }), 'no-space')
})

test('another type of kernel modules is installed only on request', async () => {
  const given = {
    files: { ...cache, ...records(version) },
    programs: { ...registered, modinfo: { stdout: 'NVIDIA\n' } },
  }
  assert.deepEqual((await planOf(given)).actions, [])
  assert.match(commands(await planOf(given, { enforce_type: true }))[0] ?? '', /--kernel-module-type=open/)
})

const secure = {
  '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c':
    '\u0006\u0000\u0000\u0000\u0001',
  '/var/lib/dkms/mok.key': 'key',
  '/var/lib/dkms/mok.pub': 'certificate',
}
const enrolled = { 'mokutil --test-key': { code: 1, stdout: '/var/lib/dkms/mok.pub is already enrolled\n' } }

test('with Secure Boot, the installers of the new and of the previous driver sign with the key of DKMS', async () => {
  const before = '570.207'
  const old = `/var/cache/gpuplay/NVIDIA-Linux-x86_64-${before}.run`
  const given: GpuHost = {
    files: { ...cache, ...records(before), ...secure, [old]: '', [`${old}.sha256`]: '' },
    modules: { nvidia: { version: before } },
    programs: enrolled,
  }
  const [command = ''] = commands(await planOf(given))
  const [previous = '', current = ''] = command.split(' -- ')
  for (const part of [previous, current])
    assert.match(
      part,
      / --module-signing-secret-key=\/var\/lib\/dkms\/mok\.key --module-signing-public-key=\/var\/lib\/dkms\/mok\.pub/,
    )
})

test('with Secure Boot, nothing is installed before the key is enrolled', async () => {
  const requested = { 'mokutil --test-key': { stdout: 'mok.pub is already in the enrollment request\n' } }
  for (const programs of [requested, { mokutil: { stdout: 'mok.pub is not enrolled\n' } }]) {
    const { refusal } = await planOf({ files: { ...cache, ...secure }, programs })
    assert.equal(refusal?.code, 'secure-boot')
  }
})

test('a dry run that reboots the node first predicts the installation, although it cannot read the firmware', async () => {
  const args: Args = {
    version,
    runfile,
    module_type: 'open',
    enforce_type: false,
    kernels: [],
    timeout: 3600,
  }
  const host = gpuHost({ files: cache })
  const hash: Host['hash'] = (path) =>
    path.startsWith('/sys/') ? Promise.reject(new UnknownError(new Unknown('it reboots'))) : host.hash(path)
  const plan = nvidiaDriver.plan(args, await nvidiaDriver.probe(args, { ...host, hash }))
  assert.equal(commands(plan).length, 1)
})

test('with Secure Boot, modules without a signature are built again for each kernel, and signed ones are not', async () => {
  const status = ['9', '10', '11'].map((n) => `nvidia/${version}, 6.8.12-${n}-pve, x86_64: installed\n`)
  const given: GpuHost = {
    files: { ...records(version), ...secure },
    programs: {
      ...enrolled,
      'dkms status': { stdout: status.join('') },
      'modinfo -k 6.8.12-9-pve -F signer': { stdout: '\n' },
      'modinfo -k 6.8.12-10-pve -F signer': { stdout: 'DKMS module signing key\n' },
      'modinfo -k 6.8.12-11-pve -F signer': { stdout: '\n' },
    },
  }
  assert.deepEqual(commands(await planOf(given)), [
    `dkms build --force -m nvidia -v ${version} -k 6.8.12-9-pve`,
    `dkms install --force -m nvidia -v ${version} -k 6.8.12-9-pve`,
    `dkms build --force -m nvidia -v ${version} -k 6.8.12-11-pve`,
    `dkms install --force -m nvidia -v ${version} -k 6.8.12-11-pve`,
  ])
  const off = { ...given, files: records(version) }
  assert.deepEqual(commands(await planOf(off)), [])
})

test('with Secure Boot, a module that is built but not installed is built again, since it may be unsigned', async () => {
  const built = { 'dkms status': { stdout: `nvidia/${version}, 6.8.12-9-pve, x86_64: built\n` } }
  const files = { ...records(version), ...source }
  const plan = await planOf({ files: { ...files, ...secure }, programs: { ...built, ...enrolled } })
  assert.match(commands(plan)[0] ?? '', /^dkms build --force /)
  assert.match(commands(await planOf({ files, programs: built }))[0] ?? '', /^dkms install -m /)
})

const newer = '6.8.12-10-pve'
const optIn = '6.14.8-2-bpo12-pve'
const headersOf = (...kernels: readonly string[]): Record<string, string> =>
  Object.fromEntries(kernels.map((kernel) => [`/lib/modules/${kernel}/build`, '']))
const build = (kernel: string): string => `/usr/local/lib/gpuplay/nvidia-driver build ${version} ${kernel}`
const kernels = ['6.8.12-9-pve', newer, optIn]

test('the driver is also built for other kernels, if they do not have it', async () => {
  // On a new node, an earlier task installs the headers.
  const first = commands(await planOf({ files: cache }, { kernels }))
  assert.match(first[0] ?? '', /^sh /)
  assert.deepEqual(first.slice(1), [build(newer), build(optIn)])

  const files = { ...records(version), ...source, ...headersOf(newer, optIn) }
  assert.deepEqual(commands(await planOf({ files, programs: registered }, { kernels })), [
    build(newer),
    build(optIn),
  ])
  assert.deepEqual(commands(await planOf({ files, programs: registered })), [])
  const line = (kernel: string): string => `nvidia/${version}, ${kernel}, x86_64: installed\n`
  const programs = { 'dkms status': { stdout: line('6.8.12-9-pve') + line(newer) + line(optIn) } }
  assert.deepEqual(commands(await planOf({ files, programs }, { kernels })), [])
})

test('a kernel without headers, or for which the build has failed, is named and not built again', async () => {
  const files = {
    ...records(version),
    ...source,
    ...headersOf(newer),
    [`/run/gpuplay/nvidia-build-failed/${newer}`]: `${version} DKMS exited with 10\n`,
  }
  const plan = await planOf({ files, programs: registered }, { kernels })
  assert.deepEqual(plan.actions, [])
  assert.deepEqual(plan.warnings, [
    `kernel ${newer} has no module of driver ${version}: DKMS exited with 10. To build again, remove /run/gpuplay/nvidia-build-failed/${newer} on the node`,
    `kernel ${optIn} gets no module: its headers are not installed`,
  ])
})

test('a driver whose source is not on the node is not built for other kernels', async () => {
  const files = { ...cache, ...headersOf(newer) }
  const given = { files, programs: noDkms, modules: { nvidia: { version } } }
  assert.deepEqual(commands(await planOf(given, { kernels })), [])
})

test('with Secure Boot, unsigned modules are built again, and kernels without the driver get it', async () => {
  const files = { ...records(version), ...source, ...secure, ...headersOf(newer) }
  const unsigned = { 'modinfo -k 6.8.12-9-pve -F signer': { stdout: '\n' } }
  const plan = await planOf(
    { files, programs: { ...registered, ...enrolled, ...unsigned } },
    { kernels: ['6.8.12-9-pve', newer] },
  )
  assert.deepEqual(commands(plan), [
    `dkms build --force -m nvidia -v ${version} -k 6.8.12-9-pve`,
    `dkms install --force -m nvidia -v ${version} -k 6.8.12-9-pve`,
    build(newer),
  ])
})
