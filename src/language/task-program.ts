/** The program that a task runs, as its author wrote it. */
import type { Task, Value } from './model.ts'

/** The modules that run a program of the playbook's author. */
export type ProgramModule = 'command' | 'shell' | 'script'

export function programModule({ module }: Task): ProgramModule | undefined {
  return module === 'command' || module === 'shell' || module === 'script' ? module : undefined
}

/** The command line as written, with single spaces; undefined if it is not only text and templates. */
export function commandOf({ args }: Task): string | undefined {
  const argv = args.entries.get('argv')?.value
  const words = argv?.kind === 'list' ? argv.items.map(sourceOf).join(' ') : undefined
  const cmd = args.entries.get('cmd')?.value
  return (words ?? (cmd === undefined ? undefined : sourceOf(cmd)))?.trim().replaceAll(/[ \t]+/g, ' ')
}

function sourceOf(value: Value): string {
  if (value.kind === 'literal') return String(value.value)
  return value.kind === 'template' ? value.source : ''
}

/** The argument of a task if it is neither a template nor an expression. */
export function literalArgument({ args }: Task, name: string): unknown {
  const value = args.entries.get(name)?.value
  return value?.kind === 'literal' ? value.value : undefined
}

/** Words that only a shell knows: keywords, and what changes the shell itself (POSIX, 2.14). */
const ofShells = new Set(
  '. alias bg break case cd command continue eval exec exit export fg for function if jobs local readonly return set shift source time times trap type ulimit umask unalias unset until wait while'.split(
    ' ',
  ),
)

/**
 * Whether the command line has something for a shell: operators, expansions, patterns, assignments, a line
 * break, or a word of the shell. Templates count as words; a line that begins with one may be anything.
 */
export function needsShell(line: string): boolean {
  const plain = line.replaceAll(/\{\{.*?\}\}/gs, (_found, at: number) => (at === 0 ? '$' : 'x'))
  const [first = ''] = plain.split(' ')
  return /[|&;<>()$`\\*?[\]{}~#!\n]/.test(plain) || /^\w+=/.test(first) || ofShells.has(first)
}
