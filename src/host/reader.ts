/**
 * Reads one host for any number of tasks at a time: the implementation of `Host`.
 *
 * What was predicted in a dry run is answered first; everything else goes to the batcher, which makes one frame of what all tasks ask in the same turn.
 * Each task has a view of its own that remembers what the task looked at: its expectations, and what invalidates it when it was read ahead.
 */
import { randomUUID } from 'node:crypto'
import type { HostName } from '../base/brand.ts'
import type { Shell } from '../connection/connection.ts'
import { createBatcher } from './batch.ts'
import type { ControllerFiles, Host, Placement } from './host.ts'
import type { ReaderSource, Trace } from './reader-context.ts'
import { createView } from './reader-view.ts'
import type { Overlay } from './overlay.ts'

export interface ReaderOptions {
  readonly name: HostName
  /** The host's shell; asked for at every frame, so that a reconnected one is used. */
  readonly shell: () => Promise<Shell>
  /** Ends all reads of this host. */
  readonly signal: AbortSignal
  /** Dry runs only. */
  readonly overlay?: Overlay
  /** The reader of a container's node. */
  readonly node?: HostReader
  readonly placement: Placement
  readonly controller: ControllerFiles
  /** Fresh 32 hex digits for each frame. */
  readonly nonce?: () => string
}

export interface HostReader {
  /** Reads without being traced: facts, effects, what belongs to no task. */
  readonly host: Host
  /** A view for one probe. */
  forTask(): TaskReader
  /** For the views of a container on this host. */
  readonly source: ReaderSource
}

export interface TaskReader {
  readonly host: Host
  /**
   * By machine and resource (`onMachine`), what the host itself answered, as a fingerprint: for a file `absent`, `nothing` (read through links: none is
   * there, or a link that leads nowhere), `sha256:HEX` or `present`, else a hash of the answer. Of several answers the one that says most stands. Answers
   * from the overlay are in it as `predicted`.
   */
  touched(): ReadonlyMap<string, string>
}

export function createReader(options: ReaderOptions): HostReader {
  const { name, shell, signal, overlay, node, placement, controller } = options
  const nonce = options.nonce ?? (() => randomUUID().replaceAll('-', ''))
  const source: ReaderSource = {
    name,
    batcher: createBatcher({ hostName: name, shell, signal, nonce }),
    overlay,
    placement,
    controller,
    node: node?.source,
  }
  return {
    source,
    host: createView(source, () => undefined),
    forTask() {
      const seen = new Map<string, string>()
      const trace: Trace = (key, fingerprint) => {
        const before = seen.get(key)
        if (before === undefined || rank(fingerprint) >= rank(before)) seen.set(key, fingerprint)
      }
      return { host: createView(source, trace), touched: () => seen }
    },
  }
}

/** The more a fingerprint says, the higher. */
function rank(fingerprint: string): number {
  if (fingerprint === 'present' || fingerprint === 'predicted') return 0
  return fingerprint === 'nothing' ? 1 : 2
}
