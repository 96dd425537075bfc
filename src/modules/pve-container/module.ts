/**
 * Creates, starts, stops, converts and destroys containers, with `pct` on their node.
 *
 * A container with the declared CTID and another name is never changed. Proxmox VE itself locks a container
 * while it is created; `half-made.ts` uses that to recognize what an interrupted run has left.
 */
import { defined } from '../../base/defined.ts'
import { Unknown } from '../../base/unknown.ts'
import type { Action } from '../../host/action.ts'
import { actions, done, type Plan, type Refusal, refuse } from '../../host/plan.ts'
import { configFile, writeConfig } from '../../proxmox/config-change.ts'
import { withoutLines } from '../../proxmox/config-lines.ts'
import {
  type ContainerConfig,
  parseContainerConfig,
  rewriteContainerConfig,
} from '../../proxmox/container-config.ts'
import { lockOf } from '../../proxmox/device-entries.ts'
import { makingRecord } from '../../proxmox/half-made.ts'
import { configBecomes, longPct, withCurrent } from '../../proxmox/pct-actions.ts'
import { afterNextStart, pendingNames } from '../../proxmox/pending-changes.ts'
import { waitForWork } from '../../proxmox/running-copies.ts'
import { completeSnapshots, snapshotsOf } from '../../proxmox/snapshots.ts'
import { lackingFeature, volumesOf } from '../../proxmox/storages.ts'
import { noteTemplate } from '../../proxmox/template-notes.ts'
import type { Module } from '../module.ts'
import { mayChangeContainer } from '../support/container-args.ts'
import { args, type Args, result } from './args.ts'
import { isFinishedLater, isHalfMade, planCreation } from './creation.ts'
import { planAbsence } from './destruction.ts'
import { growth } from './growth.ts'
import { otherContainer, otherPrivilege } from './refusals.ts'
import { probe, type Seen } from './seen.ts'
import { type Setting, changedSettings, wantedSettings } from './wanted-settings.ts'

export const pveContainer = {
  name: 'pve_container',
  summary: 'Creates, clones, starts, stops, converts or destroys a container.',
  args,
  result,
  exitCode: 4,
  mayChange: mayChangeContainer,
  probe,
  plan,
  report: (_, { ctid, container, description }) => {
    const config = parseContainerConfig(container?.config ?? '')
    return {
      ctid,
      exists: container !== undefined,
      running: container?.status === 'running',
      template: config.current.settings.get('template') === '1',
      snapshots: completeSnapshots(config),
      descriptions: Object.fromEntries(
        snapshotsOf(config).flatMap(({ name, incomplete, description }) =>
          incomplete === undefined ? [[name, description]] : [],
        ),
      ),
      description,
      pending: pendingNames(config),
    }
  },
} satisfies Module<Args, Seen>

function plan(given: Args, seen: Seen): Plan {
  if (given.state === 'absent') return planAbsence(given, seen)
  const { container, record, ctid } = seen
  const config = parseContainerConfig(container?.config ?? '')
  if (container === undefined || isHalfMade(seen, config)) return planNew(given, seen)
  // Somebody else is creating it, and its name comes last.
  const making = lockOf(config) === 'create' ? waitForWork({ ...seen, config }, given) : undefined
  if (making) return making
  const problem =
    otherContainer(given, seen, config) ??
    (given.only_create ? undefined : otherPrivilege(given, seen, config)) ??
    halfGone(ctid, config)
  if (problem) return refuse(problem)
  if (given.only_create && record === undefined) return done()
  const unwanted = record?.source === undefined ? undefined : planRemoval(given, seen, config)
  if (unwanted) return unwanted
  const settings = changedSettings(wantedSettings(given), afterNextStart(config))
  const grown = growth(given, ctid, { config, exists: true })
  const steps: readonly (Action | Refusal)[] = [
    ...grown.actions,
    ...(settings.length === 0 ? [] : [setAction(given, seen, { settings, config: grown.config })]),
    ...stateActions(given, seen, { config, running: container.status === 'running' }),
  ]
  const refused = steps.find((step): step is Refusal => 'code' in step)
  if (refused) return refuse(refused)
  const list = steps.filter((step): step is Action => 'kind' in step)
  const locked = list.length > 0 ? waitForWork({ ...seen, config }, given) : undefined
  if (locked) return locked
  if (list.length === 0 && record === undefined) return done()
  return actions([...list, record === undefined ? undefined : forgetMaking(ctid)])
}

function planNew(given: Args, seen: Seen): Plan {
  const creation = planCreation(given, seen)
  if ('warnings' in creation) return creation
  const { settings, doubt, unwanted } = creation
  if (unwanted === true)
    return actions(creation.actions, {
      stage: 'clone',
      doubt: new Unknown(`only the run shows the configuration of container ${seen.ctid}`),
    })
  const config = parseContainerConfig('')
  const list = [
    ...creation.actions,
    ...(settings.length === 0 ? [] : [setAction(given, seen, { settings, config })]),
    ...(given.state === 'started' ? [power(given, seen, 'start')] : []),
    ...(given.state === 'template' ? conversion(given, seen) : []),
    ...(isFinishedLater(given) ? [forgetMaking(seen.ctid)] : []),
  ]
  return actions(list, defined({ doubt }))
}

