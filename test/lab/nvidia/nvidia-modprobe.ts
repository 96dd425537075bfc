/**
 * Stand-in of nvidia-modprobe: loads modules and creates device nodes. Like the real one, it prints nothing
 * and needs root.
 */
import { controlNode, ensureNode, gpuNode, majorOf, modesetNode } from './device-nodes.ts'
import { Exit, isRoot, run, runMain, textOf } from './system.ts'

interface Wanted {
  readonly minors: number[]
  readonly capabilities: string[]
  memory: boolean
  modeset: boolean
}

export function nvidiaModprobe(argv: readonly string[]): number {
  const wanted: Wanted = { minors: [], capabilities: [], memory: false, modeset: false }
  for (let index = 0; index < argv.length; index++) {
    const [word, inline] = splitOption(argv[index] ?? '')
    const value = (): string => inline ?? argv[++index] ?? ''
    if (word === '-c' || word === '--create-nvidia-device-file') wanted.minors.push(Number(value()))
    else if (word === '-f' || word === '--nvidia-capability-device-file') wanted.capabilities.push(value())
    else if (word === '-u' || word === '--unified-memory') wanted.memory = true
    else if (word === '-m' || word === '--modeset') wanted.modeset = true
    else if (word === '-v' || word === '--version') {
      process.stdout.write('nvidia-modprobe:  version 580.95.05\n')
      return 0
    } else if (['-s', '--nvswitch', '-l', '--nvlink', '-i', '--module-instance'].includes(word)) value()
    else
      throw new Exit(
        1,
        `nvidia-modprobe: unrecognized option: "${word}"\nERROR: Invalid commandline, please run \`nvidia-modprobe --help\` for usage information.`,
      )
  }
  if (!isRoot()) return 1
  return satisfy(wanted) ? 0 : 1
}

function satisfy({ minors, capabilities, memory, modeset }: Wanted): boolean {
  const module = memory ? 'nvidia-uvm' : modeset ? 'nvidia-modeset' : 'nvidia'
  if (run('modprobe', [module]).status !== 0) return false
  const nodes = []
  if (memory) {
    // here -c means the first of two minors, usually 0
    const major = majorOf('nvidia-uvm')
    const [first = 0] = minors
    if (major === undefined) return false
    nodes.push({ path: '/dev/nvidia-uvm', major, minor: first, mode: 0o666 })
    nodes.push({ path: '/dev/nvidia-uvm-tools', major, minor: first + 1, mode: 0o666 })
  } else {
    nodes.push(...minors.map((minor) => (minor === 255 ? controlNode : gpuNode(minor))))
    if (minors.length > 0) nodes.push(controlNode)
  }
  if (modeset) nodes.push(modesetNode)
  for (const file of capabilities) {
    const text = textOf(file)
    const major = majorOf('nvidia-caps')
    if (text === undefined || major === undefined) return false
    const field = (name: string): number => Number(new RegExp(`^${name}: ([0-9]+)$`, 'm').exec(text)?.[1])
    const minor = field('DeviceFileMinor')
    nodes.push({ path: `/dev/nvidia-caps/nvidia-cap${minor}`, major, minor, mode: field('DeviceFileMode') })
  }
  return nodes.map(ensureNode).every(Boolean)
}

/** `--name=value` and `-c0` in two parts. */
function splitOption(word: string): readonly [string, string?] {
  if (word.startsWith('--')) {
    const [name = '', ...rest] = word.split('=')
    return rest.length === 0 ? [name] : [name, rest.join('=')]
  }
  return /^-[cfsli]./.test(word) ? [word.slice(0, 2), word.slice(2)] : [word]
}

runMain(nvidiaModprobe)
