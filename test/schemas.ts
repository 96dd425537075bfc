/** `npm run schemas`: generates the JSON Schemas for editors and programs, and docs/reference.md from the code. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { playbookSchema } from '../src/language/playbook-schema.ts'
import { facts } from '../src/host/facts.ts'
import { referencePage } from '../src/language/reference-page.ts'
import { statusOutputSchema } from '../src/modules/gpu-verify/gpu-status.ts'
import { modules } from '../src/modules/catalogue.ts'

const folder = fileURLToPath(new URL('../schemas', import.meta.url))
mkdirSync(folder, { recursive: true })
writeFileSync(`${folder}/playbook.json`, `${JSON.stringify(playbookSchema(modules), null, 2)}\n`)
writeFileSync(`${folder}/status.json`, `${JSON.stringify(statusOutputSchema, null, 2)}\n`)
const page = referencePage(facts, statusOutputSchema.properties.hosts.items.properties)
writeFileSync(fileURLToPath(new URL('../docs/reference.md', import.meta.url)), page)
