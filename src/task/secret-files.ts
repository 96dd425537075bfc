/** New files that hold a secret are readable by their owner only, unless the task sets a mode. */
import type { WriteFile } from '../host/action.ts'
import type { Expectation } from '../host/expectation.ts'
import { labelOf } from '../host/label.ts'
import type { Plan } from '../host/plan.ts'
import { resource } from '../host/resource.ts'
import type { Ready } from './prepare.ts'

/** What the probe saw, by machine and resource. */
interface Seen {
  readonly touched: ReadonlyMap<string, Expectation>
}

const mode = '0600'
const why = ` with mode ${mode}, because it holds a secret`

/** The plan of a task whose arguments contain a secret, with a mode for each new file without one. */
export function restricted(plan: Plan, { secret }: Pick<Ready, 'secret'>, reading: Seen): Plan {
  if (!secret) return plan
  return {
    ...plan,
    actions: plan.actions.map((action) =>
      action.kind === 'writeFile' && action.mode === undefined && isNew(action, reading)
        ? { ...action, mode, label: `${labelOf(action)}${why}` }
        : action,
    ),
  }
}

/** The labels of a task with secrets that may be shown: those of its new files. A path contains no secret. */
export function shownLabels(labels: readonly string[]): readonly string[] {
  return labels.filter((label) => label.endsWith(why))
}

/** Whether the probe saw no file at the path, on the host of the task or on its node. */
function isNew({ path }: WriteFile, { touched }: Seen): boolean {
  const wanted = resource('file', path)
  return [...touched].some(
    ([key, { content }]) =>
      key.slice(key.indexOf(' ') + 1) === wanted && (content === 'absent' || content === 'nothing'),
  )
}
