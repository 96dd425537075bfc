/** Generates docs/roles.md from the roles: descriptions, variables, and the comments of the defaults. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { format } from 'prettier'
import { isMap, isScalar, parse, parseDocument } from 'yaml'

/** A role, as its files describe it. */
export interface DescribedRole {
  readonly name: string
  /** Markdown; the first paragraph is the summary. */
  readonly description: string
  readonly variables: readonly DescribedVariable[]
}

export interface DescribedVariable {
  readonly name: string
  readonly description: string
  /** The values of an enumeration, otherwise none. */
  readonly values: readonly string[]
  /** Whether it is a list of these values. */
  readonly list: boolean
  readonly required: boolean
  readonly default: DescribedDefault | undefined
}

interface DescribedDefault {
  readonly value: unknown
  /** The comment before it, as one line: more about the values, and the reason after "Why:". */
  readonly comment: string
}

interface Property {
  readonly description?: string
  readonly enum?: readonly string[]
  readonly items?: Property
}

/** In the order in which a run needs them; other roles follow. */
const order = [
  'runfile_cache',
  'nvidia_host',
  'lxc_container',
  'lxc_template',
  'lxc_template_finish',
  'lxc_passthrough',
  'lxc_userspace_driver',
  'cuda_toolkit',
  'container_features',
  'container_runtime',
  'verify',
]

const introduction = `# Roles

Generated from the roles by \`npm run schemas\`. [guide.md](guide.md) shows how the roles work together.

gpuplay checks the variables of every host before it connects to a host. A role does not see the defaults of
other roles: set variables that several roles need in the inventory.

gpuplay also refuses variables that cannot work on a host, in a dry run and before anything changes, also on a
node without a driver: GPUs that the node does not have, a driver that does not support its cards or kernels,
a CUDA toolkit that does not match the driver, the GPU or the distribution. The exit code is 2, or 3 for a
container that the node does not have.
`

/** @param folder A folder with a folder for each role */
export function describedRoles(folder: string): readonly DescribedRole[] {
  const place = (name: string): number => (order.indexOf(name) + 1 || order.length + 1) - 1
  return readdirSync(folder)
    .toSorted((left, right) => place(left) - place(right))
    .map((name) => describedRole(join(folder, name), name))
}

/** The page, formatted by prettier. */
export async function rolesPage(roles: readonly DescribedRole[]): Promise<string> {
  return format([introduction, ...roles.map(section)].join('\n'), { parser: 'markdown' })
}

function describedRole(folder: string, name: string): DescribedRole {
  const schema: {
    readonly description?: string
    readonly required?: readonly string[]
    readonly properties: Readonly<Record<string, Property>>
  } = parse(readFileSync(join(folder, 'meta/arguments.yml'), 'utf8'))
  const defaults = describedDefaults(join(folder, 'defaults/main.yml'))
  return {
    name,
    description: schema.description ?? '',
    variables: Object.entries(schema.properties).map(([variable, property]) => ({
      name: variable,
      description: property.description ?? '',
      values: property.enum ?? property.items?.enum ?? [],
      list: property.items !== undefined,
      required: schema.required?.includes(variable) === true,
      default: defaults.get(variable),
    })),
  }
}

function describedDefaults(file: string): ReadonlyMap<string, DescribedDefault> {
  const document = parseDocument(existsSync(file) ? readFileSync(file, 'utf8') : '{}')
  const { contents } = document
  if (!isMap(contents)) throw new Error(`${file} is not a map`)
  const values: Readonly<Record<string, unknown>> = document.toJS()
  return new Map(
    contents.items.map(({ key }, index) => {
      const name = isScalar(key) ? String(key.value) : ''
      // The parser attaches a comment before the first key to the map.
      const before = isScalar(key) ? key.commentBefore : undefined
      const comment = before ?? (index === 0 ? contents.commentBefore : undefined) ?? ''
      return [name, { value: values[name], comment: comment.replaceAll(/\s+/g, ' ').trim() }]
    }),
  )
}

function section({ name, description, variables }: DescribedRole): string {
  const [summary = '', ...rest] = description.trim().split('\n\n')
  const notes = rest.length === 0 ? [] : [`### Notes on ${name}`, ...rest]
  return [`## ${name}`, summary, variables.map(entry).join('\n'), ...notes, ''].join('\n\n')
}

function entry({ name, description, values, list, required, default: preset }: DescribedVariable): string {
  const kind = required
    ? 'required'
    : preset === undefined
      ? 'no default'
      : `default ${code(inline(preset.value))}`
  const others = values.filter((value) => list || value !== preset?.value).map(code)
  const of = list ? 'any of' : preset === undefined ? 'one of' : 'or'
  const choice = others.length === 0 ? '' : `, ${of} ${others.join(', ')}`
  const shared = description.replace(/^The same as for (\w+)/, 'The same as for [$1](#$1)')
  const reason = (preset?.comment ?? '').replace(/(^| )Why: /, '$1_Why:_ ')
  return `- **${code(name)}**, ${kind}${choice}: ${sentence(shared)} ${reason}`.trimEnd()
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

function code(text: string): string {
  return `\`${text}\``
}

/** As in YAML, on one line. */
function inline(value: unknown): string {
  if (value === '') return '""'
  if (Array.isArray(value)) return `[${value.map(String).join(', ')}]`
  return typeof value === 'string' ? value : JSON.stringify(value)
}
