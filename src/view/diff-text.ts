import { createTwoFilesPatch } from 'diff'
import type { Diff } from '../host/plan.ts'
import type { Colors } from './colors.ts'
import { plainText } from './text.ts'

/** Returns a unified diff with three lines of context; empty if both texts are equal. */
export function diffText({ title, before, after }: Diff, colors: Colors): string {
  if (before === after) return ''
  const name = plainText(title)
  const patch = createTwoFilesPatch(`${name} (before)`, `${name} (after)`, before, after, '', '', {
    context: 3,
  })
  return patch
    .split('\n')
    .slice(1)
    .map((line) => colorLine(plainText(line), colors))
    .join('\n')
    .trimEnd()
}

function colorLine(line: string, colors: Colors): string {
  if (line.startsWith('+++') || line.startsWith('---')) return colors.bold(line)
  if (line.startsWith('+')) return colors.green(line)
  if (line.startsWith('-')) return colors.red(line)
  return line.startsWith('@@') ? colors.cyan(line) : line
}
