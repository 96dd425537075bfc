/**
 * Stand-in of nvidia-smi with the real messages and exit statuses (535 and 550). They depend on the library
 * beside it, the loaded module in /proc, and the result of opening the device nodes. The first argument may
 * be --lab-version=VERSION, the version of its package; the default is that of the library. As root, it loads
 * the module and creates nodes, as NVML does.
 */
import { readlinkSync } from 'node:fs'
import { controlNode, ensureNode, gpuNode } from './device-nodes.ts'
import { changeKernel, runsOnNode } from './kernel.ts'
import type { KernelState } from './kernel-state.ts'
import { hardware, moduleVersion, tryOpen } from './opening.ts'
import { fieldNames, queryField } from './smi-fields.ts'
import { type VisibleGpu, cudaVersion } from './smi-gpu.ts'
import { driverTable, queryText, queryXml } from './smi-text.ts'
import { exists, isRoot, run, runMain, textOf } from './system.ts'
import { atLeast } from './version.ts'

const libraryDirectories = ['/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib']

interface Options {
  list: boolean
  query?: readonly string[]
  format: readonly string[]
  only?: string
  full: boolean
  xml: boolean
  version: boolean
  persistence?: string
  powerLimit?: string
  mig?: string
}

export function nvidiaSmi(given: readonly string[]): number {
  const mark = '--lab-version='
  const own = given[0]?.startsWith(mark) === true ? given[0].slice(mark.length) : undefined
  const argv = own === undefined ? given : given.slice(1)
  const installed = own ?? libraryVersion() ?? ''
  if (argv.includes('-h') || argv.includes('--help')) {
    process.stdout.write(
      `NVIDIA System Management Interface -- v${installed}\n\nnvidia-smi [OPTION1 [ARG1]] [OPTION2 [ARG2]] ...\n`,
    )
    return 0
  }
  const library = libraryVersion()
  if (library === undefined) {
    return say(
      12,
      "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. Please make sure that the NVIDIA Display Driver is properly installed and present in your system.\nPlease also try adding directory that contains libnvidia-ml.so to your system PATH.\n",
    )
  }
  const options = readOptions(argv, installed)
  if ('status' in options) return say(options.status, options.text)
  const loaded = openDriver(library)
  if ('status' in loaded) return say(loaded.status, loaded.text)
  if (options.version) return say(0, versionText(installed, library, loaded.version))
  const { gpus, refused } = openGpus()
  if (options.list && gpus.length === 0) return say(0, 'No devices found.\n')
  if (gpus.length === 0) {
    return refused
      ? say(4, 'No devices were found. Please make sure /dev/nvidia* files are readable by current user.\n')
      : say(6, 'No devices were found\n')
  }
  const chosen = gpus.filter((gpu) => options.only === undefined || isMeant(gpu, options.only))
  if (chosen.length === 0) return say(6, 'No devices were found\n')
  return answer(options, installed, loaded.version, chosen)
}

function answer(options: Options, installed: string, driver: string, gpus: readonly VisibleGpu[]): number {
  if (options.persistence !== undefined) return setPersistence(options.persistence, gpus)
  if (options.mig !== undefined) return setMig(options.mig, gpus)
  if (options.powerLimit !== undefined) return setPowerLimit(Number(options.powerLimit), gpus)
  if (options.list)
    return say(0, gpus.map((gpu) => `GPU ${gpu.index}: ${gpu.model} (UUID: ${gpu.uuid})\n`).join(''))
  if (options.query) return queryCsv(options.query, options.format, driver, gpus)
  if (options.xml) return say(0, queryXml(driver, gpus))
  if (options.full) return say(0, queryText(driver, gpus))
  return say(0, driverTable(installed, driver, gpus))
}

