/** The commands of `gpuplay`. */
import { type Application, buildApplication, buildRouteMap, type Command } from '@stricli/core'
import { exitCodes, InputError } from '../base/errors.ts'
import type { Context } from './context.ts'
import type { Examples } from './examples.ts'
import { fleetCommands } from './fleet-commands.ts'
import { wrapHelp } from './help.ts'
import { localCommands } from './local-commands.ts'
import { planCommands } from './plan-commands.ts'
import { shippedHelp } from './shipped.ts'
import { textsFor } from './texts.ts'

const { run, status, metrics, explain, facts, 'test-module': testModule, exec } = fleetCommands
const { lint, graph, runs, report, inventory, modules, schema, init, secrets, config, completion } =
  localCommands
const { plan, show, apply } = planCommands
/** In the order of the help. */
const commands = {
  run,
  plan,
  show,
  apply,
  lint,
  graph,
  status,
  metrics,
  runs,
  report,
  inventory,
  explain,
  modules,
  schema,
  facts,
  exec,
  'test-module': testModule,
  init,
  secrets,
  config,
  completion,
} as const

/** Without this, stricli's list of commands shows the generated usage line, even if `customUsage` is set. */
function presented(command: Command<Context>, line: string, more: () => string): Command<Context> {
  return {
    ...command,
    formatUsageLine: ({ prefix }) => `${prefix.join(' ')} ${line}`,
    formatHelp: (args) => wrapHelp(command.formatHelp(args) + more()),
  }
}

/** Replaces the usage of every command, which its own help has: the list of commands fits on a screen. */
function oneUsage(help: string): string {
  return help.replace(/^USAGE\n(?: {2}.*\n)+/, 'USAGE\n  gpuplay <command> ...\n  gpuplay help <command>\n')
}

/** The examples of a command: each command line with its purpose. */
function examplesHelp(examples: Examples): string {
  const lines = examples.flatMap(([line, purpose]) => [`  # ${purpose}`, `  gpuplay ${line}`])
  return ['', 'EXAMPLES', ...lines, ''].join('\n')
}

/** Returns the options of a command, spelled as on the command line. */
function optionsOf({ parameters }: Command<Context>): readonly string[] {
  return Object.keys(parameters.flags ?? {}).map(
    (name) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  )
}

/** Creates the application for one command line. Its error messages depend on the words of that line. */
export function createApplication(
  words: readonly string[],
  { version, shipped }: Pick<Context, 'version' | 'shipped'>,
): Application<Context> {
  const names = Object.keys(commands) as (keyof typeof commands)[]
  const routes = buildRouteMap<string, Context>({
    routes: Object.fromEntries(
      names.map((name) => {
        const { command, usage, examples } = commands[name]
        const more = (): string => examplesHelp(examples) + (name === 'run' ? shippedHelp(shipped) : '')
        return [name, presented(command, usage, more)]
      }),
    ),
    docs: { brief: 'Agentless playbooks for GPUs in Proxmox containers' },
  })
  const texts = textsFor(
    words,
    Object.fromEntries(names.map((name) => [name, optionsOf(commands[name].command)])),
  )
  return buildApplication<Context>(
    { ...routes, formatHelp: (args) => wrapHelp(oneUsage(routes.formatHelp(args))) },
    {
      name: 'gpuplay',
      versionInfo: { currentVersion: version },
      scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
      completion: { includeAliases: false },
      documentation: {
        caseStyle: 'convert-camel-to-kebab',
        useAliasInUsageLine: true,
        disableAnsiColor: true,
      },
      localization: { defaultLocale: 'en', loadText: () => texts },
      determineExitCode: (error) =>
        error instanceof InputError ? exitCodes.invalidInput : exitCodes.internal,
    },
  )
}
