import { UnknownError } from '../base/unknown.ts'
import type { Host, Maybe } from './host.ts'
import type { Place } from './overlay-place.ts'
import type { ReaderSource, Trace, ViewContext } from './reader-context.ts'
import { createFileReads } from './reader-files.ts'
import { createSystemReads } from './reader-system.ts'
import { onMachine } from './resource.ts'

export function createView(source: ReaderSource, trace: Trace): Host {
  const place: Place = {
    name: source.name,
    nodeName: source.placement.nodeName,
    ctid: source.placement.ctid,
  }
  const context: ViewContext = {
    source,
    overlay() {
      const view = source.overlay?.of(place)
      const whole = view?.whole()
      if (whole) throw new UnknownError(whole)
      return view
    },
    saw: (what, fingerprint) => trace(onMachine(source.name, what), fingerprint),
  }
  const reads = {
    name: source.name,
    placement: source.placement,
    controller: source.controller,
    ...createFileReads(context),
    ...createSystemReads(context),
    maybe,
  }
  const nodeView = source.node === undefined ? undefined : createView(source.node, trace)
  const host: Host = {
    ...reads,
    get node() {
      return nodeView ?? host
    },
  }
  return host
}

async function maybe<T>(read: Promise<T>): Promise<Maybe<T>> {
  try {
    return { known: true, value: await read }
  } catch (error) {
    if (error instanceof UnknownError) return { known: false, unknown: error.unknown }
    throw error
  }
}
