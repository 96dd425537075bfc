/** Reads the files of a run and checks everything that can be checked before a connection. */
import type { HostName } from '../base/brand.ts'
import { InputError } from '../base/errors.ts'
import { createSecrets } from '../base/secrets.ts'
import { runName } from '../events/run-name.ts'
import { createRunContext, type RunContext } from '../fleet/run-context.ts'
import type { PromptAnswers } from '../language/prompt.ts'
import { tidy } from '../language/source.ts'
import { checkBatches, inBatches, type SelectedPlay } from './batches.ts'
import { checkRolesOnHosts } from './check-role-arguments.ts'
import { checkSources, cloneSources } from './clone-sources.ts'
import { findCycles } from './cycles.ts'
import { load, type Loaded } from './load.ts'
import type { RunDependencies, RunRequest } from './request.ts'
import { hasKnownVariables } from './selection.ts'

export interface PreparedRun {
  readonly loaded: Loaded
  readonly context: RunContext
  readonly plays: readonly SelectedPlay[]
  /** What the user has answered (`vars_prompt`). */
  readonly answers: PromptAnswers
  /** The source of each host that is a clone. */
  readonly sources: ReadonlyMap<HostName, HostName>
}

/**
 * @param cut Aborted some time after an interruption: nothing is waited for any more.
 * @throws InputError with every mistake in the files and arguments
 */
export function prepareRun(
  request: RunRequest,
  dependencies: RunDependencies,
  cut: AbortSignal,
): PreparedRun {
  const secrets = dependencies.secrets ?? createSecrets()
  const loaded = load(request, dependencies, secrets)
  const context: RunContext = createRunContext({
    name: runName(dependencies.world),
    secrets,
    world: dependencies.world,
    files: dependencies.files,
    sinks: dependencies.sinks,
    inventory: loaded.inventory,
    extra: loaded.extra,
    facts: dependencies.facts,
    defaults: request.connection,
    reach: dependencies.reach,
    means: dependencies.means,
    check: request.check,
    stepByStep: request.stepByStep || dependencies.step !== undefined,
    profile: request.profile,
    reachable: (name) => loaded.selection.allowed(context.liveInventory.now, name),
    signal: dependencies.signal,
    explain: dependencies.explain,
    planning: dependencies.planning,
    readsFile: dependencies.readsFile,
    cut,
    stateDirectory: dependencies.stateDirectory,
  })
  const { fleet } = context
  const nodeOf = (host: HostName): HostName | undefined => fleet.nodeOf(host)
  const plays = inBatches(loaded.selection.plays, nodeOf)
  const sources = cloneSources(loaded.selection.hosts, fleet)
  // The others are checked before they start.
  const known = plays.filter((play) => hasKnownVariables(play, loaded.inventory))
  const problems = [
    ...loaded.problems,
    ...checkRolesOnHosts({ plays: known, problems: loaded.problems }, (host) => fleet.variables(host)),
    ...findCycles(loaded.selection, (host) => fleet.variables(host)),
    ...checkSources(sources, loaded.inventory),
    ...checkBatches(plays, nodeOf),
  ]
  if (problems.length > 0) throw new InputError(tidy(problems))
  return { loaded, context, plays, answers: request.answers ?? new Map(), sources }
}
