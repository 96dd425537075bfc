/** Runs one probe of the module of a unit, in a separate view. */
import { defined } from '../base/defined.ts'
import { HostError, type Problem, UnreachableError } from '../base/errors.ts'
import type { Secrets } from '../base/secrets.ts'
import type { AskOptions, Host, ProgramHost, PromisedOptions } from '../host/host.ts'
import type { Overlay } from '../host/overlay.ts'
import type { Question } from '../host/question.ts'
import type { HostReader, TaskReader } from '../host/reader.ts'
import type { Module } from '../modules/module.ts'
import { exposedAddress, exposedWord } from './secret-arguments.ts'
import type { TimeLimit } from './time-limit.ts'
import type { Reading, Unit } from './unit.ts'

export interface ProbeOptions {
  readonly reader: HostReader
  readonly overlay: Overlay | undefined
  readonly environment: Readonly<Record<string, string>>
  readonly secrets: Pick<Secrets, 'exposes'>
  readonly check: boolean
  /** Undefined: a dropped connection fails the probe. */
  readonly reconnect: (() => Promise<void>) | undefined
}

/** Maximum number of attempts of a probe whose connection drops. */
const mostAttempts = 3

/**
 * Probes the host. If the connection drops, reconnects and probes again.
 * @throws UnknownError for values that depend on a prediction; UnreachableError; HostError
 */
export async function probeUnit({ module, ready, limit }: Unit, options: ProbeOptions): Promise<Reading> {
  const { reader, overlay, environment, check, reconnect, secrets } = options
  for (let attempt = 1; ; attempt += 1) {
    const view = reader.forTask({ overlay, environment })
    const { host, programHost } = check ? view : strict(view)
    const hosts = {
      host: guarded(host, { secrets, limit }),
      programHost: guarded(programHost, { secrets, limit }),
    }
    try {
      const seen = await probeWith(module, ready.args, hosts)
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

/** Only modules that declare `runs` get a host that runs programs of a playbook. */
function probeWith(
  module: Module,
  args: unknown,
  { host, programHost }: Pick<TaskReader, 'host' | 'programHost'>,
): Promise<unknown> {
  return module.runs === undefined ? module.probe(args, host) : module.probe(args, programHost)
}

interface Guards {
  readonly secrets: Pick<Secrets, 'exposes'>
  readonly limit: TimeLimit | undefined
}

/**
 * Keeps secrets off the command lines of programs that only read, as of programs that change something, and
 * ends programs of the playbook when the time of the task is over.
 */
function guarded<Wide extends Host>(host: Wide, guards: Guards): Wide {
  const { secrets, limit } = guards
  const refuse = (exposed: Problem | undefined): void => {
    if (exposed) throw new HostError(exposed)
  }
  const promised = async (argv: readonly string[], options?: PromisedOptions) => {
    refuse(exposedWord(argv, secrets))
    if (!isProgramHost(host)) return undefined
    if (limit === undefined) return host.promised(argv, options)
    return host.promised(argv, {
      ...options,
      timeout: Math.min(options?.timeout ?? Infinity, limit.look),
    })
  }
  const own: Wide = Object.create(host, {
    ask: {
      value: async <Said>(question: Question<Said>, options?: AskOptions) => {
        refuse(exposedWord(question.argv, secrets))
        return host.ask(question, options)
      },
    },
    http: {
      value: async (...[url, options]: Parameters<Host['http']>) => {
        refuse(exposedAddress(url, secrets))
        return host.http(url, options)
      },
    },
    ...defined({ promised: isProgramHost(host) ? { value: promised } : undefined }),
    node: { get: () => (host.node === host ? own : guarded(host.node, guards)) },
  })
  return own
}

function isProgramHost(host: Host): host is ProgramHost {
  return 'promised' in host
}

/** A run does not plan on unknown values. It sends its queue first, and then knows them. */
function strict({ host, programHost }: TaskReader): Pick<TaskReader, 'host' | 'programHost'> {
  return { host: withoutMaybe(host), programHost: withoutMaybe(programHost) }
}

function withoutMaybe<Wide extends Host>(host: Wide): Wide {
  const strictHost: Wide = Object.create(host, {
    maybe: { value: <T>(read: Promise<T>): Promise<T> => read },
    node: { get: () => (host.node === host ? strictHost : withoutMaybe(host.node)) },
  })
  return strictHost
}
