import { type Unknown, UnknownError } from '../base/unknown.ts'
import type { Host } from './host.ts'
import type { Overlay } from './overlay.ts'
import type { Place } from './overlay-place.ts'
import type { Trace, ViewContext } from './reader-context.ts'
import { createFileReads } from './reader-files.ts'
import type { ReaderSource } from './reader-source.ts'
import { createSystemReads } from './reader-system.ts'
import { onMachine } from './resource.ts'

export function createView(source: ReaderSource, trace: Trace, overlay: Overlay | undefined): Host {
  const place = placeOf(source)
  const context: ViewContext = {
    source,
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
  const nodeView = source.node === undefined ? undefined : createView(source.node, trace, overlay)
  const host: Host = {
    ...reads,
    get node() {
      return nodeView ?? host
    },
  }
  return host
}

export function placeOf({ name, placement }: Pick<ReaderSource, 'name' | 'placement'>): Place {
  return { name, nodeName: placement.nodeName, ctid: placement.ctid }
}

/** The one way to go on where something cannot be known. */
async function maybe<T>(read: Promise<T>): Promise<T | Unknown> {
  try {
    return await read
  } catch (error) {
    if (error instanceof UnknownError) return error.unknown
    throw error
  }
}
