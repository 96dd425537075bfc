/**
 * Applies plan files: looks at all hosts again, refuses those that have changed, and runs the playbooks on the
 * others with no changes but those of the plan.
 */
import { createDigests } from '../../base/digests.ts'
import { type ExitCode, exitCodes, InputError, type Problem } from '../../base/errors.ts'
import { createSecrets } from '../../base/secrets.ts'
import type { Event } from '../../events/events.ts'
import { createControllerFiles } from '../../fleet/controller-files.ts'
import { withAnswers } from '../answered-run.ts'
import type { RefusedHost, RunDependencies, RunRequest } from '../request.ts'
import { runPlaybooks } from '../run-playbooks.ts'
import { createApproval } from './approval.ts'
import { commonDirectories } from './common-directories.ts'
import { driftOf } from './drift.ts'
import { type HostRecords, lookAt } from './make-plan.ts'
import { planAgain } from './plan-file.ts'
import { createPlanRecords } from './plan-records.ts'
import type { PlanFile } from './plan-schema.ts'
import { changedSources } from './plan-sources.ts'

/**
 * @param planName The name of the plan file, without its folder
 * @throws InputError if the files or the hosts of the inventory are not those of the plan
 */
export async function applyPlan(
  plan: PlanFile,
  asked: RunRequest,
  { planName, ...given }: RunDependencies & { readonly planName: string },
): Promise<ExitCode> {
  const { world, files } = given
  const digests = createDigests(plan.salt)
  const dependencies = { ...given, secrets: given.secrets ?? createSecrets() }
  const controller = createControllerFiles(world.workingDirectory, () => world.now().getTime())
  const changed = await changedSources(plan.files, { files, controller, digests, planName })
  if (changed.length > 0) throw new InputError(changed.map(changedFile))
  const request = await withAnswers(asked, dependencies)
  const events: Event[] = []
  const look = await lookAt(request, {
    ...dependencies,
    digests,
    sinks: [(event) => void events.push(event)],
  })
  const other = otherHosts(hostsOf(plan.events), hostsOf(events))
  if (other.length > 0) throw new InputError(other.map(changedHost))
  const approval = createApproval(plan, createPlanRecords(digests, dependencies.secrets))
  const exitCode = await runPlaybooks(
    { ...request, check: false },
    {
      ...dependencies,
      planning: { refuses: approval.refuses },
      refused: refusedHosts(plan, look, events),
    },
  )
  // The playbook may ignore the failure of a task, but not that its changes were refused.
  return exitCode === exitCodes.success && approval.refused.size > 0 ? exitCodes.drifted : exitCode
}

/** The hosts on which the run must not start: those that cannot be reached now, or that have changed. */
function refusedHosts(
  plan: PlanFile,
  { exitCode, hosts }: HostRecords,
  events: readonly Event[],
): ReadonlyMap<string, RefusedHost> {
  if (exitCode === exitCodes.interrupted) return new Map()
  const refused = new Map<string, RefusedHost>()
  const isCommon = commonDirectories(Object.values(plan.hosts))
  for (const host of new Set([...Object.keys(plan.hosts), ...hosts.keys()])) {
    const problem = driftOf(plan.hosts[host] ?? [], hosts.get(host) ?? [], isCommon)
    if (problem !== undefined) refused.set(host, { problem, exitCode: exitCodes.drifted })
  }
  for (const event of events) {
    const problem =
      event.type === 'host.unreachable' && event.problem.code !== 'node-failed'
        ? event.problem
        : event.type === 'task.finished' && event.outcome === 'unreachable'
          ? event.detail.problem
          : undefined
    if (problem !== undefined && 'host' in event && event.host !== undefined)
      refused.set(event.host, { problem, exitCode: exitCodes.unreachable })
  }
  return refused
}

function hostsOf(events: readonly object[]): readonly string[] {
  return events.flatMap((event) => {
    if (!('type' in event && 'hosts' in event)) return []
    if (event.type !== 'run.started' && event.type !== 'hosts.joined') return []
    return Array.isArray(event.hosts) ? event.hosts.map(String) : []
  })
}

function otherHosts(planned: readonly string[], now: readonly string[]): readonly string[] {
  return [...planned.filter((host) => !now.includes(host)), ...now.filter((host) => !planned.includes(host))]
}

function changedFile(path: string): Problem {
  return { code: 'plan-outdated', message: `${path} has changed since the plan was made`, hint: planAgain }
}

function changedHost(host: string): Problem {
  return {
    code: 'plan-outdated',
    message: `the inventory has changed since the plan was made: ${host}`,
    hint: planAgain,
  }
}
