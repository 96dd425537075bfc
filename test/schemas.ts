/**
 * `npm run schemas`: generates the JSON Schemas for editors and programs, docs/reference.md, docs/modules.md,
 * docs/roles.md, docs/from-ansible.md and docs/inventory-differences.md.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { differencesPage } from '../src/inventory/parity/differences-page.ts'
import { inventorySchema } from '../src/inventory/inventory-schema.ts'
import { playbookSchema, tasksSchema } from '../src/language/playbook-schema.ts'
import { roleArgumentsSchema } from '../src/language/role-arguments-schema.ts'
import { facts } from '../src/host/facts.ts'
import { referencePage } from '../src/language/reference-page.ts'
import { statusOutputSchema } from '../src/modules/gpu-verify/gpu-status.ts'
import { modules } from '../src/modules/catalogue.ts'
import { planSchema } from '../src/engine/plans/plan-schema.ts'
import { eventSchema } from '../scripts/event-schema.ts'
import { fromAnsiblePage } from '../scripts/from-ansible-page.ts'
import { modulesPage } from '../scripts/modules-page.ts'
import { describedRoles, rolesPage } from '../scripts/roles-page.ts'

const folder = fileURLToPath(new URL('../schemas', import.meta.url))
mkdirSync(folder, { recursive: true })
const schemas = {
  playbook: playbookSchema(modules),
  tasks: tasksSchema(modules),
  inventory: inventorySchema,
  role: roleArgumentsSchema,
  events: eventSchema(),
  status: statusOutputSchema,
  plan: planSchema,
}
for (const [name, schema] of Object.entries(schemas))
  writeFileSync(`${folder}/${name}.json`, `${JSON.stringify(schema, null, 2)}\n`)

const docs = fileURLToPath(new URL('../docs', import.meta.url))
writeFileSync(
  `${docs}/reference.md`,
  referencePage(facts, statusOutputSchema.properties.hosts.items.properties),
)
writeFileSync(`${docs}/inventory-differences.md`, differencesPage())
writeFileSync(`${docs}/from-ansible.md`, await fromAnsiblePage(modules.map(({ name }) => name)))
writeFileSync(`${docs}/modules.md`, await modulesPage(modules))
const roles = describedRoles(fileURLToPath(new URL('../roles', import.meta.url)))
writeFileSync(`${docs}/roles.md`, await rolesPage(roles))
