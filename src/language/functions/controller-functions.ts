/** Functions that read from the machine that gpuplay runs on. */
import { basename, dirname } from 'node:path'
import { isSecretFile, isSecretName, Secret } from '../../base/secret.ts'
import type { Evaluation, LocalSources } from '../evaluation.ts'
import { LockedError } from '../encrypted/locked-error.ts'
import { opened } from '../encrypted/sealed.ts'
import { candidatesIn } from '../file-candidates.ts'
import { suggestions } from '../read-files.ts'
import { didYouMean } from '../suggest.ts'
import { FunctionError, needed, optional, shared, type SharedFunction } from './shared-function.ts'

export const controllerFunctions: Readonly<Record<string, SharedFunction>> = {
  env: shared({
    parameters: [needed('name', 'text'), optional('otherwise', 'text')],
    returns: 'text',
    meaning:
      'A variable of the environment in which gpuplay runs; the second value if it is not set. The value is a secret if the name says so (`DB_PASSWORD`)',
    expression: 'env("EXAMPLE", "x")',
    template: '{{env "EXAMPLE" "x"}}',
    gives: 'x',
    apply: ([name, otherwise], reading) => environmentVariable(name, otherwise, here('env', reading)),
  }),
  file: shared({
    parameters: [needed('path', 'text')],
    returns: 'text',
    meaning:
      'The text of a file on the machine that gpuplay runs on, with its last line end. It is found like `src` of `copy`: in `files/` of the role, then next to the playbook. A secret if the file is (`vault.yml`, `secrets.yml`) or is encrypted',
    expression: 'file("motd")',
    template: '{{file "motd"}}',
    gives: 'Welcome\n',
    apply: ([path], reading) => textOfFile(path, here('file', reading)),
  }),
  secretFrom: shared({
    parameters: [needed('program', 'text')],
    more: needed('argument', 'text'),
    returns: 'text',
    meaning:
      'What a program on the machine that gpuplay runs on prints, without its last line end, such as a password manager. It is a secret. The program runs once, also in a dry run, when something reads the value',
    expression: 'secretFrom("pass", "show", "db")',
    template: '{{secretFrom "pass" "show" "db"}}',
    gives: 'sesame-5',
    apply: (argv, reading) => {
      const { files } = here('secretFrom', reading)
      return unlocked(`cannot get a secret from ${JSON.stringify(argv[0])}`, () => files.keys.output(argv))
    },
  }),
  asSecret: shared({
    parameters: [needed('text', 'text')],
    returns: 'text',
    meaning: 'The text, as a secret: it is hidden in all output. For secrets whose name does not say so',
    expression: 'asSecret(env("EXAMPLE", "x"))',
    template: '{{asSecret (env "EXAMPLE" "x")}}',
    gives: 'x',
    apply: ([text]) => new Secret(text),
  }),
}

/** @throws FunctionError instead of LockedError */
function unlocked<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof LockedError)) throw error
    throw new FunctionError(`${what}: ${error.why}`, { hint: error.hint })
  }
}

function here(name: string, { localSources }: Evaluation): LocalSources {
  if (localSources !== undefined) return localSources
  throw new FunctionError(`"${name}" cannot be used here`)
}

function environmentVariable(
  name: string,
  otherwise: string | undefined,
  { environment }: LocalSources,
): string | Secret {
  const value = (Object.hasOwn(environment, name) ? environment[name] : undefined) ?? otherwise
  if (value === undefined)
    throw new FunctionError(`the environment of gpuplay has no variable ${JSON.stringify(name)}`, {
      hint: `set it (export ${name}=...), or give a second value to use instead`,
    })
  return isSecretName(name) ? new Secret(value) : value
}

function textOfFile(name: string, { files, folders }: LocalSources): string | Secret {
  const candidates = candidatesIn(folders, 'files', name)
  const path = candidates.find((candidate) => files.kind(candidate) !== undefined)
  const read = path === undefined ? undefined : files.read(path)
  if (path === undefined || read === undefined || read.kind === 'missing') {
    const nearby = candidates.flatMap((candidate) => suggestions(files, dirname(candidate)))
    throw new FunctionError(`there is no file ${JSON.stringify(name)}`, {
      hint: didYouMean(basename(name), nearby, `looked for ${candidates.join(', ')}`),
    })
  }
  if (read.kind === 'unreadable') throw new FunctionError(read.problem.message, { hint: read.problem.hint })
  if (read.kind === 'sealed')
    return unlocked(`cannot decrypt ${JSON.stringify(path)}`, () =>
      files.keys.hide(opened(read.bytes, read.format, files.keys)),
    )
  return isSecretFile(path) ? new Secret(read.text) : read.text
}