function queryCsv(
  names: readonly string[],
  format: readonly string[],
  driver: string,
  gpus: readonly VisibleGpu[],
): number {
  for (const name of names)
    if (!fieldNames.has(name)) return say(2, `Field "${name}" is not a valid field to query.\n\n`)
  const units = !format.includes('nounits')
  const row = (gpu: VisibleGpu): string =>
    names.map((name) => queryField(name, driver, gpu, gpus.length, units)).join(', ')
  const header = names.map((name) => fieldNames.get(name)?.() ?? name).join(', ')
  return say(
    0,
    [...(format.includes('noheader') ? [] : [header]), ...gpus.map(row)].map((line) => `${line}\n`).join(''),
  )
}

function readOptions(
  argv: readonly string[],
  installed: string,
): Options | { readonly status: number; readonly text: string } {
  const options: Options = { list: false, format: [], full: false, xml: false, version: false }
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? ''
    const [name = '', ...rest] = word.split('=')
    const value = (): string => (rest.length > 0 ? rest.join('=') : (argv[++index] ?? ''))
    if (name === '-L' || name === '--list-gpus') options.list = true
    else if (name === '--query-gpu')
      options.query = value()
        .split(',')
        .map((field) => field.trim())
    else if (name === '--format')
      options.format = value()
        .split(',')
        .map((part) => part.trim())
    else if (name === '-i' || name === '--id') options.only = value()
    else if (name === '-q' || name === '--query') options.full = true
    else if (name === '-x' || name === '--xml-format') options.xml = true
    else if (name === '-pm' || name === '--persistence-mode') options.persistence = value()
    else if (name === '-mig' || name === '--multi-instance-gpu') options.mig = value()
    else if (name === '-pl' || name === '--power-limit') options.powerLimit = value()
    else if (name === '-d' || name === '--display') value()
    else if (name === '--version' && atLeast(installed, '550')) options.version = true
    else
      return { status: 255, text: `ERROR: Option ${word} is not recognized. Please run 'nvidia-smi -h'.\n\n` }
  }
  return options
}

/** Version of the library that the dynamic linker would load: the target of libnvidia-ml.so.1. */
function libraryVersion(): string | undefined {
  for (const directory of libraryDirectories) {
    try {
      const target = readlinkSync(`${directory}/libnvidia-ml.so.1`)
      if (textOf(`${directory}/${target}`) !== undefined) return target.replace(/^.*libnvidia-ml\.so\./, '')
    } catch {
      // not in this directory
    }
  }
  return undefined
}

type Opened = { readonly version: string } | { readonly status: number; readonly text: string }

/** nvmlInit: the control node must open, and the module must have the version of the library. */
function openDriver(library: string): Opened {
  if (isRoot()) prepareAsRoot()
  const version = moduleVersion()
  const control = tryOpen(controlNode)
  if (version === undefined || control === 'absent') {
    return {
      status: 9,
      text: "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n\n",
    }
  }
  if (control === 'EACCES')
    return { status: 4, text: 'Failed to initialize NVML: Insufficient Permissions\n' }
  if (control !== 'open') return { status: 255, text: 'Failed to initialize NVML: Unknown Error\n' }
  if (version !== library) {
    return {
      status: 18,
      text: `Failed to initialize NVML: Driver/library version mismatch\nNVML library version: ${nvmlVersion(library)}\n`,
    }
  }
  return { version }
}

/**
 * On a node, programs of root do the work of nvidia-modprobe. In a container, they do so only if it is
 * installed.
 */
function prepareAsRoot(): void {
  if (!runsOnNode() && !exists('/usr/bin/nvidia-modprobe')) return
  if (moduleVersion() === undefined && runsOnNode()) run('modprobe', ['nvidia'])
  if (moduleVersion() === undefined) return
  for (const node of [controlNode, ...hardware().map(({ minor }) => gpuNode(minor))]) ensureNode(node)
}

