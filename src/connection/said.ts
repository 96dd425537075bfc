/**
 * The end of a program's output for a message, in whole lines: as many as fit into 400 characters, and at
 * least the last, cut if it is longer.
 */
export function lastSaid(text: string): string {
  const kept: string[] = []
  let length = 0
  for (const line of text.trim().split(/\r?\n/).reverse()) {
    length += line.length + 1
    if (length > most && kept.length > 0) break
    kept.unshift(line.length > most ? `${line.slice(0, most)}...` : line)
  }
  return kept.join('\n')
}

const most = 400
