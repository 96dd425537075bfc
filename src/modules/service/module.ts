/** Sets the state of a systemd unit, now and at boot. */
import { defined, mapped } from '../../base/defined.ts'
import { known, knownOr } from '../../base/unknown.ts'
import type { Effect, Run } from '../../host/action.ts'
import type { Host, UnitStatus } from '../../host/host.ts'
import { needsDaemonReload } from '../../host/questions/system.ts'
import { actions, type Diff, done, type Plan, refuse, settle } from '../../host/plan.ts'
import { resource } from '../../host/resource.ts'
import { unitKind } from '../../host/resources/systemd-unit.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly unit: UnitStatus
  /** systemd reports that the unit's files changed on disk; false if not requested. */
  readonly stale: boolean
}

export const service = {
  name: 'service',
  summary: 'Starts, stops, restarts, enables or masks a systemd unit.',
  mayChange: ({ name }) => (typeof name === 'string' ? [`unit:${name}`] : ['*']),
  args,
  result,
  imperative: ({ state }) => state === 'restarted' || state === 'reloaded',
  probe,
  plan,
  report: ({ name }, { unit }) => ({ name: unitKind.key(name), state: unit.active, enabled: unit.enabled }),
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const { name, daemon_reload: reload } = given
  const full = unitKind.key(name)
  const [unit, needed] = await Promise.all([
    host.unit(full),
    reload ? host.ask(needsDaemonReload({ unit: full })) : undefined,
  ])
  // The attributes that the task sets must be known.
  if (given.state !== undefined) known(unit.active)
  if (given.enabled !== undefined || given.masked !== undefined) known(unit.enabled)
  return { unit, stale: needed === true }
}

function plan(given: Args, { unit: seen, stale }: Seen): Plan {
  const unit: Unit = {
    exists: seen.exists,
    active: knownOr(seen.active, ''),
    enabled: knownOr(seen.enabled, ''),
    oneshot: seen.oneshot === true,
  }
  const name = unitKind.key(given.name)
  const reload = stale ? systemctl(['daemon-reload'], given, []) : undefined
  if (!unit.exists && !stale) return missing(name, given)
  if (waits(given, unit)) return settle(`${name} is ${unit.active}`, given.timeout)
  const steps = [masking(name, given, unit), enabling(name, given, unit), running(name, given, unit)]
  const warnings =
    given.enabled === true && fixed.has(unit.enabled)
      ? [`${name} cannot be enabled (${unit.enabled}): other units start it`]
      : []
  return actions([reload, ...steps.map((step) => step?.run)], {
    diffs: steps.flatMap((step) => (step ? [step.diff] : [])),
    warnings,
    once: given.state === 'started' && unit.oneshot,
  })
}

/** States of unit files that cannot be enabled (systemctl(1), is-enabled). */
const fixed = new Set(['static', 'indirect', 'generated', 'transient'])
const atBoot = new Set(['enabled', 'enabled-runtime', 'alias', ...fixed])
const isMasked = (unit: Unit): boolean => unit.enabled.startsWith('masked')
const runs = (unit: Unit): boolean => ['active', 'activating', 'reloading'].includes(unit.active)

/** Attributes that the task does not set may be empty in a dry run. */
interface Unit {
  readonly exists: boolean
  readonly active: string
  readonly enabled: string
  /** Inactive after its work is done: every run starts it again, like a command. */
  readonly oneshot: boolean
}

function missing(name: string, { state, enabled, masked }: Args): Plan {
  const fine = (state === undefined || state === 'stopped') && enabled !== true && masked !== true
  return fine
    ? done()
    : refuse({
        code: 'no-such-unit',
        message: `there is no unit ${name}`,
        hint: 'install its package first, or check the name with `systemctl list-unit-files`',
      })
}

function waits({ state }: Args, { active }: Unit): boolean {
  return state === 'stopped' && active === 'deactivating'
}

interface Step {
  readonly run: Run
  readonly diff: Diff
}

function masking(name: string, given: Args, unit: Unit): Step | undefined {
  const { masked } = given
  if (masked === undefined || masked === isMasked(unit)) return undefined
  const verb = masked ? 'mask' : 'unmask'
  // The mask hides the unit's own file, so its state after unmasking is unknown.
  const effect: Effect = masked
    ? { kind: 'unit', name, becomes: { enabled: 'masked' } }
    : { kind: 'unknown', resources: [resource('unit', name)], why: `an earlier action unmasks ${name}` }
  return {
    run: systemctl([verb, name], given, [effect]),
    diff: change(name, unit.enabled, masked ? 'masked' : 'not masked'),
  }
}

function enabling(name: string, given: Args, unit: Unit): Step | undefined {
  const { enabled } = given
  if (enabled === undefined || enabled === atBoot.has(unit.enabled)) return undefined
  if (!enabled && fixed.has(unit.enabled)) return undefined
  const after = enabled ? 'enabled' : 'disabled'
  return {
    run: systemctl([enabled ? 'enable' : 'disable', name], given, [
      { kind: 'unit', name, becomes: { enabled: after } },
    ]),
    diff: change(name, unit.enabled, after),
  }
}

function running(name: string, given: Args, unit: Unit): Step | undefined {
  const { state } = given
  if (state === undefined) return undefined
  if (state === 'started' && runs(unit)) return undefined
  if (state === 'stopped' && !runs(unit)) return undefined
  const verbs = { started: 'start', stopped: 'stop', restarted: 'restart', reloaded: 'reload-or-restart' }
  const after = state === 'stopped' || unit.oneshot ? 'inactive' : 'active'
  return {
    run: systemctl([verbs[state], name], given, [{ kind: 'unit', name, becomes: { active: after } }]),
    diff: change(name, unit.active, state === 'stopped' || state === 'started' ? after : state),
  }
}

function systemctl(words: readonly string[], { timeout }: Args, effects: readonly Effect[]): Run {
  const name = words[1]
  return {
    kind: 'run',
    argv: ['systemctl', ...words],
    timeout,
    effects,
    ...defined({
      hint: mapped(name, (name) => `see \`systemctl status ${name}\` and \`journalctl -u ${name}\``),
    }),
  }
}

function change(name: string, before: string, after: string): Diff {
  return { title: `unit ${name}`, before: `${before}\n`, after: `${after}\n` }
}
