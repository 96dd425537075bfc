import { exitCodes, InputError } from '../../base/errors.ts'
import { hostName } from '../../base/brand.ts'
import { explainVariable } from '../../engine/explain-variable.ts'
import { load } from '../../engine/load.ts'
import { createRunContext } from '../../fleet/run-context.ts'
import { hostOf } from '../../inventory/inventory-model.ts'
import { problem } from '../../language/source.ts'
import { didYouMean } from '../../language/suggest.ts'
import { variableText } from '../explain-text.ts'
import { configured } from '../configuration.ts'
import type { Context } from '../context.ts'
import type { ConnectionFlags, InventoryFlags } from '../flags.ts'
import { playbooksOf } from '../shipped.ts'
import { reportProblems } from '../show.ts'
import { dependenciesOf, requestOf } from '../start-run.ts'

export interface ExplainFlags extends InventoryFlags, ConnectionFlags {
  readonly host: string
}

/** `gpuplay explain var NAME --host HOST [PLAYBOOK...]` */
export async function explainCommand(this: Context, flags: ExplainFlags, ...words: string[]): Promise<void> {
  try {
    const [what = '', name = '', ...playbooks] = words
    if (what === 'var') this.output.write(await variable(this, flags, { name, playbooks }))
    else throw new InputError([unknownSubject(what)])
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: 'auto' })
    this.setExitCode(exitCodes.invalidInput)
  }
}

function unknownSubject(what: string) {
  return {
    code: 'unknown-subject',
    message: `gpuplay explains variables, not "${what}"`,
    hint: 'write gpuplay explain var NAME --host HOST [PLAYBOOK]',
  }
}

async function variable(
  context: Context,
  flags: ExplainFlags,
  { name, playbooks }: { readonly name: string; readonly playbooks: readonly string[] },
): Promise<string> {
  // Nothing connects to a host, so no password is needed.
  const configuration = configured(context, flags, playbooks)
  const line = { ...flags, ...configuration, askPass: false, askBecomePass: false }
  const request = await requestOf(context, line, { playbooks: playbooksOf(context, playbooks), check: true })
  const dependencies = { ...dependenciesOf(context), sinks: [] }
  const { inventory, extra, selection, problems } = load(request, dependencies, context.secrets)
  if (problems.length > 0) throw new InputError(problems)
  const host = hostOf(inventory, hostName(flags.host))
  if (host === undefined) {
    throw new InputError([
      problem('unknown-host', `there is no host ${JSON.stringify(flags.host)} in the inventory`, {
        hint: didYouMean(flags.host, [...inventory.hosts.keys()], 'see `gpuplay inventory --graph`'),
      }),
    ])
  }
  const run = createRunContext({
    ...dependencies,
    name: 'none',
    secrets: context.secrets,
    inventory,
    extra,
    defaults: request.connection,
    check: true,
    reachable: selection.reachable,
  })
  const variables = run.fleet.variables(host.name)
  const sections = explainVariable(name, { inventory, host, variables, plays: selection.plays })
  return variableText(name, host.name, sections)
}
