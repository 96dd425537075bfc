/**
 * Generates docs/reference.md from the code: facts, built-in variables, functions, helpers, reserved names.
 */
import { builtIns } from './built-ins.ts'
import { type Described, functions } from './functions/expression-functions.ts'
import { exampleVariables, helpersDescribed } from './functions/helpers-described.ts'
import { usageOf } from './functions/shared-function.ts'
import { sharedFunctions } from './functions/shared-functions.ts'
import { reservedNames } from './values.ts'

export interface DescribedFact {
  readonly name: string
  readonly description: string
  readonly example: unknown
}

/** A member of a JSON Schema. */
export interface DescribedMember {
  readonly type?: string | readonly string[]
  readonly enum?: readonly string[]
  readonly description: string
}

/**
 * The page, as `npm run schemas` writes it.
 * @param status The members of a host in the output of `gpuplay status`
 */
export function referencePage(
  facts: readonly DescribedFact[],
  status: Readonly<Record<string, DescribedMember>>,
): string {
  return [
    '# Reference',
    '',
    'Generated from the code by `npm run schemas`. [playbooks.md](playbooks.md) explains how the pieces work together;',
    '`gpuplay modules` lists the modules and their arguments.',
    '',
    '## Facts',
    '',
    'Facts are read only when something uses them. `gpuplay facts HOSTS` shows the values of hosts.',
    '',
    ...table(['fact', 'meaning', 'example'], facts.flatMap(factRows)),
    '',
    '## Built-in variables',
    '',
    ...table(
      ['name', 'meaning'],
      Object.entries(builtIns).map(([name, meaning]) => [code(name), meaning]),
    ),
    '',
    '## Functions',
    '',
    'Expressions and templates have the same functions. In an expression, `sort(disks, "size")` and `disks.sort("size")` are the same; in',
    'a template, the name comes first: `{{sort disks "size"}}`, in brackets as a value of another one: `{{join (sort letters) ", "}}`. `[]`',
    'marks values that may be left out. A function never changes its values. A result that is made from a secret is a secret, too.',
    'The examples read these variables:',
    '',
    '```json',
    '{',
    Object.entries(exampleVariables)
      .map(([name, value]) => `  ${JSON.stringify(name)}: ${inline(value)}`)
      .join(',\n'),
    '}',
    '```',
    '',
    ...table(['function', 'meaning', 'in an expression', 'in a template', 'gives'], sharedRows()),
    '',
    '## Functions of expressions only',
    '',
    'Expressions are `when`, `until`, `changed_when`, `failed_when`, `that`, `var` of `debug`, and `!cel` values. The operators are those of',
    '[CEL](https://cel.dev): `== != < <= > >= + - * / % && || !`, `in`, `c ? a : b`, `list[0]`, `map.key`, `map["key"]`, `map.?key`.',
    '',
    ...table(['function', 'meaning', 'example', 'gives'], rows(functions)),
    '',
    '## Helpers of templates only',
    '',
    ...table(['helper', 'meaning', 'example', 'gives'], rows(helpersDescribed)),
    '',
    '## Blocks of templates',
    '',
    ...table(['block', 'meaning'], blocks),
    '',
    '## Output of `gpuplay status`',
    '',
    '`gpuplay status --output json` prints an object with `v` (1, the version of this format) and `hosts`, a list with an object',
    'for each row of the table. Names and values keep their meaning; later versions may add members and states. The JSON Schema is',
    '[schemas/status.json](../schemas/status.json). The rows of `run.finished` in `--output jsonl` have the same members in `data`.',
    '',
    ...table(['member', 'type', 'meaning'], Object.entries(status).map(memberRow)),
    '',
    '## Reserved names',
    '',
    'No variable can have one of these names: the built-in variables, and words of the expression language:',
    '',
    `${reservedNames.map(code).join(', ')}.`,
    '',
  ].join('\n')
}

const blocks: readonly (readonly [string, string])[] = [
  ['`{{#if value}} ... {{else if other}} ... {{else}} ... {{/if}}`', 'If the value is true'],
  ['`{{#unless value}} ... {{/unless}}`', 'If it is not'],
  [
    '`{{#each list}} ... {{/each}}`',
    'For every entry. Inside, names refer to parts of the entry, `{{this}}` is the entry, and a variable is `{{@root.name}}`; `{{@index}}` counts from 0, `{{@key}}` is the key of a map, `{{@first}}` and `{{@last}}` are true at the ends',
  ],
  [
    '`{{#each list as |entry|}} ... {{/each}}`',
    'The same, with a name for the entry; of a map `as |value key|`',
  ],
  ['`{{#with map}} ... {{/with}}`', 'Names refer to parts of the map'],
  ['`{{list.[0]}}`, `{{map.key}}`, `{{map.[some key]}}`', 'An entry of a list or map'],
  ['`{{!-- text --}}`', 'A comment'],
  ['`{{~value~}}`', 'Without the spaces and line ends before and after it'],
  ['`\\{{`', 'A literal `{{`'],
  ['`{{"{%"}}`', 'A literal `{%` where it would look like Jinja'],
]

function factRows({ name, description, example }: DescribedFact): readonly (readonly string[])[] {
  const whole = [code(`facts.${name}`), description, isMap(example) ? '' : code(String(example))]
  if (!isMap(example)) return [whole]
  const parts = Object.entries(example).map(([key, value]) => [
    code(`facts.${name}.${key}`),
    '',
    code(String(value)),
  ])
  return [whole, ...parts]
}

function memberRow([name, { type = [], enum: values, description }]: [
  string,
  DescribedMember,
]): readonly string[] {
  const types = values === undefined ? [type].flat().join(' or ') : values.map(code).join(', ')
  return [code(name), types, description]
}

/** JSON on one line, with spaces as in hand-written JSON. */
function inline(value: unknown): string {
  if (Array.isArray(value)) {
    const parts: readonly unknown[] = value
    // Prettier breaks these lists.
    const broken = parts.length > 1 && parts.every((part) => isMap(part) && Object.keys(part).length > 1)
    return broken
      ? `[\n${parts.map((part) => `    ${inline(part)}`).join(',\n')}\n  ]`
      : `[${parts.map(inline).join(', ')}]`
  }
  if (!isMap(value)) return JSON.stringify(value)
  const parts = Object.entries(value).map(([key, part]) => `${JSON.stringify(key)}: ${inline(part)}`)
  return `{ ${parts.join(', ')} }`
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function rows(described: Readonly<Record<string, Described>>): readonly (readonly string[])[] {
  return Object.entries(described)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, { meaning, example, gives }]) => [code(name), meaning, code(example), shown(gives)])
}

function shown(gives: unknown): string {
  return code(typeof gives === 'string' ? gives.replaceAll('\n', '\u23ce') : JSON.stringify(gives))
}

function sharedRows(): readonly (readonly string[])[] {
  return [...sharedFunctions]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, definition]) => [
      code(usageOf(name, definition, false)),
      definition.meaning,
      code(definition.expression),
      code(definition.template),
      shown(definition.gives),
    ])
}

function code(text: string): string {
  return `\`${text}\``
}

/** In the format of prettier, so that the generated page passes the check. */
function table(head: readonly string[], body: readonly (readonly string[])[]): readonly string[] {
  const cells = [head, ...body].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`
  const [first = [], ...rest] = cells
  return [line(first), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rest.map(line)]
}
