/** The shape of a command line: which words it may hold. What is not named does not fit, abbreviations of options included. */

export interface Shape {
  /** One of these must be the first argument. */
  readonly verbs?: readonly string[]
  /** Options as they are written, `--name=value` with its value. */
  readonly flags?: readonly (string | RegExp)[]
  /** Options whose value is the next argument, whatever it is. */
  readonly valued?: readonly string[]
  /** What may stand besides options; absolute paths, so that it is known which files are read. Without it nothing may. */
  readonly operands?: 'paths' | 'words'
  /** One of these must be there as the first operand. */
  readonly commands?: readonly string[]
}

/** True when every argument has its place in the shape. */
export function fits(args: readonly string[], shape: Shape): boolean {
  const { verbs, flags = [], valued = [], operands, commands } = shape
  if (verbs !== undefined && !verbs.includes(args[0] ?? '')) return false
  const rest = verbs === undefined ? args : args.slice(1)
  const first = rest.find((arg) => !arg.startsWith('-'))
  if (commands !== undefined && (first === undefined || !commands.includes(first))) return false
  return rest.every((arg, index) => {
    if (valued.includes(rest[index - 1] ?? '') && !isValue(rest, index - 1, valued)) return true
    if (valued.includes(arg)) return index + 1 < rest.length
    if (flags.some((flag) => (typeof flag === 'string' ? flag === arg : flag.test(arg)))) return true
    if (arg.startsWith('-')) return false
    return operands === 'words' || (operands === 'paths' && arg.startsWith('/'))
  })
}

/** Whether the argument at this place is itself the value of an option: `-n -n 5` gives `-n` the value `-n`. */
function isValue(args: readonly string[], index: number, valued: readonly string[]): boolean {
  if (index <= 0 || !valued.includes(args[index - 1] ?? '')) return false
  return !isValue(args, index - 1, valued)
}
