/** Whether two hosts that were brought to one state in different ways are in the same state. */
import type { FileSnapshot } from '../../lab/snapshot.ts'

/** What may differ although the state is the same: regular expressions on `HOST:PATH`, with the reason. */
const mayDiffer: readonly RegExp[] = [
  // Indexes that are made from what is compared anyway, when somebody asks; copies of the state before the last change.
  /:\/var\/cache\/(apt|debconf|ldconfig)\//,
  /:\/etc\/ld\.so\.cache$/,
  /:\/var\/lib\/dpkg\/(status|available)-old$/,
  /:\/var\/cache\/man\//,
  // How many runs there were, and what they left running: not what they brought about.
  /:\/var\/lib\/gpuplay\/v1\/(lease|jobs)\b/,
  // Number of boots, and what differs by boot.
  /:\/(root\/)?\.bash_history$/,
]

/**
 * A line each. Times do not count, neither those of files nor those in the names of backups, nor the device numbers that each
 * boot gives anew.
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
