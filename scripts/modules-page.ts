/** Generates docs/modules.md from the modules: summaries, arguments and results. */
import { format } from 'prettier'
import { type DescribedProperty, describedProperties } from '../src/modules/described-properties.ts'
import type { Module } from '../src/modules/module.ts'

const introduction = `# Modules

Generated from the code by \`npm run schemas\`. \`gpuplay modules NAME\` prints the same for one module. You can write modules of
your own ([custom modules](playbooks.md#custom-modules)).

A task calls one module. The fields of the result are those of the registered variable, which also has \`changed\`, \`failed\`,
\`skipped\` and \`msg\`.
`

interface Group {
  readonly title: string
  readonly modules: readonly Module[]
}

/** The page, formatted by prettier. */
export async function modulesPage(modules: readonly Module[]): Promise<string> {
  const groups = groupsOf(modules)
  const index = groups.map(
    (group) => `- **${group.title}**: ${group.modules.map(({ name }) => `[${name}](#${name})`).join(', ')}`,
  )
  return format([introduction, index.join('\n'), ...modules.map(section)].join('\n\n'), {
    parser: 'markdown',
  })
}

function groupsOf(modules: readonly Module[]): readonly Group[] {
  const nvidia = modules.filter(({ name }) => /^(nvidia|gpu|cuda)_/.test(name))
  const proxmox = modules.filter(({ name }) => name.startsWith('pve_'))
  const others = modules.filter((module) => !nvidia.includes(module) && !proxmox.includes(module))
  return [
    { title: 'General', modules: others },
    { title: 'NVIDIA', modules: nvidia },
    { title: 'Proxmox VE', modules: proxmox },
  ]
}

function section({ name, summary, args, result, freeForm }: Module): string {
  const short = freeForm === undefined ? [] : [`Short form, which sets \`${freeForm}\`: \`${name}: ...\``]
  return [
    `## ${name}`,
    sentence(summary),
    ...short,
    ...list('Arguments', describedProperties(args)),
    ...list(
      'Result',
      describedProperties(result).map((property) => ({ ...property, required: false })),
    ),
  ].join('\n\n')
}

function list(title: string, properties: readonly DescribedProperty[]): readonly string[] {
  return properties.length === 0 ? [] : [`_${title}_`, properties.map(entry).join('\n')]
}

function entry({ name, required, type, description, default: preset }: DescribedProperty): string {
  const kinds = [
    required ? 'required' : '',
    type.replaceAll('|', ', '),
    preset === undefined ? '' : `default \`${preset.replace(/^"(.+)"$/, '$1')}\``,
  ]
  const kind = kinds.filter((part) => part !== '').join(', ')
  return `- **\`${name}\`**${kind === '' ? '' : ` (${kind})`}${description === '' ? '' : `: ${sentence(description)}`}`
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
