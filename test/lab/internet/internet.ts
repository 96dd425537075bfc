/**
 * The simulated internet: a folder for each host name, with real signed apt repositories under the real
 * addresses of NVIDIA and Proxmox (Debian's mirror has a fictitious name), and driver installers under
 * NVIDIA's download addresses.
 */
import { createHash } from 'node:crypto'
import { cpSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from '../cache.ts'
import { buildRunfile } from '../nvidia/runfile.ts'
import { run, until } from '../process.ts'
import { kernels, optInKernels } from '../topology.ts'
import type { World } from '../world.ts'
import { buildPackages } from './build-packages.ts'
import { debianDriverPackages, driverComponents, ubuntuDriverPackages } from './debian-driver.ts'
import { debianPackages } from './debian-packages.ts'
import { containerToolkitPackages, dockerPackages } from './docker-packages.ts'
import { cudaPackages } from './nvidia-packages.ts'
import { proxmoxPackages } from './proxmox-packages.ts'
import type { ServerSettings } from './server-settings.ts'

const here = import.meta.dirname
const recipes = [
  'internet.ts',
  'package.ts',
  'build-packages.ts',
  'sign-repository.sh',
  'debian-packages.ts',
  'debian-driver.ts',
  'docker-packages.ts',
  'time-packages.ts',
  'driver-packages.ts',
  '../../data/driver-packages',
  'proxmox-packages.ts',
  'nvidia-packages.ts',
  '../hardware.ts',
  '../nvidia/cuda-library.ts',
  '../nvidia/cuda-library.c',
]

/** Driver versions that can be downloaded in the lab. */
export const driverVersions = [
  '535.247.01',
  '535.261.03',
  '570.124.06',
  '580.76.05',
  '580.95.05',
  '590.48.01',
] as const

/** Folder with the lab's certificate authority and signing keys (trust.sh). */
export function trust(say: (line: string) => void): Promise<string> {
  return cached(
    {
      kind: 'trust',
      inputs: [join(here, 'trust.sh'), join(here, 'hosts.txt')],
      build: async (directory) => {
        await run([join(here, 'trust.sh'), directory])
      },
    },
    say,
  )
}

/** Folder with the apt repositories as the web server serves them; each host name is a folder in it. */
export function repositories(
  keys: string,
  realPackages: string,
  say: (line: string) => void,
): Promise<string> {
  return cached(
    {
      kind: 'repositories',
      inputs: [...recipes.map((name) => join(here, name)), join(keys, 'ca.crt')],
      salt: [...kernels, ...optInKernels, ...readdirSync(realPackages)].join(' '),
      build: (directory) => buildRepositories(directory, keys, realPackages),
    },
    say,
  )
}

/** Folder with the driver installers, in the same shape. */
export function drivers(say: (line: string) => void): Promise<string> {
  return cached(
    {
      kind: 'drivers',
      inputs: [join(here, '..', 'nvidia')],
      salt: driverVersions.join(' '),
      build: async (directory) => {
        for (const version of driverVersions) await addDriver(directory, version)
      },
    },
    say,
  )
}

/** The first folders win. */
export interface InternetOptions {
  readonly roots: readonly string[]
  readonly keys: string
  /** Additional addresses by host name. */
  readonly names: Readonly<Record<string, string>>
}

/** Starts the name, web and download servers inside the world, and returns when they answer. */
export async function startInternet(world: World, options: InternetOptions): Promise<void> {
  const { internet } = world.network
  const hosts = readFileSync(join(here, 'hosts.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const names = { ...Object.fromEntries(hosts.map((host) => [host, internet])), ...options.names }
  const settings: ServerSettings = { ...options, names, address: internet, state: world.instance.stateDir }
  const file = join(world.instance.stateDir, 'internet.json')
  writeFileSync(file, JSON.stringify(settings, null, 2))
  const argv = [process.execPath, '--import', import.meta.resolve('tsx'), join(here, 'server.ts'), file]
  world.startDaemon(['setsid', ...argv], 'internet.log')
  const ready = join(world.instance.stateDir, 'internet.ready')
  await until('the simulated internet', () => (existsSync(ready) ? true : undefined), { within: 20_000 })
}

async function buildRepositories(directory: string, keys: string, realPackages: string): Promise<void> {
  const debian = join(directory, 'debian.mirror.test/debian')
  const proxmox = join(directory, 'download.proxmox.com/debian/pve')
  const toolkit = join(directory, 'nvidia.github.io/libnvidia-container/stable/deb/amd64')
  const cuda = (distribution: string) =>
    join(directory, 'developer.download.nvidia.com/compute/cuda/repos', distribution, 'x86_64')
  const cudaKey = readFileSync(join(keys, 'cuda.gpg'))
  const sign = (...args: readonly string[]) => run([join(here, 'sign-repository.sh'), keys, ...args])

  await buildPackages(debianPackages, join(debian, 'pool/main'))
  cpSync(realPackages, join(debian, 'pool/main'), { recursive: true })
  const available = debianPackages.map((one) => one.name)
  for (const component of driverComponents)
    await buildPackages(debianDriverPackages(component, available), join(debian, 'pool', component))
  await sign('debian', 'pool', debian, 'bookworm', 'main', ...driverComponents)
  const ubuntu = join(directory, 'ubuntu.mirror.test/ubuntu')
  const noDriver = debianPackages.filter(({ name }) => !/nvidia|cuda/.test(name))
  await buildPackages(noDriver, join(ubuntu, 'pool/main'))
  cpSync(realPackages, join(ubuntu, 'pool/main'), { recursive: true })
  await buildPackages(ubuntuDriverPackages(available), join(ubuntu, 'pool/restricted'))
  await sign('debian', 'pool', ubuntu, 'noble', 'main', 'restricted')
  await buildPackages(proxmoxPackages(kernels, optInKernels), join(proxmox, 'pool/pve-no-subscription'))
  await sign('proxmox', 'pool', proxmox, 'bookworm', 'pve-no-subscription')
  for (const distribution of ['debian12', 'ubuntu2404']) {
    await buildPackages(cudaPackages(distribution, cudaKey), cuda(distribution))
    await sign('cuda', 'flat', cuda(distribution))
  }
  await buildPackages(containerToolkitPackages, toolkit)
  await sign('toolkit', 'flat', toolkit)
  cpSync(join(keys, 'toolkit.asc'), join(directory, 'nvidia.github.io/libnvidia-container/gpgkey'))
  for (const [system, suite] of [
    ['debian', 'bookworm'],
    ['ubuntu', 'noble'],
  ] as const) {
    const packages = join(directory, 'download.docker.com/linux', system)
    await buildPackages(dockerPackages, join(packages, 'pool/stable'))
    await sign('docker', 'pool', packages, suite, 'stable')
    cpSync(join(keys, 'docker.asc'), join(packages, 'gpg'))
  }
}

/** The installer and its published sums, at both download hosts. */
async function addDriver(directory: string, version: string): Promise<void> {
  const name = `NVIDIA-Linux-x86_64-${version}.run`
  const [first, second] = ['us.download.nvidia.com', 'download.nvidia.com'].map((host) => {
    const folder = join(directory, host, 'XFree86/Linux-x86_64', version)
    mkdirSync(folder, { recursive: true })
    return folder
  })
  if (first === undefined || second === undefined) return
  await buildRunfile(version, join(first, name))
  const bytes = readFileSync(join(first, name))
  for (const algorithm of ['sha256', 'md5']) {
    const sum = createHash(algorithm).update(bytes).digest('hex')
    writeFileSync(join(first, `${name}.${algorithm}sum`), `${sum}  ${name}\n`)
  }
  for (const file of readdirSync(first)) linkSync(join(first, file), join(second, file))
}
