/** Fits the help into 80 columns. stricli prints each option in one line, whatever its length. */

const widest = 80

/** Wraps long lines. Continuation lines of a table align with its second column. */
export function wrapHelp(text: string): string {
  return text
    .split('\n')
    .flatMap((line) => (line.length <= widest ? line : wrapped(line)))
    .join('\n')
}

function wrapped(line: string): readonly string[] {
  const row = /^(?<begin> +(?:-\w +)?\S+ {2,})(?<rest>\S.*)$/.exec(line)?.groups
  const indent = /^ */.exec(line)?.[0] ?? ''
  const begin = row?.['begin'] ?? indent
  const margin = row === undefined ? (indent === '' ? '' : `${indent}    `) : ' '.repeat(begin.length)
  const lines: string[] = []
  let current = begin
  // stricli pads the text before a third column.
  for (const word of (row?.['rest'] ?? line.trimStart()).split(/ +/)) {
    if (current.trim() !== '' && current.length + 1 + word.length > widest) {
      lines.push(current)
      current = margin
    }
    current += current.endsWith(' ') || current === '' ? word : ` ${word}`
  }
  return [...lines, current]
}
