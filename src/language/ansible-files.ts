/** Files that Ansible reads and gpuplay does not: settings, and folders of code in Python. */
import { join } from 'node:path'
import type { Problem } from '../base/errors.ts'
import type { Files } from './read-files.ts'

/** Folders of a role, or next to a playbook, that contain code for Ansible. */
export const plugins: Readonly<Record<string, string>> = {
  library: 'modules',
  module_utils: 'code of modules',
  action_plugins: 'plugins of modules',
  filter_plugins: 'filters of Jinja',
  lookup_plugins: 'lookups of Jinja',
  test_plugins: 'tests of Jinja',
  vars_plugins: 'sources of variables',
  become_plugins: 'ways to become another user',
  connection_plugins: 'connections',
  strategy_plugins: 'strategies',
  callback_plugins: 'callbacks',
  cache_plugins: 'caches of facts',
}

/** Returns a warning for each of these files next to a playbook: the author may expect an effect. */
export function ansibleFilesBeside(directory: string, files: Files): readonly Problem[] {
  const warnings: Problem[] = []
  const settings = join(directory, 'ansible.cfg')
  if (files.kind(settings) === 'file')
    warnings.push({
      code: 'ansible-file',
      message:
        `gpuplay does not read "${settings}": put defaults of options into gpuplay.yml (see "gpuplay config"), ` +
        'and connection variables into the inventory',
    })
  for (const [name, what] of Object.entries(plugins)) {
    const folder = join(directory, name)
    if (files.kind(folder) !== 'directory') continue
    const found = files.list(folder)
    if (found.kind !== 'names' || found.names.every((file) => file.startsWith('.'))) continue
    warnings.push({
      code: 'ansible-file',
      message: `gpuplay cannot run the ${what} for Ansible in "${folder}": use other modules (see "gpuplay modules")`,
    })
  }
  return warnings
}
