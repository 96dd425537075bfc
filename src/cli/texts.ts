/** Error messages for mistakes on the command line. stricli finds the mistake; the sentences are ours. */
import {
  AliasNotFoundError,
  type ApplicationText,
  ArgumentParseError,
  EnumValidationError,
  FlagNotFoundError,
  text_en,
  UnexpectedFlagError,
  UnexpectedPositionalError,
  UnsatisfiedFlagError,
  UnsatisfiedPositionalError,
} from '@stricli/core'
import { defined } from '../base/defined.ts'
import { InputError } from '../base/errors.ts'
import { commandLine } from '../base/shell.ts'
import { didYouMean } from '../language/suggest.ts'
import { insteadOfCommand, insteadOfFlag } from './ansible-flags.ts'

/** The options of every command. */
export type Commands = Readonly<Record<string, readonly string[]>>

/** Returns the texts for one command line; `words` is the whole line. */
export function textsFor(words: readonly string[], commands: Commands): ApplicationText {
  return {
    ...text_en,
    briefs: {
      ...text_en.briefs,
      help: 'Print this help',
      version: 'Print the version',
      argumentEscapeSequence: 'Read all words after it as arguments, not options',
    },
    keywords: { default: 'default:', separator: 'separated by' },
    headers: { ...text_en.headers, flags: 'OPTIONS' },
    noCommandRegisteredForInput: ({ input }) => written(unknownCommand(input, words, commands)),
    exceptionWhileParsingArguments: (error) => {
      const problem = mistake(error, words[0] ?? '', commands)
      return problem === undefined
        ? text_en.exceptionWhileParsingArguments.call({}, error, false)
        : written(problem)
    },
  }
}

interface Mistake {
  readonly message: string
  readonly hint?: string | undefined
}

function written({ message, hint }: Mistake): string {
  return hint === undefined ? `error: ${message}` : `error: ${message}\n  help: ${hint}`
}

function unknownCommand(input: string, words: readonly string[], commands: Commands): Mistake {
  if (input.startsWith('-')) {
    const command = words.find((word) => Object.hasOwn(commands, word))
    const others = words.filter((word) => word !== command)
    return {
      message: `the command must come before the option ${input}`,
      hint: `type: ${commandLine(['gpuplay', command ?? 'run', ...others])}`,
    }
  }
  const playbook = /\.ya?ml$/.test(input) ? commandLine(['gpuplay', 'run', ...words]) : undefined
  const instead = playbook ?? insteadOfCommand(input)
  const names = Object.keys(commands)
  return {
    message: `there is no command "${input}"`,
    hint:
      instead === undefined
        ? didYouMean(input, names, `the commands are ${names.join(', ')}; see "gpuplay help"`)
        : `type: ${instead}`,
  }
}

function mistake(error: unknown, command: string, commands: Commands): Mistake | undefined {
  if (error instanceof FlagNotFoundError) return unknownFlag(`--${error.input}`, command, commands)
  if (error instanceof AliasNotFoundError) return unknownFlag(`-${error.input}`, command, commands)
  if (error instanceof EnumValidationError)
    return {
      message: `--${error.externalFlagName} cannot be "${error.input}"`,
      hint: didYouMean(error.input, error.values, `use ${error.values.join(', ')}`),
    }
  if (error instanceof ArgumentParseError) {
    const [told] = error.exception instanceof InputError ? error.exception.problems : []
    if (told !== undefined)
      return {
        message: `--${error.externalFlagNameOrPlaceholder} ${told.message}`,
        ...defined({ hint: told.hint }),
      }
    const why = error.exception instanceof Error ? error.exception.message : String(error.exception)
    return { message: `--${error.externalFlagNameOrPlaceholder}: ${why}` }
  }
  if (error instanceof UnsatisfiedFlagError && command === 'plan' && error.externalFlagName === 'out')
    return { message: 'no plan file was given', hint: 'add -o FILE, for example -o plan.json' }
  if (error instanceof UnsatisfiedFlagError && command === 'report' && error.externalFlagName === 'out')
    return { message: 'no file was given for the report', hint: 'add -o FILE, for example -o report.html' }
  if (error instanceof UnsatisfiedFlagError)
    return { message: `--${error.externalFlagName} needs a value`, hint: seeHelp(command) }
  if (error instanceof UnexpectedFlagError)
    return { message: `--${error.externalFlagName} is given more than once`, hint: 'give it once' }
  if (error instanceof UnexpectedPositionalError)
    return { message: `unexpected argument "${error.input}"`, hint: seeHelp(command) }
  if (error instanceof UnsatisfiedPositionalError) return missingArgument(command, error.placeholder)
  return undefined
}

function unknownFlag(flag: string, command: string, commands: Commands): Mistake {
  const known = Object.hasOwn(commands, command) ? (commands[command] ?? []) : []
  const long = flag.startsWith('--')
  return {
    message: `"gpuplay ${command}" has no option ${flag}`,
    hint:
      insteadOfFlag(command, flag) ?? (long ? didYouMean(flag, known, seeHelp(command)) : seeHelp(command)),
  }
}

function missingArgument(command: string, placeholder: string): Mistake {
  switch (command) {
    case 'run':
    case 'graph':
      return { message: 'no playbook was given', hint: `type: gpuplay ${command} site.yml` }
    case 'plan':
      return { message: 'no playbook was given', hint: 'type: gpuplay plan site.yml -o plan.json' }
    case 'show':
    case 'apply':
      return { message: 'no plan file was given', hint: `type: gpuplay ${command} plan.json` }
    case 'exec':
      return { message: 'no command was given', hint: 'type: gpuplay exec all -- uptime' }
    case 'facts':
      return { message: 'no hosts were given', hint: 'type: gpuplay facts all' }
    default:
      return { message: `${placeholder} is missing`, hint: seeHelp(command) }
  }
}

function seeHelp(command: string): string {
  return `see "gpuplay ${command} --help"`
}