/** Removes lines of its source from a new clone; undefined if it has none of them. */
function planRemoval(given: Args, seen: Seen, config: ContainerConfig): Plan | undefined {
  const { without, lock_timeout: timeout } = given
  const { ctid, container } = seen
  const before = container?.config ?? ''
  const text = withoutLines(before, without)
  if (text === before) return undefined
  const diffs = [{ title: configFile(ctid), before, after: text }]
  return (
    waitForWork({ ...seen, config }, given) ??
    actions([writeConfig(ctid, { kind: 'text', text }, timeout)], { stage: 'lines of the source', diffs })
  )
}

function forgetMaking(ctid: string): Action {
  return { kind: 'remove', on: 'node', path: makingRecord(ctid), label: 'delete the record of its creation' }
}

/**
 * Of a stopped container the result is known exactly; a running one takes some changes only at its next start, and
 * Proxmox completes network interfaces.
 */
function setAction(
  { lock_timeout: seconds }: Args,
  { ctid, container }: Seen,
  { settings, config }: { readonly settings: readonly Setting[]; readonly config: ContainerConfig },
): Action {
  const isKnown =
    container?.status === 'stopped' &&
    pendingNames(config).length === 0 &&
    !settings.some(({ key }) => key.startsWith('net'))
  const text = rewriteContainerConfig(
    withCurrent(
      config,
      settings.map(({ key, value }) => [key, value] as const),
    ),
  )
  return {
    kind: 'run',
    on: 'node',
    argv: ['pct', 'set', ctid, ...settings.flatMap(({ key, value }) => [`--${key}`, value])],
    label: `set ${settings.map(({ key, value }) => `${key} to ${value}`).join(', ')} of container ${ctid}`,
    timeout: Math.max(seconds, 60),
    effects: configBecomes(
      ctid,
      isKnown ? text : undefined,
      `Proxmox writes the configuration of container ${ctid}`,
    ),
  }
}

interface Present {
  readonly config: ContainerConfig
  readonly running: boolean
}

function stateActions(given: Args, seen: Seen, { config, running }: Present): readonly (Action | Refusal)[] {
  const isTemplate = config.current.settings.get('template') === '1'
  switch (given.state) {
    case 'started':
      if (running) return []
      if (isTemplate) return [templateCannotStart(seen)]
      return [managedByHa(seen, 'start') ?? power(given, seen, 'start')]
    case 'stopped':
      return running ? [managedByHa(seen, 'stop') ?? power(given, seen, 'stop')] : []
    case 'template': {
      if (isTemplate) return []
      const problem = cannotConvert(seen, config) ?? managedByHa(seen, 'convert')
      if (problem) return [problem]
      return [...(running ? [power(given, seen, 'stop')] : []), ...conversion(given, seen)]
    }
    case 'present':
    case 'absent':
      return []
  }
}

function power({ timeout, force }: Args, { ctid }: Seen, verb: 'start' | 'stop'): Action {
  return { kind: 'containerPower', on: 'node', ctid, verb, timeout, force }
}

function conversion(
  { copy_timeout: timeout, description }: Args,
  { ctid, container }: Seen,
): readonly Action[] {
  return [
    ...(description === '' ? [] : noteTemplate(ctid, description)),
    longPct({
      ctid,
      argv: ['pct', 'template', ctid],
      label: `convert container ${ctid} to a template`,
      work: ['template', container?.config ?? ''],
      timeout,
      effects: configBecomes(ctid, undefined, 'only the run converts the container to a template'),
    }),
  ]
}

function templateCannotStart({ ctid }: Seen): Refusal {
  return {
    code: 'template-cannot-start',
    message: `container ${ctid} is a template, which cannot start`,
    hint: 'start a clone of it',
  }
}

function managedByHa({ ctid, highAvailability }: Seen, verb: string): Refusal | undefined {
  if (highAvailability !== 'managed') return undefined
  return {
    code: 'managed-by-ha',
    message: `HA manages container ${ctid} and decides when it runs`,
    hint: `suspend HA for it (ha-manager set ct:${ctid} --state ignored), or ${verb} it yourself`,
  }
}

/** A creation or conversion would be refused by Proxmox, partly after some volumes are converted. */
function cannotConvert({ ctid, storages }: Seen, config: ContainerConfig): Refusal | undefined {
  const names = [...config.snapshots.keys()]
  if (names.length > 0)
    return {
      code: 'has-snapshots',
      message: `container ${ctid} has snapshots, so it cannot become a template: ${names.join(', ')}`,
      hint: 'delete them first (pve_container_snapshot), or convert a clone of the container',
    }
  const [lacking] = lackingFeature(volumesOf(config.current), storages, 'template')
  if (lacking === undefined) return undefined
  return {
    code: 'not-convertible',
    message: `container ${ctid} cannot become a template, because of ${lacking.key}: ${lacking.id}`,
    hint: 'move the volume to another storage: pct move-volume',
  }
}

function halfGone(ctid: string, config: ContainerConfig): Refusal | undefined {
  if (lockOf(config) !== 'destroyed') return undefined
  return {
    code: 'half-destroyed',
    message: `container ${ctid} was destroyed, but its configuration is left`,
    hint: `to remove the rest, declare it with state: absent, or run pct unlock ${ctid} && pct destroy ${ctid}`,
  }
}
