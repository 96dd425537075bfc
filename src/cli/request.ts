/** What several commands make of their flags. */
import { join } from 'node:path'
import { InputError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { given } from '../base/given.ts'
import type { ConnectionDefaults } from '../fleet/targets.ts'
import { diskFiles } from '../language/files.ts'
import type { Context } from './context.ts'
import type { ConnectionFlags, InventoryFlags } from './flags.ts'

/** @throws InputError when none is named and there is no `inventory` here. */
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
      message: 'no inventory was given, and this folder has none',
      hint: 'pass one with -i, or start with "gpuplay init", which copies an example',
    },
  ])
}

/** Roles that come with gpuplay; those beside the playbook are found first. */
export function rolesPaths({ shipped }: Context): readonly string[] {
  return [join(shipped, 'roles')]
}

/** @throws InputError when a password is to be asked for and nobody is there. */
export async function connectionDefaults(
  context: Context,
  flags: ConnectionFlags,
): Promise<ConnectionDefaults> {
  const becomePassword = flags.askBecomePass ? await askBecomePassword(context) : undefined
  return {
    ...given({
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
