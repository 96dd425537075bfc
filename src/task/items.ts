/** The items of a loop. A task without a loop has one item. */
import type { Problem } from '../base/errors.ts'
import { hideNamed } from '../base/secret.ts'
import { findUnknown, Unknown } from '../base/unknown.ts'
import { withFacts } from '../fleet/host-variables.ts'
import type { Task } from '../language/model.ts'
import { renderValue } from '../language/render.ts'
import type { Layer } from '../language/scope.ts'
import { firstProblem, type Preparing, scopeOf } from './preparing.ts'

export interface Item {
  /** For people; '' for a task without a loop. */
  readonly label: string
  readonly value: unknown
  readonly layers: readonly Layer[]
}

export type Items =
  | { readonly kind: 'items'; readonly items: readonly Item[]; readonly loop: boolean }
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'failed'; readonly problem: Problem }

const longestLabel = 60

export async function itemsOf(task: Task, preparing: Preparing): Promise<Items> {
  const { loop } = task
  const { layers } = preparing.context
  if (loop === undefined) return oneItem(layers)
  try {
    const list = await withFacts(
      () => renderValue(loop.items, scopeOf(task, layers, preparing)),
      preparing.readFact,
    )
    if (list instanceof Unknown) return { kind: 'unknown', why: list.why }
    if (!Array.isArray(list)) {
      const problem = {
        code: 'not-a-list',
        message: 'a loop needs a list, but this is not a list',
        where: loop.where,
      }
      return { kind: 'failed', problem }
    }
    const items: Item[] = []
    for (const [index, shown] of list.entries()) {
      const value = hideNamed(shown)
      const data = new Map<string, unknown>([[loop.variable, value]])
      if (loop.indexVariable !== undefined) data.set(loop.indexVariable, index)
      const own: readonly Layer[] = [...layers, { layer: 'loop', data }]
      items.push({ label: await labelOf(task, value, { layers: own, preparing }), value, layers: own })
    }
    return { kind: 'items', items, loop: true }
  } catch (error) {
    return { kind: 'failed', problem: firstProblem(error) }
  }
}

/** The item of a task without a loop. */
export function oneItem(layers: readonly Layer[]): Items {
  return { kind: 'items', items: [{ label: '', value: undefined, layers }], loop: false }
}

async function labelOf(
  task: Task,
  value: unknown,
  { layers, preparing }: { readonly layers: readonly Layer[]; readonly preparing: Preparing },
): Promise<string> {
  const label = task.loop?.label
  const shown =
    label === undefined
      ? value
      : await withFacts(() => renderValue(label, scopeOf(task, layers, preparing)), preparing.readFact)
  const text = typeof shown === 'string' ? shown : findUnknown(shown) ? '(unknown)' : JSON.stringify(shown)
  const whole = preparing.context.run.secrets.redact(text)
  // Redact before cutting: a label cut inside a secret would show part of it.
  return whole.length > longestLabel ? `${whole.slice(0, longestLabel - 3)}...` : whole
}
