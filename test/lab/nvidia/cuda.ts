/**
 * The answers of the stand-in of libcuda (cuda-library.c). They depend on the loaded module in /proc and on
 * the result of opening the device nodes.
 *
 * `cuda.js VERSION` prints the result of cuInit in this version of the library, then a line `ADDRESS RESULT`
 * for each GPU, with the result of creating a context. `cuda.js fault ADDRESS RESULT` changes a GPU on a node
 * until it reboots; with the address `init`, all of CUDA; with the result 0, it works again.
 *
 * The results are those of cuda.h: 100 without a usable GPU; 999 if nvidia-uvm cannot be opened
 * (community-scripts/ProxmoxVE#5740); 803 if the versions differ.
 */
import { controlNode, gpuNode, majorOf } from './device-nodes.ts'
import { changeKernel } from './kernel.ts'
import { hardware, moduleVersion, tryOpen } from './opening.ts'
import { runMain } from './system.ts'

export function cuda([first = '', ...rest]: readonly string[]): number {
  if (first === 'fault') return setFault(rest)
  const { result, gpus } = initialize(first)
  process.stdout.write(`${result}\n${gpus.map(({ pci, context }) => `${pci} ${context}\n`).join('')}`)
  return 0
}

interface Initialized {
  readonly result: number
  readonly gpus: readonly { readonly pci: string; readonly context: number }[]
}

function initialize(library: string): Initialized {
  const failed = (result: number): Initialized => ({ result, gpus: [] })
  const all = hardware()
  const version = moduleVersion()
  if (version === undefined || tryOpen(controlNode) !== 'open') return failed(100)
  if (version !== library) return failed(803)
  const usable = all.filter((gpu) => tryOpen(gpuNode(gpu.minor)) === 'open' && !gpu.mig)
  if (usable.length === 0) return failed(100)
  const uvm = majorOf('nvidia-uvm')
  if (uvm === undefined || tryOpen({ path: '/dev/nvidia-uvm', major: uvm, minor: 0, mode: 0 }) !== 'open')
    return failed(999)
  const fault = usable[0]?.cudaInit ?? 0
  if (fault !== 0) return failed(fault)
  return { result: 0, gpus: usable.map(({ pci, cuda: context }) => ({ pci, context })) }
}

function setFault([name = '', result = '0']: readonly string[]): number {
  changeKernel((state) => {
    state.cuda[name] = Number(result)
  })
  return 0
}

if (process.argv[1]?.endsWith('/cuda.js') === true) runMain(cuda)
