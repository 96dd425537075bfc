/** Folders with the files of a user. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { scratchFolder } from '../../connection/testing/programs.ts'

/** Creates a folder with these texts, by path. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = scratchFolder()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** The source of a custom module with the argument `text`, which changes nothing. */
export function customModule(name: string, summary: string): string {
  return `import type { Module } from 'gpuplay/module'
export default {
  name: '${name}',
  summary: '${summary}',
  args: {
    type: 'object',
    properties: { text: { type: 'string', description: 'The text' } },
    additionalProperties: false,
  },
  result: { type: 'object' },
  probe: async () => undefined,
  plan: () => ({ actions: [], diffs: [], warnings: [] }),
} satisfies Module
`
}
