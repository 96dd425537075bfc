/**
 * What the earlier tasks of a dry run would have left behind, in order, for each machine. Later reads see it before they see the host.
 *
 * Everything is a mark with a number that only grows, so that the later one wins: a file that was written and then belongs to what a package brings is
 * unknown, one that is written afterwards is known again. The laws (tested): what was predicted is read back; what cannot be known is never answered
 * from the host; a machine that nothing was predicted for reads as it is.
 */
import type { HostName } from '../base/brand.ts'
import type { Unknown } from '../base/unknown.ts'
import type { Action } from './action.ts'
import { allEffects, attributes, type PlacedEffect } from './effects.ts'
import { labelOf } from './label.ts'
import {
  type FilePrediction,
  freshMachine,
  isAbsent,
  type Machine,
  type Mark,
  volatile,
} from './overlay-marks.ts'
import { type Place, placeOverlay, type PlaceOverlay } from './overlay-place.ts'
import { parentOf, type RemotePath, remotePath } from './paths.ts'

export type { Place } from './overlay-place.ts'

export interface Overlay {
  /**
   * The action would be carried out for a task of this machine; by root, unless `byUser`. The paths that it changes have been read over this overlay, or their
   * links asked for (`HostReader.findLinks`).
   */
  apply(place: Place, action: Action, actor?: { readonly byUser: boolean }): void
  /** What is predicted of a machine. */
  of(place: Place): PlaceOverlay
  /** Whether anything predicted may change a resource (or pattern) of a machine, and why. */
  touches(place: Place, pattern: string): Unknown | undefined
}

export function createOverlay(): Overlay {
  const machines = new Map<HostName, Machine>()
  let clock = 0

  const machineOf = (name: HostName): Machine => {
    const present = machines.get(name)
    if (present) return present
    const fresh = freshMachine()
    machines.set(name, fresh)
    return fresh
  }

  const applyEffect = (machine: Machine, effect: PlacedEffect, why: string, byUser = false): void => {
    clock += 1
    const at = clock
    if ('unknown' in effect) {
      for (const pattern of effect.unknown) machine.unknown.push({ at, pattern, why: effect.why })
    } else if ('mayBring' in effect) {
      machine.brings.push({ at, why: `${effect.mayBring} may bring it` })
    } else if ('file' in effect) {
      if (effect.becomes.kind === 'unknown') {
        machine.unknown.push({ at, pattern: `file:${remotePath(effect.file)}`, why: effect.becomes.why })
      } else applyFile(machine, remotePath(effect.file), { at, value: { ...effect.becomes, byUser } })
    } else if ('package' in effect) {
      if (effect.becomes.installed === 'unknown')
        machine.unknown.push({ at, pattern: `package:${effect.package}`, why })
      else set(machine, `package:${effect.package}`, { at, value: effect.becomes.installed }, false)
    } else if ('unit' in effect) {
      set(machine, `unit:${effect.unit}`, { at, value: effect.becomes }, true)
    } else if ('kernelModule' in effect) {
      set(
        machine,
        `kernelModule:${effect.kernelModule.replaceAll('-', '_')}`,
        { at, value: effect.becomes },
        false,
      )
    } else if ('container' in effect) {
      set(machine, `container:${effect.container}`, { at, value: effect.becomes }, true)
    } else {
      set(machine, `command:${effect.command}`, { at, value: effect.becomes.path }, false)
    }
  }

  const boot = (name: HostName, why: string): void => {
    const machine = machineOf(name)
    clock += 1
    const at = clock
    machine.boots.push({ at, why })
    for (const pattern of [...volatile, 'kernelModule:*', 'kernel:*'])
      machine.unknown.push({ at, pattern, why })
    const waiting = machine.afterBoot
    machine.afterBoot = []
    for (const effect of waiting) applyEffect(machine, effect, why)
  }

  const overlay: Overlay = {
    apply(place, action, { byUser } = { byUser: false }) {
      /** Links are followed: what is written through one is read back by the other name too. */
      const located = (name: HostName, path: string, follow: boolean): RemotePath => {
        const there = name === place.name ? place : { name }
        return placeOverlay(there, machines).resolve(remotePath(path), follow)
      }
      const why = `"${labelOf(action)}" comes first`
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
        else if ('file' in effect) {
          const file = located(name, effect.file, followsLinks.has(action.kind))
          applyEffect(machine, { ...effect, file }, why, byUser && effect.on === 'host')
        } else applyEffect(machine, effect, why, byUser && effect.on === 'host')
      }
    },
    of: (place) => placeOverlay(place, machines),
    touches: (place, pattern) => placeOverlay(place, machines).touches(pattern),
  }
  return overlay
}

/** What they do to a path that is a link they do to what it leads to; all others replace the link. */
const followsLinks: ReadonlySet<Action['kind']> = new Set(['writeFile', 'makeDirectory'])

function set(machine: Machine, resource: string, mark: Mark, partial: boolean): void {
  machine.exact.set(resource, partial ? [...(machine.exact.get(resource) ?? []), mark] : [mark])
}

function applyFile(machine: Machine, path: RemotePath, mark: Mark<FilePrediction>): void {
  // What replaces a file or is already a directory keeps the attributes that it does not name.
  set(machine, `file:${path}`, mark, mark.value.kind === 'file' || mark.value.kind === 'directory')
  if (isAbsent(mark.value)) {
    machine.removed.set(path, mark.at)
    return
  }
  for (let above = parentOf(path); above !== '/'; above = parentOf(above)) {
    const value: FilePrediction = { kind: 'parent', byUser: mark.value.byUser === true }
    set(machine, `file:${above}`, { at: mark.at, value }, true)
  }
}
