/** The commands that read recorded runs. */
import { buildCommand } from '@stricli/core'
import type { Context } from './context.ts'
import type { Examples } from './examples.ts'
import { inventoryAliases, inventoryFlags, outputAliases, outputFlags } from './flags.ts'
import type { ReportFlags } from './commands/report-command.ts'
import type { RunsFlags } from './commands/runs-command.ts'
import { runForms } from './run-forms.ts'

const usage = {
  runs: '-i inventory [-vv] [show <id> | diff <id> <id>]',
  report: '-i inventory -o file [<id>]',
} as const

const examples = {
  runs: [
    ['runs -i hosts.yml', 'list the runs'],
    ['runs -i hosts.yml show 20261122T0315 -vv', 'show one again, with every action'],
    ['runs -i hosts.yml show 20261122 --output junit', 'show it in another form'],
    ['runs -i hosts.yml diff 20261121 20261122', 'show what changed between two'],
  ],
  report: [
    ['report -i hosts.yml -o report.html', 'of the last run'],
    ['report -i hosts.yml -o report.html 20261122T0315', 'of another one'],
  ],
} as const satisfies Record<keyof typeof usage, Examples>

const runs = buildCommand<RunsFlags, string[], Context>({
  loader: async () => (await import('./commands/runs-command.ts')).runsCommand,
  docs: {
    brief: 'List the recorded runs, show one again, or compare two',
    customUsage: [usage.runs],
    fullDescription:
      'diff shows, host by host, what is different in the second run. Each run is recorded in .gpuplay/runs beside its inventory, or in ~/.local/state/gpuplay. See keep_runs in "gpuplay config" for the number of records to keep.',
  },
  parameters: {
    positional: {
      kind: 'array',
      parameter: {
        parse: String,
        brief: 'show and a run, or the beginning of its ID; or diff and two of them',
        placeholder: 'id',
      },
      maximum: 4,
    },
    flags: {
      inventory: inventoryFlags.inventory,
      output: {
        kind: 'enum',
        values: runForms,
        default: 'plain',
        brief:
          'plain: for people; jsonl: one run, event or host per line. Of one run also live: what it left on the terminal; junit: a report',
      },
      diff: { kind: 'boolean', optional: true, brief: 'Show changes to files and settings as diffs' },
      color: outputFlags.color,
      verbose: {
        kind: 'counter',
        brief: 'Print more; give it twice to print every action and installer logs',
      },
    },
    aliases: { i: inventoryAliases.i, D: 'diff', v: outputAliases.v },
  },
})

const report = buildCommand<ReportFlags, [string?], Context>({
  loader: async () => (await import('./commands/report-command.ts')).reportCommand,
  docs: {
    brief: 'Write a recorded run to an HTML file',
    customUsage: [usage.report],
    fullDescription:
      'The file opens offline in a browser. It shows outcomes, changes, output and times by host and task, the GPUs of nodes and containers, and what is different from the run before.',
  },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        {
          parse: String,
          brief: 'A run, or the beginning of its ID. Default: the last one',
          placeholder: 'id',
          optional: true,
        },
      ],
    },
    flags: {
      inventory: inventoryFlags.inventory,
      out: { kind: 'parsed', parse: String, brief: 'The file to write', placeholder: 'file' },
    },
    aliases: { i: inventoryAliases.i, o: 'out' },
  },
})

export const runsDeclared = { command: runs, usage: usage.runs, examples: examples.runs } as const
export const reportDeclared = { command: report, usage: usage.report, examples: examples.report } as const
