/** The parts that decided how long a run took. */
import { defined } from '../../base/defined.ts'
import type { CriticalPath, HostWait, PathPart, ReportCell } from './report-data.ts'

/** Milliseconds between the end of a task and the start of the next one that are no wait for another host. */
const usualGap = 20

/**
 * Goes back from the end of the run: at each time, the path is on a task that its host works on; where that
 * host did nothing, on the task that ended last on any host, because it was the last for which the host can
 * have waited. Waits themselves are not on the path: what they wait for is.
 */
export function criticalPath(
  cells: readonly Pick<ReportCell, 'host' | 'task' | 'start' | 'end'>[],
  waits: readonly HostWait[],
  duration: number,
): CriticalPath {
  const own = waits.filter(({ why }) => why === 'connecting' || why.startsWith('rebooting'))
  const spans: readonly PathPart[] = [...cells, ...own]
    .map(({ start, end, host, ...more }) => ({
      host,
      start,
      end,
      ...defined({ task: 'task' in more ? more.task : undefined }),
    }))
    .filter(({ start, end }) => end > start)
    .sort((one, other) => one.end - other.end)
  const parts: PathPart[] = []
  let time = duration
  let host: number | undefined
  for (;;) {
    const part = lastBefore(spans, time, host)
    if (part === undefined) break
    parts.push({ ...part, end: Math.min(part.end, time) })
    time = part.start
    host = part.host
  }
  parts.reverse()
  return { parts, totals: totalsOf(parts, duration) }
}

/** The span that covers the time, or ended last before it; on the same host if that leaves no gap. */
function lastBefore(
  spans: readonly PathPart[],
  time: number,
  host: number | undefined,
): PathPart | undefined {
  const earlier = spans.filter(({ start }) => start < time)
  const reached = ({ end }: PathPart): number => Math.min(end, time)
  const same = latest(earlier.filter((span) => span.host === host))
  if (same !== undefined && reached(same) >= time - usualGap) return same
  // A host that still works at this time is not one for which another has waited.
  const ended = latest(earlier.filter(({ end }) => end <= time + usualGap))
  if (ended === undefined) return same
  return same !== undefined && reached(same) >= reached(ended) ? same : ended
}

/** The list is in order of the ends; of equal ends, the span that began last is the most exact. */
function latest(spans: readonly PathPart[]): PathPart | undefined {
  const end = spans.at(-1)?.end
  return spans
    .filter((span) => span.end === end)
    .reduce<PathPart | undefined>(
      (best, span) => (best === undefined || span.start > best.start ? span : best),
      undefined,
    )
}

function totalsOf(parts: readonly PathPart[], duration: number): CriticalPath['totals'] {
  const sums = new Map<number | undefined, number>()
  const add = (task: number | undefined, milliseconds: number): void => {
    sums.set(task, (sums.get(task) ?? 0) + milliseconds)
  }
  for (const { task, start, end } of parts) add(task, end - start)
  const known = [...sums.values()].reduce((total, one) => total + one, 0)
  add(undefined, Math.max(0, duration - known))
  return [...sums]
    .filter(([, milliseconds]) => milliseconds > 0)
    .sort(([, one], [, other]) => other - one)
    .map(([task, milliseconds]) => ({ milliseconds, ...defined({ task }) }))
}
