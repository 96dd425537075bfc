/** One probe of a unit's module, in a view of its own. */
import { HostError, UnreachableError } from '../base/errors.ts'
import type { Secrets } from '../base/secrets.ts'
import type { AskOptions, Host } from '../host/host.ts'
import type { Overlay } from '../host/overlay.ts'
import type { HostReader } from '../host/reader.ts'
import { exposedAddress, exposedWord } from './secret-arguments.ts'
import type { Reading, Unit } from './unit.ts'

export interface ProbeOptions {
  readonly reader: HostReader
  readonly overlay: Overlay | undefined
  readonly environment: Readonly<Record<string, string>>
  readonly secrets: Pick<Secrets, 'exposes'>
  readonly check: boolean
  /** Undefined: a connection that drops ends it. */
  readonly reconnect: (() => Promise<void>) | undefined
}

/** How often a probe is repeated when the connection drops under it. */
const mostAttempts = 3

/**
 * A connection that drops under the probe is opened again and the probe repeated.
 * @throws UnknownError for what rests on something that is only predicted, UnreachableError, HostError
 */
export async function probeUnit({ module, ready }: Unit, options: ProbeOptions): Promise<Reading> {
  const { reader, overlay, environment, check, reconnect, secrets } = options
  for (let attempt = 1; ; attempt += 1) {
    const view = reader.forTask({ overlay })
    try {
      const host = guarded(check ? view.host : withoutMaybe(view.host), environment, secrets)
      const seen = await module.probe(ready.args, host)
      return { seen, touched: view.touched(), rests: view.predicted().size > 0 }
    } catch (error) {
      const lost =
        (error instanceof UnreachableError || error instanceof HostError) &&
        error.problem.code === 'connection-lost'
      if (!lost || reconnect === undefined || attempt >= mostAttempts) throw error
      await reconnect()
    }
  }
}

/** A run does not plan on what is unknown: it sends what it has, and then knows. */
function withoutMaybe(host: Host): Host {
  const strict: Host = Object.create(host, {
    maybe: { value: <T>(read: Promise<T>): Promise<T> => read },
    node: { get: () => (host.node === host ? strict : withoutMaybe(host.node)) },
  })
  return strict
}

/**
 * The task's environment is for the programs that it asks as well as for those that it runs; and what nobody else may read is no more on the command
 * lines of those that only read.
 */
function guarded(
  host: Host,
  environment: Readonly<Record<string, string>>,
  secrets: Pick<Secrets, 'exposes'>,
): Host {
  const own: Host = Object.create(host, {
    ask: {
      value: async (argv: readonly string[], options: AskOptions = {}) => {
        const exposed = exposedWord(argv, secrets)
        if (exposed) throw new HostError(exposed)
        return host.ask(argv, { ...options, environment: { ...environment, ...options.environment } })
      },
    },
    http: {
      value: async (...[url, options]: Parameters<Host['http']>) => {
        const exposed = exposedAddress(url, secrets)
        if (exposed) throw new HostError(exposed)
        return host.http(url, options)
      },
    },
    node: { get: () => (host.node === host ? own : guarded(host.node, {}, secrets)) },
  })
  return own
}
