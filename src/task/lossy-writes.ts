/** No module destroys bytes that it cannot read: a file is not written with what stood for them in its text. */
import { revealed } from '../host/content.ts'
import type { Action } from '../host/action.ts'
import type { Expectation } from '../host/expectation.ts'
import { mayBeLossy, notUtf8 } from '../host/lossy.ts'
import { remotePath } from '../host/paths.ts'
import { type Plan, refuse } from '../host/plan.ts'
import { resource } from '../host/resource.ts'

/** What the probe saw, by machine and resource. */
type Touched = ReadonlyMap<string, Expectation>

/** The plan, or the refusal to write such a file. */
export function withoutLoss(plan: Plan, { touched }: { readonly touched: Touched }): Plan {
  for (const action of plan.actions) {
    const problem = lossOf(action, touched)
    if (problem !== undefined) return refuse(problem)
  }
  return plan
}

function lossOf(action: Action, touched: Touched): ReturnType<typeof notUtf8> | undefined {
  if (action.kind !== 'writeFile' || action.content.kind !== 'text') return undefined
  if (!mayBeLossy(revealed(action.content.text))) return undefined
  const { path } = action
  const wanted = resource('file', remotePath(path))
  for (const [key, { lossyLine }] of touched)
    if (lossyLine !== undefined && key.slice(key.indexOf(' ') + 1) === wanted) return notUtf8(path, lossyLine)
  return undefined
}
