/** Counts processes and waits of the workload on one host. */
import { type Costs, countCosts, programCount } from '../test/lab/costs.ts'
import type { PlainHosts } from '../test/lab/plain.ts'
import { type Bench, succeeded } from './fleet.ts'
import { measure } from './measure.ts'

/** The exact counts of the workload on one host: `first` and `converged` of each tool. */
export type Counted = ReadonlyMap<string, Costs>

export async function countRuns(bench: Bench, plain: PlainHosts): Promise<Counted> {
  const counted = new Map<string, Costs>()
  const [host] = plain.hosts
  if (host === undefined) throw new Error('there is no host')
  for (const tool of bench.tools) {
    await plain.fresh([host])
    for (const phase of ['first', 'converged'] as const) {
      const costs = await countCosts(plain, host, async (there) => {
        const measured = await measure(
          tool.command([{ name: host.name, ...there }], bench.folder),
          bench.signal,
        )
        await tool.afterwards(bench.folder)
        succeeded(measured, `${tool.name}, ${phase} run`)
      })
      counted.set(`${tool.name} ${phase}`, costs)
      const { forks, waits } = costs
      bench.book.say(
        `counts ${tool.name} ${phase}: ${forks} forks, ${programCount(costs)} programs, ${waits} waits`,
      )
    }
  }
  return counted
}