function openGpus(): { readonly gpus: readonly VisibleGpu[]; readonly refused: boolean } {
  const tried = hardware().map((gpu) => ({ gpu, result: tryOpen(gpuNode(gpu.minor)) }))
  const gpus = tried.filter(({ result }) => result === 'open').map(({ gpu }, index) => ({ ...gpu, index }))
  if (runsOnNode() && isRoot() && gpus.some((gpu) => !gpu.opened)) {
    changeKernel((state) => {
      state.opened = [...new Set([...state.opened, ...gpus.map(({ pci }) => pci)])]
    })
  }
  return { gpus, refused: tried.some(({ result }) => result === 'EPERM' || result === 'EACCES') }
}

function isMeant(gpu: VisibleGpu, id: string): boolean {
  const address = (text: string): string => text.toLowerCase().replace(/^0000(?=[0-9a-f]{4}:)/, '')
  return id
    .split(',')
    .some((one) => one === String(gpu.index) || one === gpu.uuid || address(one) === gpu.pci)
}

function setPersistence(mode: string, gpus: readonly VisibleGpu[]): number {
  const enabled = /^(1|ENABLED)$/i.test(mode)
  const word = enabled ? 'Enabled' : 'Disabled'
  return changeState(
    gpus.map((gpu) =>
      gpu.persistence === enabled
        ? `Persistence mode is already ${word} for GPU 0000${gpu.pci.toUpperCase()}.\n`
        : `${word} persistence mode for GPU 0000${gpu.pci.toUpperCase()}.\n`,
    ),
    (state) => {
      const addresses = gpus.map(({ pci }) => pci)
      state.persistence = [
        ...state.persistence.filter((pci) => !addresses.includes(pci)),
        ...(enabled ? addresses : []),
      ]
    },
  )
}

/** Real cards need a reset before the mode changes; the lab's cards change at once. */
function setMig(mode: string, gpus: readonly VisibleGpu[]): number {
  const enabled = mode === '1'
  return changeState(
    gpus.map((gpu) => `${enabled ? 'Enabled' : 'Disabled'} MIG Mode for GPU 0000${gpu.pci.toUpperCase()}\n`),
    (state) => {
      const addresses = gpus.map(({ pci }) => pci)
      state.mig = [...state.mig.filter((pci) => !addresses.includes(pci)), ...(enabled ? addresses : [])]
    },
  )
}

function setPowerLimit(watts: number, gpus: readonly VisibleGpu[]): number {
  if (!(watts >= 100 && watts <= 200)) {
    return say(
      2,
      `Provided power limit ${watts}.00 W is not a valid power limit which should be between 100.00 W and 200.00 W for GPU 0000${gpus[0]?.pci.toUpperCase() ?? ''}\nTerminating early due to previous errors.\n`,
    )
  }
  return changeState(
    gpus.map(
      (gpu) =>
        `Power limit for GPU 0000${gpu.pci.toUpperCase()} was set to ${watts}.00 W from ${gpu.powerLimit}.00 W.\n`,
    ),
    (state) => {
      for (const gpu of gpus) state.powerLimits[gpu.pci] = watts
    },
  )
}

function changeState(lines: readonly string[], change: (state: KernelState) => void): number {
  if (!isRoot() || !runsOnNode())
    return say(
      4,
      'Unable to set the requested value: Insufficient Permissions\nTerminating early due to previous errors.\n',
    )
  changeKernel(change)
  return say(0, `${lines.join('')}All done.\n`)
}

function versionText(installed: string, library: string, driver: string): string {
  return `NVIDIA-SMI version  : ${installed}\nNVML version        : ${nvmlVersion(library)}\nDRIVER version      : ${driver}\nCUDA Version        : ${cudaVersion(driver)}\n`
}

/** The version of NVML: the first two numbers of the driver version. */
function nvmlVersion(version: string): string {
  return version.split('.').slice(0, 2).join('.')
}

function say(status: number, text: string): number {
  process.stdout.write(text)
  return status
}

if (process.argv[1]?.endsWith('/smi.js') === true) runMain(nvidiaSmi)
