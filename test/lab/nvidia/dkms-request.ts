/** Command lines of dkms, and the version that the stand-in imitates. */
import { defined } from '../../../src/base/defined.ts'
import { Exit, run, textOf } from './system.ts'

export interface Module {
  readonly name: string
  readonly version: string
}

export interface Request {
  readonly module?: Module
  readonly kernel: string
  /** Whether `-k` was given; `status` then lists only that kernel. */
  readonly kernelGiven?: boolean
  readonly all: boolean
  readonly force: boolean
  /** The argument of `ldtarball`. */
  readonly archive?: string
}

/** The version that a test has written to /etc/lab/dkms-version, or Debian 12's. */
export function dkmsVersion(): string {
  return textOf('/etc/lab/dkms-version')?.trim() ?? '3.0.10'
}

export function readRequest(argv: readonly string[]): Request {
  let name: string | undefined
  let version: string | undefined
  let kernel: string | undefined
  let archive: string | undefined
  let all = false
  let force = false
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (word === '-m') name = argv[++index]
    else if (word === '-v') version = argv[++index]
    else if (word === '-k' || word === '--kernelver') kernel = (argv[++index] ?? '').split('/')[0] ?? ''
    else if (word === '-a' || word === '--arch' || word === '-c') index += 1
    else if (word === '--all') all = true
    else if (word === '--force') force = true
    else if (word.startsWith('--archive=')) archive = word.slice('--archive='.length)
    else if (!word.startsWith('-')) {
      if (word.startsWith('/')) archive = word
      else [name, version = version] = word.split('/')
    }
  }
  // `-m nvidia/580.95.05` names both
  const [first, second] = (name ?? '').split('/')
  const module =
    first === undefined || first === '' ? undefined : { name: first, version: version ?? second ?? '' }
  return {
    kernel: kernel ?? run('uname', ['-r']).stdout.trim(),
    kernelGiven: kernel !== undefined,
    all,
    force,
    ...defined({ module, archive }),
  }
}

/** @throws Exit if the command line names no module or no version */
export function named({ module }: Request): Module {
  if (module !== undefined && module.version !== '') return module
  throw new Exit(1, 'Error! Arguments <module> and <module-version> are not specified.')
}
