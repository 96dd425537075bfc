import { type Unknown, UnknownError } from '../base/unknown.ts'
import type { Host, ProgramHost } from './host.ts'
import type { Overlay } from './overlay.ts'
import type { Place } from './overlay-place.ts'
import type { Trace, ReadContext } from './reader-context.ts'
import { createFileReads } from './reader-files.ts'
import type { ReaderSource } from './reader-source.ts'
import { createPromised, createSystemReads } from './reader-system.ts'
import { onMachine } from './resource.ts'

export interface HostOptions {
  readonly source: ReaderSource
  readonly trace: Trace
  readonly overlay: Overlay | undefined
  /** The environment of programs on this host, but not on its node. */
  readonly environment: Readonly<Record<string, string>>
}

/** Creates the host that modules read, and the wider one of `command` and `shell`, which sees the same. */
export function createHost(options: HostOptions): { readonly host: Host; readonly programHost: ProgramHost } {
  const { source, trace, overlay, environment } = options
  const place = placeOf(source)
  const context: ReadContext = {
    source,
    environment,
    overlay() {
      const view = overlay?.of(place)
      const whole = view?.whole()
      if (whole) throw new UnknownError(whole)
      return view
    },
    saw: (what, sighting) => trace(onMachine(source.name, what), sighting),
  }
  const reads = {
    name: source.name,
    placement: source.placement,
    controller: source.controller,
    ...createFileReads(context),
    ...createSystemReads(context),
    maybe,
  }
  const nodeView = source.node && createHost({ source: source.node, trace, overlay, environment: {} }).host
  const host: Host = {
    ...reads,
    get node() {
      return nodeView ?? host
    },
  }
  return { host, programHost: { ...reads, node: host.node, promised: createPromised(context) } }
}

export function placeOf({ name, placement }: Pick<ReaderSource, 'name' | 'placement'>): Place {
  return { name, nodeName: placement.nodeName, ctid: placement.ctid }
}

/** Turns `UnknownError` into a value; the only way to continue with unknown values. */
async function maybe<T>(read: Promise<T>): Promise<T | Unknown> {
  try {
    return await read
  } catch (error) {
    if (error instanceof UnknownError) return error.unknown
    throw error
  }
}
