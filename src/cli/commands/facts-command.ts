import {
  type ExitCode,
  exitCodes,
  HostError,
  InputError,
  lowestFailure,
  type Problem,
  UnreachableError,
} from '../../base/errors.ts'
import { facts as known } from '../../host/facts.ts'
import { problem } from '../../language/source.ts'
import { didYouMean } from '../../language/suggest.ts'
import { jsonText } from '../../view/json-text.ts'
import { configured } from '../configuration.ts'
import type { Configuration } from '../configuration-keys.ts'
import type { Context } from '../context.ts'
import type { ConnectionFlags, InventoryFlags } from '../flags.ts'
import { chooseHosts, onEach } from '../hosts.ts'
import { reportHost, reportProblems } from '../show.ts'

export interface FactsFlags extends InventoryFlags, ConnectionFlags, Partial<Pick<Configuration, 'forks'>> {
  readonly only?: readonly string[]
}

type HostFacts =
  | { readonly facts: Readonly<Record<string, unknown>> }
  | { readonly problem: Problem; readonly exitCode: ExitCode }

/** `gpuplay facts PATTERN -i INV`: JSON by host. */
export async function factsCommand(this: Context, flags: FactsFlags, pattern: string): Promise<void> {
  try {
    this.setExitCode(await read(this, flags, pattern))
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: 'auto' })
    this.setExitCode(exitCodes.invalidInput)
  }
}

async function read(context: Context, given: FactsFlags, pattern: string): Promise<ExitCode> {
  const flags = { ...given, ...configured(context, given) }
  const wanted = wantedFacts(flags.only)
  const { names, run } = await chooseHosts(context, pattern, flags)
  const { fleet, secrets } = run
  try {
    const results = await onEach(names, flags.forks, async (name): Promise<HostFacts> => {
      const host = fleet.host(name).reader().view()
      try {
        const entries = await Promise.all(
          known
            .filter((fact) => wanted.has(fact.name))
            .map(async (fact): Promise<[string, unknown]> => [fact.name, await fact.read(host)]),
        )
        return { facts: Object.fromEntries(entries) }
      } catch (error) {
        if (error instanceof UnreachableError)
          return { problem: error.problem, exitCode: exitCodes.unreachable }
        if (error instanceof HostError) return { problem: error.problem, exitCode: exitCodes.task }
        throw error
      }
    })
    const read: [string, unknown][] = []
    const failures: ExitCode[] = []
    for (const [index, name] of names.entries()) {
      const result = results[index]
      if (result === undefined) continue
      if ('facts' in result) read.push([name, result.facts])
      else {
        failures.push(result.exitCode)
        reportHost(context, name, secrets.redact(result.problem))
      }
    }
    context.output.write(`${jsonText(secrets.redact(Object.fromEntries(read)), 2)}\n`)
    return lowestFailure(failures) ?? exitCodes.success
  } finally {
    await fleet.close()
  }
}

function wantedFacts(only: readonly string[] | undefined): ReadonlySet<string> {
  const names = known.map((fact) => fact.name)
  const wrong = (only ?? []).filter((name) => !names.includes(name))
  if (wrong.length > 0) {
    throw new InputError(
      wrong.map((name) =>
        problem('unknown-fact', `there is no fact ${JSON.stringify(name)}`, {
          hint: didYouMean(name, names, `the facts are ${names.join(', ')}`),
        }),
      ),
    )
  }
  return new Set(only ?? names)
}
