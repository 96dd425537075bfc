/** Writes docs/inventory-differences.md. */
import { type DeliberateDifference, differences } from './deliberate-differences.ts'

export function differencesPage(): string {
  const all: readonly DeliberateDifference[] = Object.values(differences)
  return [
    '# Inventories: differences from Ansible',
    '',
    'Generated from the code by `npm run schemas`. A test reads inventories of every form with ansible-inventory and gpuplay',
    'and compares the results: these are all differences.',
    '',
    ...all.flatMap(({ about, ansible, gpuplay, why }) => [
      `- **${about}**`,
      `  - Ansible: ${ansible}.`,
      `  - gpuplay: ${gpuplay}. _Why:_ ${why}.`,
    ]),
    '',
  ].join('\n')
}
