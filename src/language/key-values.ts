/**
 * The old argument form of Ansible, `module: name=value name=value`: not supported, only recognised for a
 * hint.
 */

interface OldForm {
  readonly pairs: readonly (readonly [name: string, value: string])[]
  /** The words between them. */
  readonly text: string
}

const word = /(?:\{\{.*?\}\}|[^\s"'\\]|\\.|"(?:\\.|[^"\\])*"|'[^']*')+/gs

function oldForm(text: string, isArgument: (name: string) => boolean): OldForm {
  const pairs: (readonly [string, string])[] = []
  const rest: string[] = []
  for (const [found] of text.matchAll(word)) {
    const [, name = '', value = ''] = /^([A-Za-z_]\w*)=(.*)$/s.exec(found) ?? []
    if (name !== '' && isArgument(name)) pairs.push([name, value.replace(/^(["'])(.*)\1$/s, '$2')])
    else rest.push(found)
  }
  return { pairs, text: rest.join(' ') }
}

/** Reports arguments of the module in the text of a module that takes text. */
export function argumentsInText(
  module: { readonly name: string; readonly freeForm: string },
  text: string,
  names: readonly string[],
): { readonly message: string; readonly hint: string } | undefined {
  const found = oldForm(text, (name) => names.includes(name))
  const [first] = found.pairs
  if (first === undefined) return undefined
  const [name, value] = first
  const own = found.text === '' ? [] : [[module.freeForm, found.text] as const]
  return {
    message: `"${name}=${value}" would be part of the text: arguments cannot be written as name=value`,
    hint:
      `write ${asMap(module.name, [...own, ...found.pairs])}; ` +
      `if "${name}=" belongs to the text, write ${module.name}: { ${module.freeForm}: ... }`,
  }
}

/** Returns the hint for a module whose arguments must be a map. */
export function argumentsHint(module: string, text: string, names: readonly string[]): string {
  const { pairs, text: rest } = oldForm(text, () => true)
  if (pairs.length > 0 && rest === '') return `write ${asMap(module, pairs)}`
  if (names.length === 0) return `write name: value below it`
  return `write them below it, one on each line: ${names.slice(0, 4).join(', ')}${names.length > 4 ? ', ...' : ''}`
}

function asMap(module: string, pairs: OldForm['pairs']): string {
  return `${module}: { ${pairs.map(([name, value]) => `${name}: ${scalar(value)}`).join(', ')} }`
}

function scalar(value: string): string {
  return /^[A-Za-z/][\w./-]*$/.test(value) ? value : JSON.stringify(value)
}
