/** The effects of an action, implied by its kind or declared, each with its machine. */
import { defined } from '../base/defined.ts'
import type { Action, Content, Effect } from './action.ts'
import { labelOf } from './label.ts'
import type { PredictedFile } from './predicted-file.ts'
import { type Resource, resource } from './resource.ts'
import { kindOf, type Kinds, kindsOf } from './resources/all.ts'

/** An effect with its place: the task's host, or its node. */
export type PlacedEffect = Effect & { readonly on: 'host' | 'node' }

/** The effects that follow from the kind of an action, without the declared ones. */
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
            ...defined({ sha256: action.sha256, size: action.size }),
          },
        },
      ]
    // The copy runs on the node, but the file is in the container.
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
    // A program without declared effects can change everything.
    case 'run':
      return action.effects === undefined
        ? [
            {
              on,
              kind: 'unknown',
              resources: ['*'],
              why: `the changes of "${labelOf(action)}" are known only in the run`,
            },
          ]
        : []
    // Only the overlay knows the file that new attributes apply to, and the effects that wait for a reboot.
    case 'setAttributes':
    case 'reboot':
    // It changes only the controller.
    case 'fetch':
      return []
  }
}

/** Implied effects first, then declared ones, which take precedence. */
export function allEffects(action: Action): readonly PlacedEffect[] {
  const on = action.on ?? 'host'
  return [
    ...impliedEffects(action),
    ...(action.effects ?? []).map((effect) => ({ ...effect, on: effect.on ?? on })),
  ]
}

/**
 * The resource that a task holds exclusively while it applies and checks the effect; undefined if others may
 * change it at the same time.
 */
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
    ...defined({ mode: mode?.padStart(4, '0'), owner, group }),
  }
}

function predictedContent(content: Content): Partial<Extract<PredictedFile, { kind: 'file' }>> {
  switch (content.kind) {
    case 'text':
      return { text: content.text }
    case 'controllerFile':
    case 'hostFile':
      return { sha256: content.sha256, ...defined({ size: content.size }) }
    case 'unknown':
      return {}
  }
}
