/** The list of files in a driver package, `.manifest`: two title lines, then a line for each file. */
import { textOf } from './system.ts'

/** Options of the installer exclude files by type. */
export type FileType = 'utility' | 'cuda' | 'opengl' | 'modprobe' | 'systemd' | 'firmware'

export interface PackageFile {
  readonly name: string
  readonly mode: number
  readonly type: FileType
  readonly destination: string
}

export interface Manifest {
  readonly version: string
  readonly files: readonly PackageFile[]
}

const types: readonly string[] = [
  'utility',
  'cuda',
  'opengl',
  'modprobe',
  'systemd',
  'firmware',
] satisfies FileType[]

export function manifestText({ version, files }: Manifest): string {
  const lines = files.map(
    ({ name, mode, type, destination }) =>
      `${name} ${mode.toString(8).padStart(4, '0')} ${type} ${destination}`,
  )
  return ['NVIDIA Accelerated Graphics Driver for Linux-x86_64', version, ...lines, ''].join('\n')
}

/** The manifest in a directory; `undefined` if there is none. */
export function readManifest(directory: string): Manifest | undefined {
  const [title, version, ...lines] = (textOf(`${directory}/.manifest`) ?? '').split('\n')
  if (title === undefined || version === undefined) return undefined
  const files = lines.flatMap((line) => {
    const [name, mode, type, destination] = line.split(' ')
    if (name === undefined || mode === undefined || destination === undefined || !isType(type)) return []
    return [{ name, mode: Number.parseInt(mode, 8), type, destination }]
  })
  return { version, files }
}

/** The name by which programs load a library. It ends in 0 for libraries of libglvnd, in 1 for the others. */
export function soname(library: string): string {
  return `${library}.so.${/^lib(GLX|EGL)_/.test(library) ? 0 : 1}`
}

function isType(text: string | undefined): text is FileType {
  return text !== undefined && types.includes(text)
}
