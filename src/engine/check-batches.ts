/** Checks that `serial` lets every container start after its node, before any connection. */
import type { HostName } from '../base/brand.ts'
import type { Problem } from '../base/errors.ts'
import { problem } from '../language/source.ts'
import type { SelectedPlay } from './selection.ts'

export function checkBatches(
  plays: readonly SelectedPlay[],
  nodeOf: (host: HostName) => HostName | undefined,
): readonly Problem[] {
  return plays.flatMap(({ name, play, batches }) => {
    const numbers = new Map(batches.flatMap(({ number, hosts }) => hosts.map((host) => [host, number])))
    const early = [...numbers].flatMap(([host, number]) => {
      const node = nodeOf(host)
      const later = node === undefined ? undefined : numbers.get(node)
      return later !== undefined && later > number ? [{ host, number, node, later }] : []
    })
    const [first] = early
    if (first === undefined || play.serial === undefined) return []
    const { host, number, node, later } = first
    return [
      problem(
        'container-before-node',
        `play "${name}" has ${host} in batch ${number} and its node ${node} in batch ${later}, but a container starts after its node`,
        {
          where: play.serial.where,
          hint: 'write a play for the nodes, and one with "after: node" for the containers',
        },
      ),
    ]
  })
}
