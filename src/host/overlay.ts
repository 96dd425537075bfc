/**
 * The predicted results of the earlier tasks of a dry run, in order, for each machine. Later reads see them
 * before they see the host.
 *
 * Each prediction is a mark with an increasing number, so that the later one wins: a file that was written is
 * unknown after a package that may replace it, and known again after it is written once more. The laws
 * (tested): a prediction is read back; unknown things are never answered from the host; a machine without
 * predictions reads as it is.
 */
import type { HostName } from '../base/brand.ts'
import type { Unknown } from '../base/unknown.ts'
import type { Action } from './action.ts'
import { allEffects, attributes, type PlacedEffect } from './effects.ts'
import { labelOf } from './label.ts'
import { freshMarks, type MachineMarks, type Mark, volatile } from './overlay-marks.ts'
import { type Place, placeOverlay, type PlaceOverlay } from './overlay-place.ts'
import { type RemotePath, remotePath } from './paths.ts'
import type { FilePrediction } from './predicted-file.ts'
import { kindOf, type Kinds, kindsOf } from './resources/all.ts'

export type { Place } from './overlay-place.ts'

export interface Overlay {
  /**
   * Predicts that an action of a task on this machine was carried out, by root unless `byUser`. The paths
   * that it changes must have been read over this overlay, or their links resolved (`HostReader.findLinks`).
   */
  apply(place: Place, action: Action, actor?: { readonly byUser: boolean }): void
  /** The predictions for a machine. */
  of(place: Place): PlaceOverlay
  /** Returns the reason if a prediction may change a resource (or pattern) of a machine. */
  touches(place: Place, pattern: string): Unknown | undefined
}

export function createOverlay(kinds: Kinds = kindsOf()): Overlay {
  const machines = new Map<HostName, MachineMarks>()
  let clock = 0

  const machineOf = (name: HostName): MachineMarks => {
    const present = machines.get(name)
    if (present) return present
    const fresh = freshMarks()
    machines.set(name, fresh)
    return fresh
  }

  const applyEffect = (machine: MachineMarks, effect: PlacedEffect, byUser = false): void => {
    clock += 1
    const at = clock
    if (effect.kind === 'unknown') {
      for (const pattern of effect.resources) machine.unknown.push({ at, pattern, why: effect.why })
      return
    }
    if (effect.kind === 'brings') {
      machine.brings.push({ at, why: `${effect.what} may install it` })
      return
    }
    const kind = kindOf(kinds, effect.kind)
    const key = kind.key(effect.name)
    const unforeseen = kind.unforeseen?.(effect.becomes)
    if (unforeseen) {
      machine.unknown.push({ at, pattern: `${kind.kind}:${key}`, why: unforeseen.why })
      return
    }
    const value = kind.predicted ? kind.predicted(effect.becomes, byUser) : effect.becomes
    set(machine, `${kind.kind}:${key}`, { at, value }, kind.partial(effect.becomes))
    if (kind.empties?.(effect.becomes) === true) machine.removed.set(key, at)
    for (const other of kind.brings?.(key, value) ?? [])
      set(machine, `${kind.kind}:${other.key}`, { at, value: other.prediction }, true)
  }

  const boot = (name: HostName, why: string): void => {
    const machine = machineOf(name)
    clock += 1
    const at = clock
    machine.boots.push({ at, why })
    for (const pattern of [...volatile, 'kernelModule:*', 'kernel:*'])
      machine.unknown.push({ at, pattern, why, boot: true })
    const waiting = machine.afterBoot
    machine.afterBoot = []
    for (const effect of waiting) applyEffect(machine, effect)
  }

  const overlay: Overlay = {
    apply(place, action, { byUser } = { byUser: false }) {
      /** Follows links, so that a file written through a link is read back under its other name too. */
      const located = (name: HostName, path: string, follow: boolean): RemotePath => {
        const there = name === place.name ? place : { name }
        return placeOverlay(there, machines).resolve(remotePath(path), follow)
      }
      const why = `"${labelOf(action)}" runs first`
      const nameOf = (on: 'host' | 'node'): HostName =>
        on === 'node' ? (place.nodeName ?? place.name) : place.name
      const where = nameOf(action.on ?? 'host')
      if (action.kind === 'setAttributes') {
        clock += 1
        const value: FilePrediction = { kind: 'attributes', ...attributes(action) }
        set(machineOf(where), `file:${located(where, action.path, true)}`, { at: clock, value }, true)
      }
      if (action.kind === 'containerPower') {
        const { power } = machineOf(where)
        clock += 1
        power.set(action.ctid, [...(power.get(action.ctid) ?? []), { at: clock, verb: action.verb, why }])
      }
      if (action.kind === 'reboot') boot(where, why)
      for (const effect of allEffects(action)) {
        const name = nameOf(effect.on)
        const machine = machineOf(name)
        if (effect.afterBoot === true) machine.afterBoot.push(effect)
        else if (effect.kind === 'file') {
          const there = located(name, effect.name, followsLinks.has(action.kind))
          applyEffect(machine, { ...effect, name: there }, byUser && effect.on === 'host')
        } else applyEffect(machine, effect, byUser && effect.on === 'host')
      }
    },
    of: (place) => placeOverlay(place, machines),
    touches: (place, pattern) => placeOverlay(place, machines).touches(pattern),
  }
  return overlay
}

/** These actions change the target of a link; all others replace the link. */
const followsLinks: ReadonlySet<Action['kind']> = new Set(['writeFile', 'makeDirectory'])

function set(machine: MachineMarks, resource: string, mark: Mark, partial: boolean): void {
  machine.exact.set(resource, partial ? [...(machine.exact.get(resource) ?? []), mark] : [mark])
}
