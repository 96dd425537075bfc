/** Secrets in the arguments of a task: where they are allowed, and which ones the author declared. */
import type { Problem } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { Secrets } from '../base/secrets.ts'
import type { Action } from '../host/action.ts'
import { ownArguments } from '../language/inventory-tasks.ts'
import type { Task, Value } from '../language/model.ts'
import type { VariableScope } from '../language/scope.ts'
import { lookUp } from '../language/evaluation.ts'
import type { Module } from '../modules/module.ts'

/**
 * Returns why the task must not run with these arguments: one that the module does not keep secret contains a
 * secret.
 */
export function refusedSecret(
  task: Task,
  args: Readonly<Record<string, unknown>>,
  module: Module,
): Problem | undefined {
  const { name, mayBeSecret = [], files = {} } = module
  // The rendered text of a template file is no argument of a playbook.
  const rendered = Object.values(files).includes('templates') ? 'content' : undefined
  const kept = mayBeSecret.filter((argument) => argument !== rendered)
  for (const [argument, value] of Object.entries(args)) {
    const [found] = takesSecret(module, argument) ? [] : secretsIn(value)
    if (found === undefined) continue
    const where = task.args.entries.get(argument)?.value.where ?? task.where
    if (argument === 'cmd' || argument === 'argv') return { ...onCommandLine, where }
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(found.reveal())) return { ...inAddress, where }
    return {
      code: 'secret-in-argument',
      message: `the argument "${argument}" contains a secret, but ${name} does not keep it secret`,
      hint:
        kept.length === 0
          ? 'write the secret to a file of mode 0600 with `copy`, and refer to that file'
          : `${name} keeps these arguments secret: ${kept.join(', ')}`,
      where,
    }
  }
  return undefined
}

/** Variables of a host stay secret where they are used. */
function takesSecret({ name, mayBeSecret = [], setsFacts }: Module, argument: string): boolean {
  return (
    setsFacts === true ||
    mayBeSecret.includes(argument) ||
    (name === 'add_host' && !ownArguments.has(argument))
  )
}

/** Returns why an action must not be carried out: other users of the host could read a known secret in it. */
export function exposedSecret(action: Action, secrets: Secrets): Problem | undefined {
  if (action.kind === 'run') return exposedWord(action.argv, secrets)
  return action.kind === 'download' ? exposedAddress(action.url, secrets) : undefined
}

export function exposedWord(argv: readonly string[], secrets: Pick<Secrets, 'exposes'>): Problem | undefined {
  return argv.some((word) => secrets.exposes(word)) ? onCommandLine : undefined
}

export function exposedAddress(url: string, secrets: Pick<Secrets, 'exposes'>): Problem | undefined {
  return secrets.exposes(url) ? inAddress : undefined
}

const onCommandLine: Problem = {
  code: 'secret-on-command-line',
  message: 'a secret would appear on a command line, where every user of the host can read it',
  hint: 'pass it through `stdin` or `environment`, or in a file of mode 0600 that `copy` writes',
}

const inAddress: Problem = {
  code: 'secret-in-url',
  message: 'a secret would appear in a URL, which process lists and server logs show',
  hint: 'use `username` and `password`, or `headers`, of get_url: curl reads them from its standard input',
}

/**
 * Returns the secrets that the author of a `no_log` task declared: the texts of arguments that the module
 * keeps secret, and the variables in all others. Leaves out absolute paths and built-in variables.
 */
export function declaredSecrets(task: Task, scope: VariableScope, module: Module): readonly Secret[] {
  const found = [...task.args.entries].flatMap(([name, { value }]) =>
    textsOf(value, scope, takesSecret(module, name)),
  )
  const environment = [...task.environment.values()].flatMap((value) => textsOf(value, scope, false))
  return [...found, ...environment].filter((text) => !text.startsWith('/')).map((text) => new Secret(text))
}

function textsOf(value: Value, scope: VariableScope, free: boolean): readonly string[] {
  switch (value.kind) {
    case 'sealed':
      return []
    case 'literal':
      return free && typeof value.value === 'string' ? [value.value] : []
    case 'list':
      return value.items.flatMap((item) => textsOf(item, scope, free))
    case 'map':
      return [...value.entries.values()].flatMap((entry) => textsOf(entry.value, scope, free))
    case 'template':
    case 'expression':
      return value.reads.flatMap((path) => {
        if (scope.origin(path[0] ?? '')?.layer === 'built in') return []
        const data = lookUp(scope, path)
        return typeof data === 'string' ? [data] : []
      })
  }
}

/** Returns every secret in a value. */
export function secretsIn(value: unknown): readonly Secret[] {
  if (value instanceof Secret) return [value]
  if (Array.isArray(value)) return value.flatMap(secretsIn)
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(secretsIn) : []
}
