/** Compares two hosts that should be in the same state. */
import type { FileSnapshot } from '../../lab/snapshot.ts'

/** Permitted differences: regular expressions on `HOST:PATH`, with the reason. */
const mayDiffer: readonly RegExp[] = [
  // Indexes, generated on demand from files that are compared anyway; copies of the state before the last
  // change.
  /:\/var\/cache\/(apt|debconf|ldconfig)\//,
  /:\/etc\/ld\.so\.cache$/,
  /:\/var\/lib\/dpkg\/(status|available)-old$/,
  /:\/var\/cache\/man\//,
  // The number of runs and their running programs, not their result.
  /:\/var\/lib\/gpuplay\/v1\/(lease|jobs)\b/,
  // The number of boots, and values that differ with each boot.
  /:\/(root\/)?\.bash_history$/,
]

/**
 * The differences, a line each. Ignores times (of files and in the names of backups) and device numbers,
 * which change with each boot.
 */
export function stateDifferences(one: FileSnapshot, other: FileSnapshot): readonly string[] {
  const [first, second] = [timeless(one), timeless(other)]
  const names = [...new Set([...first.keys(), ...second.keys()])].sort()
  return names.flatMap((name) => {
    const [then, now] = [first.get(name), second.get(name)]
    return then === now ? [] : [`${name}: ${then ?? 'absent'} | ${now ?? 'absent'}`]
  })
}

function timeless(snapshot: FileSnapshot): FileSnapshot {
  const entries = [...snapshot].filter(([name]) => !mayDiffer.some((pattern) => pattern.test(name)))
  return new Map(
    entries.map(([name, what]) => [
      name.replace(/(?<=\/backups\/.*)\d{8}T\d{6}Z/, 'TIME'),
      /:\/dev\/nvidia-/.test(name)
        ? what.replace(/[0-9a-f]+:([0-9a-f]+)$/, 'N:$1')
        : what.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z /, ''),
    ]),
  )
}
