/**
 * Defaults of options from `gpuplay.yml` and from variables of the environment. The command line overrides the
 * environment, which overrides the file.
 */
import { dirname } from 'node:path'
import { InputError, type Position, type Problem } from '../base/errors.ts'
import { problem } from '../language/source.ts'
import { didYouMean } from '../language/suggest.ts'
import {
  type ConfigurationFile,
  findConfigurationFile,
  type ConfigurationPlace,
  resolvedPath,
} from './configuration-file.ts'
import { type Configuration, type ConfigurationKey, keys, variableOf } from './configuration-keys.ts'
import type { Context } from './context.ts'

export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'file'; readonly where: Position }

export interface Configured {
  readonly configuration: Configuration
  readonly origins: Readonly<Record<ConfigurationKey, Origin>>
  /** The path of the file that was read. */
  readonly file: string | undefined
  readonly problems: readonly Problem[]
}

type World = Pick<Context, 'world' | 'shipped'>

/** Reads the file and the environment. Values with a mistake have their default. */
export function readConfiguration(context: World, place: ConfigurationPlace = {}): Configured {
  const { environment } = context.world
  const problems: Problem[] = []
  const file = findConfigurationFile(context, place, problems)
  if (file !== undefined) problems.push(...unknownKeys(file))
  const values: Record<string, unknown> = {}
  const origins: Record<string, Origin> = {}
  for (const [name, key] of Object.entries(keys)) {
    const variable = variableOf(key.name)
    const text = environment[variable] ?? ''
    const entry = file?.entries.get(key.name)
    values[name] = key.otherwise
    origins[name] = { kind: 'default' }
    if (text !== '') {
      const value = key.read(text)
      if (value === undefined) problems.push(wrong(variable, text, { expected: key.expected }))
      else values[name] = value
      origins[name] = { kind: 'variable', name: variable }
    } else if (entry !== undefined && file !== undefined) {
      const value = key.read(entry.value)
      const { where } = entry
      if (value === undefined) problems.push(wrong(key.name, entry.value, { expected: key.expected, where }))
      else values[name] = key.path === true ? inFolder(value, dirname(file.path)) : value
      origins[name] = { kind: 'file', where }
    }
  }
  const present = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
  return {
    // Each value comes from `read` or `otherwise` of its key, which have its type.
    configuration: present as unknown as Configuration,
    origins: origins as Configured['origins'],
    file: file?.path,
    problems,
  }
}

/** The options of a command line that the file and the environment may set too. */
export type TypedOptions = { readonly [Key in ConfigurationKey]?: Configuration[Key] | undefined }

/**
 * Returns the values of the command line, and the configured ones for the rest.
 * @throws InputError for mistakes in the file and the environment
 */
export function configured(
  context: World,
  given: TypedOptions,
  playbooks: readonly string[] = [],
): Configuration {
  const { configuration, problems } = readConfiguration(context, { playbooks, inventory: given.inventory })
  if (problems.length > 0) throw new InputError(problems)
  return overridden(configuration, given)
}

/** Returns the configuration with the values of the command line. */
export function overridden(configuration: Configuration, given: TypedOptions): Configuration {
  const values = Object.keys(keys).flatMap((name) => {
    const value = given[name as ConfigurationKey]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...configuration, ...Object.fromEntries(values) }
}

function inFolder(value: unknown, folder: string): unknown {
  if (Array.isArray(value)) return value.map((part) => inFolder(part, folder))
  return typeof value === 'string' ? resolvedPath(value, folder) : value
}

function wrong(
  name: string,
  value: unknown,
  { expected, where }: { readonly expected: string; readonly where?: Position },
): Problem {
  return problem('wrong-setting', `${name} is ${JSON.stringify(value)}, not ${expected}`, {
    where,
    hint: `set it to ${expected}`,
  })
}

function unknownKeys({ entries }: ConfigurationFile): readonly Problem[] {
  const known = Object.values(keys).map(({ name }) => name)
  return [...entries].flatMap(([name, { keyAt }]) =>
    known.includes(name)
      ? []
      : [
          problem('unknown-setting', `there is no key "${name}"`, {
            where: keyAt,
            hint: didYouMean(name, known, `the keys are ${known.join(', ')}`),
          }),
        ],
  )
}
