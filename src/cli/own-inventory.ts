/** Fixes name the inventories of the command line, so that they can be typed as they are printed. */
import { defined, mapped } from '../base/defined.ts'
import { commandLine } from '../base/shell.ts'
import type { Event } from '../events/events.ts'
import type { Finding } from '../host/plan.ts'

/** What modules write, since they do not know the command line. */
const placeholder = '-i INVENTORY'

/** Returns the function that replaces `-i INVENTORY` in the fixes of an event. */
export function nameInventories(inventories: readonly string[]): (event: Event) => Event {
  const words = commandLine(inventories.flatMap((inventory) => ['-i', inventory]))
  const named = (finding: Finding): Finding => ({
    ...finding,
    ...defined({ fix: finding.fix?.replaceAll(placeholder, () => words) }),
  })
  const allNamed = (findings: readonly Finding[] | undefined): readonly Finding[] | undefined =>
    mapped(findings, (list) => list.map(named))
  return (event) => {
    if (event.type === 'run.finished')
      return {
        ...event,
        rows: event.rows.map((row) => ({ ...row, ...defined({ findings: allNamed(row.findings) }) })),
      }
    if (event.type !== 'task.finished' || event.detail.findings === undefined) return event
    const { findings } = event.detail
    return { ...event, detail: { ...event.detail, ...defined({ findings: allNamed(findings) }) } }
  }
}
