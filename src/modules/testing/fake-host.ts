/**
 * A host in memory for tests of modules: reads answer from a `World`, and `carryOut` applies actions to it.
 *
 * A test can check without a machine that a module's plan is empty after its actions, and that their effects
 * were as declared.
 */
import { Unknown, UnknownError } from '../../base/unknown.ts'
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { hostName } from '../../base/brand.ts'
import { HostError } from '../../base/errors.ts'
import { Secret } from '../../base/secret.ts'
import { defined } from '../../base/defined.ts'
import type {
  Answer,
  AskOptions,
  ContainerStatus,
  FileStatus,
  Host,
  HttpAnswer,
  KernelModuleStatus,
  KernelStatus,
  PackageStatus,
  ProgramHost,
  PromisedOptions,
  UnitStatus,
} from '../../host/host.ts'
import { type Question, understood } from '../../host/question.ts'
import { commandKind } from '../../host/resources/command.ts'
import { containerKind } from '../../host/resources/container.ts'
import { kernelModuleKind } from '../../host/resources/kernel-module.ts'
import type { ResourceKind } from '../../host/resources/kind.ts'
import { packageKind } from '../../host/resources/package.ts'
import { unitKind } from '../../host/resources/systemd-unit.ts'

export interface FakeFile {
  readonly kind: FileStatus['kind']
  readonly text?: string
  readonly mode: string
  readonly owner: string
  readonly group: string
  readonly target?: string
  readonly major?: number
  readonly minor?: number
}

/** The state of a host. Tests fill it in and check it afterwards. */
export interface FakeWorld {
  readonly files: Map<string, FakeFile>
  /** By kind of resource, including those below. */
  readonly things: Map<string, Map<string, unknown>>
  readonly packages: Map<string, PackageStatus>
  readonly units: Map<string, UnitStatus>
  readonly kernelModules: Map<string, KernelModuleStatus>
  readonly commands: Map<string, string>
  readonly containers: Map<string, ContainerStatus>
  /** By address, or by method and address. */
  readonly http: Map<string, HttpAnswer>
  /** Of every other address. */
  httpOtherwise: HttpAnswer
  /** Files next to the playbook. */
  readonly controller: Map<string, string>
  kernel: KernelStatus
  space: number
  /** Set for a container. */
  ctid: string | undefined
  /** The inventory's `pve_cluster`. */
  cluster: string | undefined
  /** Answers questions and promised programs; undefined means "not found". */
  answer: (argv: readonly string[], options: AskOptions & PromisedOptions) => Answer | undefined
  /**
   * Applies a program's changes and answers; if undefined, its declared effects apply and its output is
   * empty.
   */
  program: (argv: readonly string[]) => Answer | undefined
  /**
   * Resources that a dry run could not know: reading one of them rejects. `ask` stands for every question.
   */
  readonly unknown: Set<string>
}

export function fakeWorld(files: Readonly<Record<string, string>> = {}): FakeWorld {
  const packages = new Map<string, PackageStatus>()
  const units = new Map<string, UnitStatus>()
  const kernelModules = new Map<string, KernelModuleStatus>()
  const commands = new Map<string, string>()
  const containers = new Map<string, ContainerStatus>()
  const world: FakeWorld = {
    files: new Map([['/', directory()]]),
    things: new Map<string, Map<string, unknown>>([
      [packageKind.kind, packages],
      [unitKind.kind, units],
      [kernelModuleKind.kind, kernelModules],
      [commandKind.kind, commands],
      [containerKind.kind, containers],
    ]),
    packages,
    units,
    kernelModules,
    commands,
    containers,
    http: new Map(),
    httpOtherwise: { status: 0, error: 'could not resolve the name', length: undefined, body: '' },
    controller: new Map(),
    kernel: { release: '6.8.12-9-pve', bootId: '00000000-0000-0000-0000-000000000001' },
    space: 10 ** 11,
    ctid: undefined,
    cluster: undefined,
    answer: () => undefined,
    program: () => undefined,
    unknown: new Set(),
  }
  for (const path of ['/etc', '/tmp', '/var/lib', '/usr/bin', '/root']) makeParents(world, `${path}/x`)
  for (const [path, text] of Object.entries(files)) addFile(world, path, text)
  return world
}

/** All resources of one kind, by their keys. */
export function thingsOf(world: FakeWorld, kind: string): Map<string, unknown> {
  const present = world.things.get(kind)
  if (present) return present
  const fresh = new Map<string, unknown>()
  world.things.set(kind, fresh)
  return fresh
}

export function addFile(world: FakeWorld, path: string, text: string, file: Partial<FakeFile> = {}): void {
  makeParents(world, path)
  world.files.set(path, { kind: 'file', text, mode: '0644', owner: 'root', group: 'root', ...file })
}

export function makeParents(world: FakeWorld, path: string): void {
  const parent = posix.dirname(path)
  if (parent === path || world.files.has(parent)) return
  makeParents(world, parent)
  world.files.set(parent, directory())
}

function directory(): FakeFile {
  return { kind: 'directory', mode: '0755', owner: 'root', group: 'root' }
}

