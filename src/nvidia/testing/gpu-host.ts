/**
 * A Proxmox VE node from data, for probes of modules: files not listed are absent, and programs give the
 * listed answers.
 */
import type { Answer, ContainerStatus, Host, HttpAnswer, KernelModuleStatus } from '../../host/host.ts'
import {
  type FakeFile,
  fakeHost as hostOf,
  fakeWorld,
  makeParents,
  type FakeWorld,
} from '../../modules/testing/fake-host.ts'

export interface GpuHost {
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
  /** Installed versions by name. */
  readonly packages?: Readonly<Record<string, string>>
  /** systemd's ActiveState by unit. */
  readonly units?: Readonly<Record<string, string>>
  readonly pages?: Readonly<Record<string, Partial<HttpAnswer>>>
  readonly controllerFiles?: Readonly<Record<string, string>>
  /** Bytes. */
  readonly space?: number
  readonly release?: string
  readonly bootId?: string
  /** The inventory's `pve_cluster`. */
  readonly cluster?: string
}

export function gpuHost(given: GpuHost = {}): Host {
  const world = fakeWorld(given.files)
  for (const [path, target] of Object.entries(given.links ?? {}))
    addNode(world, path, { kind: 'link', target })
  for (const [path, numbers] of Object.entries(given.nodes ?? {})) {
    const [major = 0, minor = 0] = numbers.split(':').map(Number)
    addNode(world, path, { kind: 'character', major, minor })
  }
  for (const [name, status] of Object.entries(given.modules ?? {}))
    world.kernelModules.set(name, { loaded: true, version: undefined, users: 0, ...status })
  for (const [ctid, status] of Object.entries(given.containers ?? {})) world.containers.set(ctid, status)
  for (const [name, installed] of Object.entries(given.packages ?? {}))
    world.packages.set(name, { installed, status: 'installed' })
  for (const [name, active] of Object.entries(given.units ?? {}))
    world.units.set(name, { exists: true, active, enabled: 'enabled' })
  for (const [page, answer] of Object.entries(given.pages ?? {}))
    world.http.set(page, { ...noPage, ...answer })
  for (const [path, text] of Object.entries(given.controllerFiles ?? {})) world.controller.set(path, text)
  for (const line of Object.keys(given.programs ?? {})) {
    const name = line.split(' ', 1)[0] ?? ''
    world.commands.set(name, `/usr/bin/${name}`)
  }
  world.httpOtherwise = noPage
  world.space = given.space ?? 100 * 1024 ** 3
  world.kernel = {
    release: given.release ?? '6.8.12-9-pve',
    bootId: given.bootId ?? '11111111-2222-3333-4444-555555555555',
  }
  world.cluster = given.cluster
  world.answer = (argv) => (argv[0] === 'grep' ? grep(given, argv) : programAnswer(given, argv.join(' ')))
  return hostOf(world, 'pve1')
}

const noPage: HttpAnswer = { status: 404, length: undefined, body: '' }

function addNode(world: FakeWorld, path: string, node: Partial<FakeFile> & Pick<FakeFile, 'kind'>): void {
  makeParents(world, path)
  world.files.set(path, { mode: '0644', owner: 'root', group: 'root', ...node })
}

function programAnswer({ programs = {} }: GpuHost, line: string): Answer | undefined {
  const found = Object.entries(programs).find(([start]) => line === start || line.startsWith(`${start} `))
  return found === undefined ? undefined : { code: 0, stdout: '', stderr: '', ...found[1] }
}

/** `grep -lsxF WORD FILE...`, as the modules ask it. */
function grep({ files = {} }: GpuHost, [, , word = '', ...names]: readonly string[]): Answer {
  const hits = names.filter((name) => files[name]?.split('\n').includes(word))
  return { code: hits.length > 0 ? 0 : 1, stdout: hits.map((name) => `${name}\n`).join(''), stderr: '' }
}
