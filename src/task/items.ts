/** The items of a loop. A task without a loop has one item. */
import type { Problem } from '../base/errors.ts'
import { defined } from '../base/defined.ts'
import { hideNamed } from '../base/secret.ts'
import { findUnknown, Unknown } from '../base/unknown.ts'
import { withFacts } from '../fleet/host-variables.ts'
import { loopDescription } from '../language/loop.ts'
import type { Loop, Task } from '../language/model.ts'
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
    const values = list.map((shown) => hideNamed(shown))
    for (const [index, value] of values.entries()) {
      const data = new Map<string, unknown>([[loop.variable, value]])
      if (loop.indexVariable !== undefined) data.set(loop.indexVariable, index)
      if (loop.extended !== 'no') data.set(loopDescription, describe(values, index, loop))
      const own: readonly Layer[] = [...layers, { layer: 'loop', data }]
      items.push({ label: await labelOf(task, value, { layers: own, preparing }), value, layers: own })
    }
    return { kind: 'items', items, loop: true }
  } catch (error) {
    return { kind: 'failed', problem: firstProblem(error) }
  }
}

/** The value of `ansible_loop`. The first item has no `previtem`, the last no `nextitem`. */
function describe(
  values: readonly unknown[],
  index0: number,
  { extended }: Loop,
): Readonly<Record<string, unknown>> {
  const { length } = values
  const [first, last] = [index0 === 0, index0 === length - 1]
  return {
    index: index0 + 1,
    index0,
    revindex: length - index0,
    revindex0: length - index0 - 1,
    first,
    last,
    length,
    ...defined({
      previtem: first ? undefined : values[index0 - 1],
      nextitem: last ? undefined : values[index0 + 1],
      allitems: extended === 'whole' ? values : undefined,
    }),
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
