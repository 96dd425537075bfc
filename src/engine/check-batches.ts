/** Checks that `serial` lets every container start after its node and its source, before any connection. */
import type { HostName } from '../base/brand.ts'
import type { Problem } from '../base/errors.ts'
import { problem } from '../language/source.ts'
import type { SelectedPlay } from './selection.ts'

export function checkBatches(
  plays: readonly SelectedPlay[],
  { nodeOf, sourceOf }: Readonly<Record<'nodeOf' | 'sourceOf', (host: HostName) => HostName | undefined>>,
): readonly Problem[] {
  return plays.flatMap(({ name, play, batches }) => {
    const numbers = new Map(batches.flatMap(({ number, hosts }) => hosts.map((host) => [host, number])))
    const early = [...numbers].flatMap(([host, number]) => {
      const [node, source] = [nodeOf(host), sourceOf(host)]
      return [
        { other: node, what: 'its node' },
        { other: source, what: 'its source' },
      ].flatMap(({ other, what }) => {
        const later = other === undefined ? undefined : numbers.get(other)
        return later !== undefined && later > number ? [{ host, number, other, what, later }] : []
      })
    })
    const [first] = early
    if (first === undefined || play.serial === undefined) return []
    const { host, number, other, what, later } = first
    return [
      problem(
        'container-before-node',
        `play "${name}" has ${host} in batch ${number} and ${what} ${other} in batch ${later}, but ${host} starts after ${other}`,
        {
          where: play.serial.where,
          hint: `write a play for ${other}, and a later one for ${host}`,
        },
      ),
    ]
  })
}
