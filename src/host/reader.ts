/**
 * Reads one host for any number of tasks at a time: the implementation of `Host`.
 *
 * Predictions answer first, then kept answers (`kept-answers.ts`). Everything else goes to the batcher, which
 * combines the queries of all tasks in one turn into one frame. Each task has its own view, which records
 * what the task read.
 */
import { randomUUID } from 'node:crypto'
import type { HostName } from '../base/brand.ts'
import type { Unknown } from '../base/unknown.ts'
import { defined } from '../base/defined.ts'
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
import { createAnswerStore, type AnswersOfMachine, type AnswerStore } from './kept-answers.ts'
import type { Expectation } from './expectation.ts'

export interface ReaderOptions {
  readonly name: HostName
  /** Returns the host's shell. Called for every frame, so that a reconnected shell is used. */
  readonly shell: () => Promise<Shell>
  /** Aborts all reads of this host. */
  readonly signal: AbortSignal
  /** The kept answers of all machines of a run. Default: only those of this reader. */
  readonly answerStore?: AnswerStore
  /** The reading user, if a host has readers of several users. */
  readonly user?: string
  /** The reader of a container's node. */
  readonly node?: HostReader
  readonly placement: Placement
  readonly controller: ControllerFiles
  /** Returns 32 new hex digits for each frame. */
  readonly nonce?: () => string
  /** Creates the batcher that sends the queries. Default: scripts over the shell. */
  readonly createBatcher?: (options: BatcherOptions) => Batcher
}

export interface HostReader {
  /**
   * A view without tracing, for facts, effects and other reads outside a task. With an overlay, predictions
   * answer first.
   */
  view(overlay?: Overlay): Host
  /** A view for one probe. Without an overlay it shows the host as it is. */
  forTask(options?: TaskReaderOptions): TaskReader
  /**
   * Resolves the links on the paths that an action changes, so that the overlay knows the other names of
   * those files. Call it before predicting the action. A probe over the same overlay that has read these
   * paths has resolved them already.
   * @throws UnreachableError
   */
  findLinks(action: Action, overlay: Overlay): Promise<void>
  /** The kept answers of this machine, for all users. */
  readonly answers: AnswersOfMachine
  /** The reader of the node, for a container. */
  readonly node: HostReader | undefined
  /** Used by the views of a container on this host. */
  readonly source: ReaderSource
}

export interface TaskReaderOptions {
  readonly overlay?: Overlay | undefined
  /** The task's environment, for the programs that it runs. */
  readonly environment?: Readonly<Record<string, string>>
}

export interface TaskReader {
  readonly host: Host
  /** For modules that run programs whose author promises that they only read. */
  readonly programHost: ProgramHost
  /**
   * What the task saw, by machine and resource (`onMachine`): for a file, the state that the host must have
   * when the task acts on it; for everything else, a hash of the answer. Of several answers about one file,
   * the most specific one is kept. An answer from the overlay describes the host after the earlier actions.
   */
  touched(): ReadonlyMap<string, Expectation>
  /**
   * For a user other than root: the reason why the action would fail, as far as files show; undefined if
   * there is none. A dry run must not promise such an action.
   * @throws UnreachableError, HostError
   */
  whyNot(action: Action): Promise<Unknown | undefined>
  /**
   * The keys of `touched` that depend on a prediction. If there are none, the reading is that of the host.
   */
  predicted(): ReadonlySet<string>
}

export function createReader(options: ReaderOptions): HostReader {
  const { name, shell, signal, node, placement, controller, user = '' } = options
  const nonce = options.nonce ?? (() => randomUUID().replaceAll('-', ''))
  const answers = (options.answerStore ?? createAnswerStore()).of(placeOf({ name, placement }))
  const batcher = (options.createBatcher ?? createBatcher)({ hostName: name, shell, signal, nonce })
  const source = createSource({
    name,
    batcher,
    kept: answers,
    user,
    placement,
    controller,
    node: node?.source,
  })
  return {
    source,
    answers,
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

function together(
  before: Expectation | undefined,
  { content, status, reached, lossyLine }: Sighting,
): Expectation {
  return {
    content: before === undefined || rank(content) >= rank(before.content) ? content : before.content,
    ...defined({
      status: status ?? before?.status,
      reached: reached ?? before?.reached,
      lossyLine: lossyLine ?? before?.lossyLine,
    }),
  }
}

/** Ranks fingerprints: the more specific, the higher. */
function rank(content: string): number {
  if (content === 'present') return 0
  return content === 'nothing' ? 1 : 2
}
