/** Turns flags that several commands share into inputs of a run. */
import { join } from 'node:path'
import { InputError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { defined } from '../base/defined.ts'
import type { ConnectionDefaults } from '../fleet/targets.ts'
import { diskFiles } from '../language/read-files.ts'
import type { Configuration } from './configuration-keys.ts'
import type { Context } from './context.ts'
import type { ConnectionFlags } from './flags.ts'

/**
 * @param configuration The whole one, so that nobody passes only the options of the command line.
 * @throws InputError if no inventory is given and this folder contains no `inventory`
 */
export function inventoriesOf(
  context: Pick<Context, 'world'>,
  { inventory }: Configuration,
): readonly string[] {
  if (inventory !== undefined && inventory.length > 0) return inventory
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
export function rolesPaths({ shipped }: Pick<Context, 'shipped'>): readonly string[] {
  return [join(shipped, 'roles')]
}

/** @throws InputError if a password is needed and there is no terminal */
export async function connectionDefaults(
  context: Context,
  flags: ConnectionFlags,
): Promise<ConnectionDefaults> {
  const { connection, user, privateKey, hostKeyChecking, connectTimeout, become, becomeUser } = flags
  const password = flags.askPass
    ? await askPassword(context, { question: 'SSH password: ', what: 'SSH', variable: 'password' })
    : undefined
  const becomePassword = flags.askBecomePass
    ? await askPassword(context, {
        question: 'Password for sudo: ',
        what: 'sudo',
        variable: 'become_password',
      })
    : undefined
  return {
    ...defined({
      connection,
      user,
      password,
      privateKey,
      hostKeyChecking,
      connectTimeout,
      become,
      becomeUser,
      becomePassword,
    }),
  }
}

async function askPassword(
  context: Context,
  {
    question,
    what,
    variable,
  }: { readonly question: string; readonly what: string; readonly variable: string },
): Promise<Secret> {
  const answer = await context.askSecret(question)
  if (answer !== undefined) return new Secret(answer)
  throw new InputError([
    {
      code: 'no-terminal',
      message: `cannot ask for the ${what} password: there is no terminal`,
      hint: `set the variable ${variable}, for example with -e @FILE`,
    },
  ])
}
