/** Turns flags that several commands share into inputs of a run. */
import { join } from 'node:path'
import { InputError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { defined } from '../base/defined.ts'
import type { ConnectionDefaults } from '../fleet/targets.ts'
import { diskFiles } from '../language/read-files.ts'
import type { Context } from './context.ts'
import type { ConnectionFlags, InventoryFlags } from './flags.ts'

/** @throws InputError if no inventory is given and this folder contains no `inventory` */
export function inventoriesOf(context: Context, { inventory }: InventoryFlags): readonly string[] {
  if (inventory !== undefined && inventory.length > 0) return inventory
  const named = context.world.environment['GPUPLAY_INVENTORY']
  if (named !== undefined && named !== '') return [named]
  const found = ['inventory', 'inventory.yml', 'inventory.yaml', 'inventory.ini'].find(
    (name) => diskFiles.kind(join(context.world.workingDirectory, name)) !== undefined,
  )
  if (found !== undefined) return [found]
  throw new InputError([
    {
      code: 'no-inventory',
      message: 'no inventory was given, and this folder contains none',
      hint: 'pass one with -i, or start with "gpuplay init", which copies an example',
    },
  ])
}

/** Folders of the roles that ship with gpuplay. Roles next to the playbook take precedence. */
export function rolesPaths({ shipped }: Context): readonly string[] {
  return [join(shipped, 'roles')]
}

/** @throws InputError if a password is needed and there is no terminal */
export async function connectionDefaults(
  context: Context,
  flags: ConnectionFlags,
): Promise<ConnectionDefaults> {
  const becomePassword = flags.askBecomePass ? await askBecomePassword(context) : undefined
  return {
    ...defined({
      user: flags.user,
      privateKey: flags.privateKey,
      hostKeyChecking: flags.hostKeyChecking,
      connectTimeout: flags.connectTimeout,
      becomePassword,
    }),
  }
}

async function askBecomePassword(context: Context): Promise<Secret> {
  const answer = await context.askSecret('Password for sudo: ')
  if (answer !== undefined) return new Secret(answer)
  throw new InputError([
    {
      code: 'no-terminal',
      message: 'cannot ask for the sudo password: there is no terminal',
      hint: 'set the variable become_password, for example with -e @FILE',
    },
  ])
}
