/** Makes plan files: a dry run whose items are recorded. */
import { createDigests, type Digests } from '../../base/digests.ts'
import type { ExitCode } from '../../base/errors.ts'
import { createSecrets, type Secrets } from '../../base/secrets.ts'
import type { Event } from '../../events/events.ts'
import { createControllerFiles } from '../../fleet/controller-files.ts'
import type { PlannedItem } from '../../fleet/planning.ts'
import type { RunDependencies, RunRequest } from '../request.ts'
import { runPlaybooks } from '../run-playbooks.ts'
import { createPlanRecords } from './plan-records.ts'
import { planSchema, type PlanCommand, type PlanFile, type PlanFileItem } from './plan-schema.ts'
import { createSeenSources } from './plan-sources.ts'

export interface MakePlanOptions {
  /** The name of the plan file, without its folder. */
  readonly planName: string
  /** The options that a run needs again; called when the book of secrets is complete. */
  readonly command: (digests: Digests, secrets: Secrets) => PlanCommand
}

/** @throws InputError with every mistake in the files and arguments, before any connection */
export async function makePlan(
  request: RunRequest,
  dependencies: RunDependencies,
  { planName, command }: MakePlanOptions,
): Promise<{ readonly exitCode: ExitCode; readonly plan: PlanFile }> {
  const { world, secrets = createSecrets(), files } = dependencies
  const salt = world.randomHex(24)
  const digests = createDigests(salt)
  const seen = createSeenSources(files)
  const events: Event[] = []
  const { exitCode, hosts } = await lookAt(request, {
    ...dependencies,
    secrets,
    files: seen.files,
    readsFile: seen.readsFile,
    digests,
    sinks: [...dependencies.sinks, (event) => void events.push(event)],
  })
  const controller = createControllerFiles(world.workingDirectory, () => world.now().getTime())
  const plan: PlanFile = {
    format: 'gpuplay-plan',
    version: planSchema.properties.version.const,
    gpuplay: request.version,
    made: world.now().toISOString(),
    salt,
    command: command(digests, secrets),
    files: [...(await seen.sources({ controller, digests, planName }, secrets))],
    hosts: Object.fromEntries([...hosts].map(([host, items]) => [host, [...items]])),
    events: events.map((event) => ({ ...event })),
  }
  return { exitCode, plan }
}

export interface HostRecords {
  readonly exitCode: ExitCode
  /** The items of each host, in order. */
  readonly hosts: ReadonlyMap<string, readonly PlanFileItem[]>
}

/** Makes a dry run, and the records of its items when the book of secrets is complete. */
export async function lookAt(
  request: RunRequest,
  { digests, ...dependencies }: RunDependencies & { readonly secrets: Secrets; readonly digests: Digests },
): Promise<HostRecords> {
  const items = new Map<string, PlannedItem[]>()
  const exitCode = await runPlaybooks(
    { ...request, check: true },
    {
      ...dependencies,
      // A dry run asks nothing. The question is part of what the run may do.
      confirm: () => Promise.resolve(false),
      planning: {
        take(item) {
          const list = items.get(item.host)
          if (list === undefined) items.set(item.host, [item])
          else list.push(item)
        },
      },
    },
  )
  const records = createPlanRecords(digests, dependencies.secrets)
  const hosts = new Map([...items].map(([host, list]) => [host, list.map((item) => records.item(item))]))
  return { exitCode, hosts }
}
