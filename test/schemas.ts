/** `npm run schemas`: writes the JSON Schemas that editors use, from the modules and keywords that there are. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { playbookSchema } from '../src/language/playbook-schema.ts'
import { modules } from '../src/modules/catalogue.ts'

const folder = fileURLToPath(new URL('../schemas', import.meta.url))
mkdirSync(folder, { recursive: true })
writeFileSync(`${folder}/playbook.json`, `${JSON.stringify(playbookSchema(modules), null, 2)}\n`)
