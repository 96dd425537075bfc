/** What an action will have done: what its kind implies and what it declares, each with the machine that it is true of. */
import { given } from '../base/given.ts'
import type { Action, Content, Effect } from './action.ts'
import { labelOf } from './label.ts'
import type { PredictedFile } from './predicted-file.ts'
import { type Resource, resource } from './resource.ts'
import { kindOf, type Kinds, kindsOf } from './resources/all.ts'

/** An effect that says itself where it is true: on the task's host, or on its node. */
export type PlacedEffect = Effect & { readonly on: 'host' | 'node' }

/** What the kind of an action says of it, without what the action declares. */
export function impliedEffects(action: Action): readonly PlacedEffect[] {
  const on = action.on ?? 'host'
  switch (action.kind) {
    case 'writeFile':
      return [
        {
          on,
          kind: 'file',
          name: action.path,
          becomes: { kind: 'file', ...predictedContent(action.content), ...attributes(action) },
        },
      ]
    case 'makeDirectory':
      return [{ on, kind: 'file', name: action.path, becomes: { kind: 'directory', ...attributes(action) } }]
    case 'makeLink':
      return [{ on, kind: 'file', name: action.path, becomes: { kind: 'link', target: action.target } }]
    case 'remove':
      return [{ on, kind: 'file', name: action.path, becomes: { kind: 'absent' } }]
    case 'download':
      return [
        {
          on,
          kind: 'file',
          name: action.path,
          becomes: {
            kind: 'file',
            mode: action.mode ?? '0644',
            ...given({ sha256: action.sha256, size: action.size }),
          },
        },
      ]
    // The copy runs on the node; the file is the container's.
    case 'push':
      return [
        {
          on: 'host',
          kind: 'file',
          name: action.to,
          becomes: { kind: 'file', sha256: action.sha256, mode: action.mode ?? '0644' },
        },
      ]
    case 'containerPower': {
      const status = action.verb === 'start' || action.verb === 'restart' ? 'running' : 'stopped'
      return [{ on, kind: 'container', name: action.ctid, becomes: { status } }]
    }
    // What is not declared of a program is unknown: everything, where nothing is.
    case 'run':
      return action.effects === undefined
        ? [
            {
              on,
              kind: 'unknown',
              resources: ['*'],
              why: `only the real run can show what "${labelOf(action)}" changes`,
            },
          ]
        : []
    // New attributes are laid over what is there, which only the overlay knows; a reboot makes true what waits for it.
    case 'setAttributes':
    case 'reboot':
      return []
  }
}

/** Implied first, then declared: what a module says of its own action is the last word. */
export function allEffects(action: Action): readonly PlacedEffect[] {
  const on = action.on ?? 'host'
  return [
    ...impliedEffects(action),
    ...(action.effects ?? []).map((effect) => ({ ...effect, on: effect.on ?? on })),
  ]
}

/** The resource that a task holds alone while this is done and looked at; undefined for what others may change at the same time. */
export function heldBy(effect: Effect, kinds: Kinds = kindsOf()): Resource | undefined {
  if (effect.kind === 'unknown' || effect.kind === 'brings') return undefined
  const kind = kindOf(kinds, effect.kind)
  return kind.held ? resource(effect.kind, kind.key(effect.name)) : undefined
}

interface Attributes {
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
}

export function attributes({ mode, owner, group }: Attributes): Attributes {
  return {
    ...given({ mode: mode?.padStart(4, '0'), owner, group }),
  }
}

function predictedContent(content: Content): Partial<Extract<PredictedFile, { kind: 'file' }>> {
  switch (content.kind) {
    case 'text':
      return { text: content.text }
    case 'controllerFile':
      return { sha256: content.sha256, size: content.size }
    case 'unknown':
      return {}
  }
}
