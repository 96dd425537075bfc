/** Secrets among the arguments of a task: where they may be, and which ones its author has declared. */
import type { Problem } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { Secrets } from '../base/secrets.ts'
import type { Action } from '../host/action.ts'
import type { Task, Value } from '../language/model.ts'
import type { VariableScope } from '../language/scope.ts'
import { lookUp } from '../language/evaluation.ts'
import type { Module } from '../modules/module.ts'

/** Why the task must not run with these arguments, of which some are not kept secret by the module. */
export function refusedSecret(
  task: Task,
  args: Readonly<Record<string, unknown>>,
  { name, mayBeSecret = [], setsFacts }: Module,
): Problem | undefined {
  if (setsFacts === true) return undefined
  for (const [argument, value] of Object.entries(args)) {
    const [found] = mayBeSecret.includes(argument) ? [] : secretsIn(value)
    if (found === undefined) continue
    const where = task.args.entries.get(argument)?.value.where ?? task.where
    if (argument === 'cmd' || argument === 'argv') return { ...onCommandLine, where }
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(found.reveal())) return { ...inAddress, where }
    return {
      code: 'secret-in-argument',
      message: `the argument "${argument}" of ${name} holds a secret, and is not kept secret`,
      hint:
        mayBeSecret.length === 0
          ? 'write the secret to a file of mode 0600 with `copy`, and refer to that file'
          : `these arguments of ${name} are kept secret: ${mayBeSecret.join(', ')}`,
      where,
    }
  }
  return undefined
}

/** Why an action must not be carried out: what others on the host can read holds a text that is known to be secret. */
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
  message: 'a secret would be on a command line, where every user of the host can read it',
  hint: 'pass it by `stdin` or `environment`, or in a file of mode 0600 that `copy` writes',
}

const inAddress: Problem = {
  code: 'secret-in-url',
  message: 'a secret would be in a URL, which process lists and the logs of servers show',
  hint: 'use `username` and `password`, or `headers`, of get_url: curl reads them from its standard input',
}

/**
 * What the author of a `no_log` task has declared to be secret: the text of arguments that modules keep secret, and the variables in all others.
 * Paths are none, nor is what the engine itself offers.
 */
export function declaredSecrets(
  task: Task,
  scope: VariableScope,
  { mayBeSecret = [], setsFacts = false }: Module,
): readonly Secret[] {
  const found = [...task.args.entries].flatMap(([name, { value }]) =>
    textsOf(value, scope, setsFacts || mayBeSecret.includes(name)),
  )
  const environment = [...task.environment.values()].flatMap((value) => textsOf(value, scope, false))
  return [...found, ...environment].filter((text) => !text.startsWith('/')).map((text) => new Secret(text))
}

function textsOf(value: Value, scope: VariableScope, free: boolean): readonly string[] {
  switch (value.kind) {
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

/** Every secret in a value. */
export function secretsIn(value: unknown): readonly Secret[] {
  if (value instanceof Secret) return [value]
  if (Array.isArray(value)) return value.flatMap(secretsIn)
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(secretsIn) : []
}
