/**
 * Reads one host for any number of tasks at a time: the implementation of `Host`.
 *
 * What was predicted is answered first, then what is kept of earlier answers (`readings.ts`); everything else goes to the batcher, which makes one frame of
 * what all tasks ask in the same turn. Each task has a view of its own that remembers what the task looked at.
 */
import { randomUUID } from 'node:crypto'
import type { HostName } from '../base/brand.ts'
import type { Unknown } from '../base/unknown.ts'
import { given } from '../base/given.ts'
import type { Shell } from '../connection/connection.ts'
import type { Action } from './action.ts'
import { createBatcher, type Batcher, type BatcherOptions } from './batch.ts'
import { allEffects } from './effects.ts'
import type { ControllerFiles, Host, Placement, ProgramHost } from './host.ts'
import type { Overlay } from './overlay.ts'
import { type RemotePath, remotePath } from './paths.ts'
import { whyNot } from './reader-access.ts'
import type { Sighting } from './reader-context.ts'
import { createSource, type ReaderSource } from './reader-source.ts'
import { createHost, placeOf } from './reader-host.ts'
import { createReadings, type Readings, type ReadingsBook } from './readings.ts'
import type { Expectation } from './expectation.ts'

export interface ReaderOptions {
  readonly name: HostName
  /** The host's shell; asked for at every frame, so that a reconnected one is used. */
  readonly shell: () => Promise<Shell>
  /** Ends all reads of this host. */
  readonly signal: AbortSignal
  /** Answers that are kept, of all machines of a run; nothing but this reader's own when left out. */
  readonly readings?: ReadingsBook
  /** The user who reads, as far as a host has readers of several. */
  readonly user?: string
  /** The reader of a container's node. */
  readonly node?: HostReader
  readonly placement: Placement
  readonly controller: ControllerFiles
  /** Fresh 32 hex digits for each frame. */
  readonly nonce?: () => string
  /** What sends the questions; scripts over the shell when left out. */
  readonly createBatcher?: (options: BatcherOptions) => Batcher
}

export interface HostReader {
  /** Reads without being traced: facts, effects, what belongs to no task. With an overlay, what is predicted is answered first. */
  view(overlay?: Overlay): Host
  /** A view for one probe; without an overlay it sees the host as it is. */
  forTask(options?: TaskReaderOptions): TaskReader
  /**
   * Before an action is laid over what is read: asks for the links on the paths that it changes, so that it is known which other names those files have. A
   * probe over the same overlay that has read these paths has asked already.
   * @throws UnreachableError
   */
  findLinks(action: Action, overlay: Overlay): Promise<void>
  /** What is kept of this machine, whoever read it. */
  readonly readings: Readings
  /** Of a container. */
  readonly node: HostReader | undefined
  /** For the views of a container on this host. */
  readonly source: ReaderSource
}

export interface TaskReaderOptions {
  readonly overlay?: Overlay | undefined
  /** Of the task, for the programs that it asks. */
  readonly environment?: Readonly<Record<string, string>>
}

export interface TaskReader {
  readonly host: Host
  /** For modules that run what the author of a playbook promised to be reading. */
  readonly programHost: ProgramHost
  /**
   * By machine and resource (`onMachine`), what was seen: of a file what the host must show when the task acts on it, of everything else a hash of the answer.
   * Of several answers on one file the one that says most stands. An answer from the overlay says what the host will show once the actions before are done.
   */
  touched(): ReadonlyMap<string, Expectation>
  /**
   * For a user who is not root: why the action would fail, as far as files tell; undefined when nothing speaks against it. A dry run must not promise it.
   * @throws UnreachableError, HostError
   */
  whyNot(action: Action): Promise<Unknown | undefined>
  /** Those of `touched` that rest on a prediction; when there are none, the reading is that of the host. */
  predicted(): ReadonlySet<string>
}

export function createReader(options: ReaderOptions): HostReader {
  const { name, shell, signal, node, placement, controller, user = '' } = options
  const nonce = options.nonce ?? (() => randomUUID().replaceAll('-', ''))
  const readings = (options.readings ?? createReadings()).of(placeOf({ name, placement }))
  const batcher = (options.createBatcher ?? createBatcher)({ hostName: name, shell, signal, nonce })
  const source = createSource({
    name,
    batcher,
    kept: readings,
    user,
    placement,
    controller,
    node: node?.source,
  })
  return {
    source,
    readings,
    node,
    view: (overlay) => createHost({ source, trace: () => undefined, overlay, environment: {} }).host,
    async findLinks(action, overlay) {
      await Promise.all(
        pathsChanged(action).map(async ({ on, path }) => {
          const at = on === 'node' ? (source.node ?? source) : source
          overlay.of(placeOf(at)).learn((await at.walk(path)).links)
        }),
      )
    },
    forTask({ overlay, environment = {} } = {}) {
      const touched = new Map<string, Expectation>()
      const predicted = new Set<string>()
      const trace = (key: string, sighting: Sighting): void => {
        touched.set(key, together(touched.get(key), sighting))
        if (sighting.predicted === true) predicted.add(key)
      }
      return {
        ...createHost({ source, trace, overlay, environment }),
        touched: () => touched,
        whyNot: (action) => whyNot(action, source, overlay),
        predicted: () => predicted,
      }
    },
  }
}

function pathsChanged(
  action: Action,
): readonly { readonly on: 'host' | 'node'; readonly path: RemotePath }[] {
  const own = action.kind === 'setAttributes' ? [{ on: action.on ?? 'host', path: action.path }] : []
  const effects = allEffects(action).flatMap((effect) =>
    effect.kind === 'file' ? [{ on: effect.on, path: effect.name }] : [],
  )
  return [...own, ...effects].map(({ on, path }) => ({ on, path: remotePath(path) }))
}

function together(before: Expectation | undefined, { content, status }: Sighting): Expectation {
  const known = status ?? before?.status
  return {
    content: before === undefined || rank(content) >= rank(before.content) ? content : before.content,
    ...given({ status: known }),
  }
}

/** The more a fingerprint says, the higher. */
function rank(content: string): number {
  if (content === 'present') return 0
  return content === 'nothing' ? 1 : 2
}
