/** A host made of data, for the probes of modules: what is not in it is absent, and programs answer what they are told to. */
import { createHash } from 'node:crypto'
import { hostName } from '../../base/brand.ts'
import { UnknownError } from '../../base/unknown.ts'
import type {
  Answer,
  ContainerStatus,
  FileStatus,
  Host,
  HttpAnswer,
  KernelModuleStatus,
} from '../../host/host.ts'

export interface FakeHost {
  /** Texts by path; directories follow from them. */
  readonly files?: Readonly<Record<string, string>>
  /** Targets by path. */
  readonly links?: Readonly<Record<string, string>>
  /** `MAJOR:MINOR` by path. */
  readonly nodes?: Readonly<Record<string, string>>
  readonly modules?: Readonly<Record<string, Partial<KernelModuleStatus>>>
  readonly containers?: Readonly<Record<string, ContainerStatus>>
  /** Answers by the words of the command line. */
  readonly programs?: Readonly<Record<string, Partial<Answer>>>
  readonly pages?: Readonly<Record<string, Partial<HttpAnswer>>>
  readonly controllerFiles?: Readonly<Record<string, string>>
  /** Bytes. */
  readonly space?: number
  readonly release?: string
  readonly bootId?: string
}

export function fakeHost(given: FakeHost = {}): Host {
  const { files = {}, links = {}, nodes = {} } = given
  const paths = [...Object.keys(files), ...Object.keys(links), ...Object.keys(nodes)]
  const host: Host = {
    name: hostName('pve1'),
    read: async (kind) => kind.nothing,
    stat: async (path) => status(path),
    text: async (path) => files[path],
    hash: async (path) => (files[path] === undefined ? undefined : sha256(files[path])),
    list: async (path) => {
      const below = paths.filter((other) => other.startsWith(`${path}/`))
      if (below.length === 0) return undefined
      return [...new Set(below.map((other) => other.slice(path.length + 1).split('/', 1)[0] ?? ''))].sort()
    },
    package: async () => ({ installed: undefined, status: 'not-installed' }),
    unit: async () => ({ exists: false, active: 'inactive', enabled: '' }),
    kernelModule: async (name) => ({
      loaded: given.modules?.[name] !== undefined,
      version: undefined,
      users: 0,
      ...given.modules?.[name],
    }),
    kernel: async () => ({
      release: given.release ?? '6.8.12-9-pve',
      bootId: given.bootId ?? '11111111-2222-3333-4444-555555555555',
    }),
    command: async (name) => {
      const known = Object.keys(given.programs ?? {}).some((line) => line.split(' ', 1)[0] === name)
      return known ? `/usr/bin/${name}` : undefined
    },
    container: async (ctid) => given.containers?.[ctid],
    space: async () => given.space ?? 100 * 1024 ** 3,
    http: async (url, { method }) => ({
      status: 404,
      length: undefined,
      body: '',
      ...given.pages?.[`${method} ${url}`],
    }),
    ask: async (argv) => {
      const line = argv.join(' ')
      if (argv[0] === 'grep') return grep(argv)
      return { code: 127, stdout: '', stderr: `${argv[0]}: not found`, ...answer(line) }
    },
    maybe: async (read) => {
      try {
        return await read
      } catch (error) {
        if (error instanceof UnknownError) return error.unknown
        throw error
      }
    },
    get node(): Host {
      return host
    },
    placement: { ctid: undefined, nodeName: undefined, cluster: undefined },
    controller: {
      file: async (path) => {
        const text = given.controllerFiles?.[path]
        return text === undefined ? undefined : { sha256: sha256(text), size: text.length, mode: '0644' }
      },
      text: async (path) => given.controllerFiles?.[path],
    },
  }

  function status(path: string): FileStatus | undefined {
    const base = { mode: '0644', owner: 'root', group: 'root', uid: 0, gid: 0, size: 0 }
    const [major, minor] = (nodes[path] ?? '').split(':').map(Number)
    if (nodes[path] !== undefined) return { ...base, kind: 'character', major: major ?? 0, minor: minor ?? 0 }
    const target = links[path]
    if (target !== undefined) return { ...base, kind: 'link', target }
    const text = files[path]
    if (text !== undefined) return { ...base, kind: 'file', size: Buffer.byteLength(text) }
    return paths.some((other) => other.startsWith(`${path}/`)) ? { ...base, kind: 'directory' } : undefined
  }

  function answer(line: string): Partial<Answer> | undefined {
    const found = Object.entries(given.programs ?? {}).find(
      ([start]) => line === start || line.startsWith(`${start} `),
    )
    return found === undefined ? undefined : { code: 0, stdout: '', stderr: '', ...found[1] }
  }

  /** `grep -lsxF WORD FILE...`, as the modules ask it. */
  function grep([, , word = '', ...names]: readonly string[]): Answer {
    const hits = names.filter((name) => files[name]?.split('\n').includes(word))
    return { code: hits.length > 0 ? 0 : 1, stdout: hits.map((name) => `${name}\n`).join(''), stderr: '' }
  }

  return host
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
