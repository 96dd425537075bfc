/** The files of this machine with the keys of a command line, the configuration and the environment. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { InputError } from '../base/errors.ts'
import { readRegularFile } from '../base/regular-file.ts'
import { commandLine } from '../base/shell.ts'
import { createKeyring, type KeyText } from '../language/encrypted/keyring.ts'
import { LockedError } from '../language/encrypted/locked-error.ts'
import type { VaultPassword } from '../language/encrypted/vault.ts'
import { diskFiles, type Files } from '../language/read-files.ts'
import type { Configuration } from './configuration-keys.ts'
import type { Context } from './context.ts'
import type { VaultFlags } from './flags.ts'

export type KeyOptions = VaultFlags & Pick<Configuration, 'ageIdentities' | 'vaultPasswordFiles'>

type World = Pick<Context, 'world' | 'secrets' | 'askSecret'>

/** Holds an age key itself, such as a secret of a CI system. */
const keyVariable = 'GPUPLAY_AGE_KEY'

/** Size limit of key files, in bytes. */
const largest = 1024 * 1024

/** Milliseconds for a program that prints a secret; it may ask somebody. */
const longest = 120_000

/**
 * Asks for the passwords that the command line wants to be asked for. Everything else is read when something
 * must be decrypted.
 * @throws InputError if there is no terminal to ask on
 */
export async function keyedFiles(context: World, options: KeyOptions): Promise<Files> {
  const passwords = await vaultPasswords(context, options)
  const keys = createKeyring({
    identities: (tool) => identities(context, options.ageIdentities ?? [], tool),
    vaultPasswords: () => passwords,
    run: (argv) => printed(context, argv),
    book: context.secrets,
  })
  return { ...diskFiles, keys }
}

/** The keys of gpuplay; then those that sops would use. */
function identities(
  { world }: World,
  paths: readonly string[],
  tool: 'gpuplay' | 'sops',
): readonly KeyText[] {
  const fromVariable = (name: string): readonly KeyText[] => {
    const text = world.environment[name] ?? ''
    return text === '' ? [] : [{ name: `$${name}`, text }]
  }
  const own = [...paths.map((path) => keyFile(absolute(world, path))), ...fromVariable(keyVariable)]
  if (tool === 'gpuplay') return own
  const named = world.environment['SOPS_AGE_KEY_FILE'] ?? ''
  const folder = world.environment['XDG_CONFIG_HOME'] ?? join(world.home, '.config')
  const usual = join(folder, 'sops/age/keys.txt')
  return [
    ...own,
    ...fromVariable('SOPS_AGE_KEY'),
    ...(named === '' ? [] : [keyFile(absolute(world, named))]),
    ...(diskFiles.kind(usual) === 'file' ? [keyFile(usual)] : []),
  ]
}

/** @throws LockedError */
function keyFile(path: string): KeyText {
  return { name: path, text: read(path, 'the age key') }
}

/** @throws LockedError */
function read(path: string, what: string): string {
  const found = readRegularFile(path, largest)
  if (found.kind === 'bytes') return found.bytes.toString('utf8')
  throw found.kind === 'missing'
    ? new LockedError(`${what} is missing: there is no file ${path}`, 'check the path of the file')
    : new LockedError(`${what} in ${path} cannot be read: ${found.why}`, found.hint)
}

function absolute({ workingDirectory, home }: Context['world'], path: string): string {
  return path.startsWith('~/') ? join(home, path.slice(2)) : resolve(workingDirectory, path)
}

async function vaultPasswords(
  context: World,
  { vaultPasswordFile = [], vaultId = [], askVaultPass, vaultPasswordFiles = [] }: KeyOptions,
): Promise<readonly VaultPassword[]> {
  const found: VaultPassword[] = []
  for (const text of vaultId) {
    const at = text.lastIndexOf('@')
    const id = at > 0 ? text.slice(0, at) : undefined
    const source = text.slice(at + 1)
    found.push(
      source === 'prompt' || source === 'prompt_ask_vault_pass'
        ? await typed(context, id)
        : passwordFile(context, source, id),
    )
  }
  if (askVaultPass) found.push(await typed(context, undefined))
  for (const path of [...vaultPasswordFile, ...vaultPasswordFiles])
    found.push(passwordFile(context, path, undefined))
  return found
}

async function typed(context: World, id: string | undefined): Promise<VaultPassword> {
  const password = await context.askSecret(`Vault password${id === undefined ? '' : ` (${id})`}: `)
  if (password === undefined)
    throw new InputError([
      {
        code: 'no-terminal',
        message: 'cannot ask for the password of Ansible Vault: there is no terminal',
        hint: 'use --vault-password-file FILE',
      },
    ])
  return { id, name: 'the password that was typed', read: () => password }
}

/** As in Ansible: a program prints the password; one whose name ends in "-client" gets the vault ID. */
function passwordFile(context: World, given: string, id: string | undefined): VaultPassword {
  const path = absolute(context.world, given)
  const client = /-client(\.\w+)?$/.test(basename(path)) && id !== undefined ? ['--vault-id', id] : []
  return {
    id,
    name: path,
    read: () => {
      const text = isProgram(path)
        ? printed(context, [path, ...client])
        : read(path, 'the password of Ansible Vault')
      const password = text.trim()
      if (password !== '') return password
      throw new LockedError(`${path} has no password`, 'write the password into it, on one line')
    },
  }
}

function isProgram(path: string): boolean {
  if (diskFiles.kind(path) !== 'file') return false
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Runs a program, which may ask on the terminal. @throws LockedError */
function printed({ world }: World, argv: readonly string[]): string {
  const [program = '', ...words] = argv
  const { status, signal, error, stdout } = spawnSync(program, words, {
    cwd: world.workingDirectory,
    env: { ...world.environment },
    stdio: ['inherit', 'pipe', 'inherit'],
    timeout: longest,
    encoding: 'utf8',
  })
  if (error === undefined && status === 0) return stdout.replace(/\r?\n$/, '')
  const failure =
    error !== undefined && !('code' in error && error.code === 'ETIMEDOUT')
      ? `cannot run ${program}: ${error.message}`
      : signal === null
        ? `${program} failed with exit code ${status}`
        : `${program} did not exit within ${longest / 1000} s`
  throw new LockedError(failure, `run it yourself to see why: ${commandLine(argv)}`)
}
