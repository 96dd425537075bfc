/** Measures the workload on one distant host: `distance TOOL first|converged 1` and `distance floor 1`. */
import type { PlainHosts } from '../test/lab/plain.ts'
import { distantPort } from '../test/lab/proxy.ts'
import { type Bench, floorCommand, measureTool, quiet, reach, succeeded } from './fleet.ts'
import { measure } from './measure.ts'

/** Milliseconds. */
export const roundTrip = 50

export async function measureDistance(bench: Bench, plain: PlainHosts): Promise<void> {
  const hosts = plain.hosts.slice(0, 1)
  const [host] = hosts
  if (host === undefined) throw new Error('there is no host')
  for (let round = 0; round < bench.runs; round += 1) {
    for (const tool of bench.tools) {
      await plain.fresh(hosts)
      await quiet(plain, hosts)
      const distant = await distantPort({ host: host.address, port: 22, delay: roundTrip / 2 })
      try {
        const knownHosts = plain.knownHostsAt(`[127.0.0.1]:${distant.port}`)
        const reached = [{ ...reach(plain, host), address: '127.0.0.1', port: distant.port, knownHosts }]
        const floor = await measure(floorCommand(reached, bench.folder), bench.signal, plain.cgroup)
        bench.book.add('distance floor 1', succeeded(floor, 'the floor').sample)
        const settle = (): Promise<void> => quiet(plain, hosts)
        await measureTool(bench, tool, { reached, what: 'distance', size: 1, settle, cgroup: plain.cgroup })
      } finally {
        await distant.close()
      }
    }
  }
}