/** The path with links followed. */
export function followed(world: FakeWorld, path: string, links = 0): string {
  const clean = path.length > 1 ? path.replace(/\/+$/, '') : path
  const file = world.files.get(clean)
  if (file?.kind !== 'link' || links > 40) return clean
  return followed(world, posix.resolve(posix.dirname(clean), file.target ?? ''), links + 1)
}

/** A plain object, so that a test can replace one answer. */
export function fakeHost(world: FakeWorld, name = 'fake'): Host {
  const { controller } = world
  const check = (resource: string): void => {
    if (world.unknown.has(resource)) throw new UnknownError(new Unknown('an earlier task changes it'))
  }
  const host: Host = {
    name: hostName(name),
    get node() {
      return host
    },
    get placement() {
      const { ctid, cluster } = world
      return { ctid, nodeName: ctid === undefined ? undefined : hostName('node'), cluster }
    },
    controller: {
      file: async (path) => {
        const text = controller.get(path)
        return text === undefined
          ? undefined
          : { sha256: sha256(text), size: Buffer.byteLength(text), mode: '0644' }
      },
      text: async (path) => controller.get(path),
    },
    async stat(path: string, options?: { readonly follow?: boolean }): Promise<FileStatus | undefined> {
      check(`file:${path}`)
      const { files } = world
      const file = files.get(options?.follow === true ? followed(world, path) : clean(path))
      if (file === undefined || (options?.follow === true && file.kind === 'link')) return undefined
      const { kind, text, mode, owner, group, target, major, minor } = file
      return {
        kind,
        mode,
        owner,
        group,
        uid: idOf(owner),
        gid: idOf(group),
        size: Buffer.byteLength(text ?? ''),
        ...defined({ target, major, minor }),
      }
    },

    async text(path: string): Promise<string | undefined> {
      check(`file:${path}`)
      const file = world.files.get(followed(world, path))
      if (file === undefined || file.kind === 'link') return undefined
      if (file.kind !== 'file')
        throw new HostError({ code: 'read-failed', message: `cannot read ${path}: it is a ${file.kind}` })
      return file.text ?? ''
    },

    async hash(path: string): Promise<string | undefined> {
      const text = await host.text(path)
      return text === undefined ? undefined : sha256(text)
    },

    async list(path: string): Promise<readonly string[] | undefined> {
      check(`file:${path}`)
      const at = followed(world, path)
      if (world.files.get(at)?.kind !== 'directory') return undefined
      const below = [...world.files.keys()].filter((name) => name !== at && posix.dirname(name) === at)
      return below.map((name) => posix.basename(name)).sort((a, b) => (a < b ? -1 : 1))
    },

    async read<Reading>(kind: ResourceKind<string, Reading>, name: string): Promise<Reading> {
      const key = kind.key(name)
      check(`${kind.kind}:${key}`)
      const things = thingsOf(world, kind.kind)
      return things.has(key) ? (things.get(key) as Reading) : kind.nothing
    },

    package(name: string): Promise<PackageStatus> {
      return host.read(packageKind, name)
    },

    unit(name: string): Promise<UnitStatus> {
      return host.read(unitKind, name)
    },

    kernelModule(name: string): Promise<KernelModuleStatus> {
      return host.read(kernelModuleKind, name)
    },

    command(name: string): Promise<string | undefined> {
      return host.read(commandKind, name)
    },

    container(ctid: string): Promise<ContainerStatus | undefined> {
      return host.read(containerKind, ctid)
    },

    async kernel(): Promise<KernelStatus> {
      return world.kernel
    },

    async space(): Promise<number> {
      return world.space
    },

    async http(url: string, options: Parameters<Host['http']>[1]): Promise<HttpAnswer> {
      check(`http:${url}`)
      const { http, httpOtherwise } = world
      const answer = http.get(`${options.method} ${url}`) ?? http.get(url) ?? httpOtherwise
      return options.digest === true ? { ...answer, body: sha256(answer.body) } : answer
    },

    async ask<Said>(question: Question<Said>, options: AskOptions = {}): Promise<Said> {
      check('ask')
      check(`ask:${question.argv[0] ?? ''}`)
      return understood(question, answerOf(world, question.argv, options), name)
    },

    async maybe<T>(read: Promise<T>): Promise<T | Unknown> {
      try {
        return await read
      } catch (error) {
        if (error instanceof UnknownError) return error.unknown
        throw error
      }
    },
  }
  return host
}

/** The host of `command` and `shell`. */
export function fakeProgramHost(world: FakeWorld): ProgramHost {
  return {
    ...fakeHost(world),
    promised: async (argv, options = {}) => answerOf(world, argv, options),
  }
}

function answerOf(world: FakeWorld, argv: readonly string[], options: AskOptions & PromisedOptions): Answer {
  return world.answer(argv, options) ?? { code: 127, stdout: '', stderr: `${argv[0] ?? ''}: not found\n` }
}

function clean(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path
}

function idOf(name: string): number {
  if (name === 'root') return 0
  return /^\d+$/.test(name) ? Number(name) : 1000
}

export function sha256(text: string | Secret): string {
  return createHash('sha256')
    .update(text instanceof Secret ? text.reveal() : text)
    .digest('hex')
}
