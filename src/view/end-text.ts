/** Parts of the end of a run that are made from its events: changes, restarts that wait, and what to do next. */
import type { Event } from '../events/events.ts'
import type { Colors } from './colors.ts'
import { fewHosts } from './host-names.ts'
import type { RunStory, ToldTask } from './run-story.ts'
import { cut, plainText, table } from './text.ts'

type Finished = Extract<Event, { readonly type: 'run.finished' }>

/** Tasks that are listed, and columns for the names of their hosts. */
const mostTasks = 20
const namesWidth = 60

/** `CHANGED`, then the tasks that changed something, each with its hosts. */
export function changedText({ changed, started }: RunStory, { check }: Finished, colors: Colors): string {
  if (changed.size === 0) return ''
  const title = colors.bold(check ? 'WOULD CHANGE' : 'CHANGED')
  return [title, ...taskLines([...changed.values()], started?.hosts ?? [])].join('\n')
}

function taskLines(tasks: readonly ToldTask[], order: readonly string[]): readonly string[] {
  const places = new Map(order.map((host, index) => [host, index]))
  const sorted = (hosts: readonly string[]): readonly string[] =>
    [...hosts].sort((one, other) => (places.get(one) ?? 0) - (places.get(other) ?? 0))
  // One more line says no less than "and 1 more task".
  const shown = tasks.length === mostTasks + 1 ? tasks : tasks.slice(0, mostTasks)
  const lines = table(
    shown.map(({ task, hosts }) => [plainText(task.name), fewHosts(sorted(hosts), namesWidth)]),
  )
  const left = tasks.length - shown.length
  return [...lines, ...(left === 0 ? [] : [`and ${left} more tasks`])].map((line) => `  ${line}`)
}

/** `pending  pve[1:3]  REBOOT PENDING: ...` */
export function pendingLines({ pending }: RunStory, colors: Colors): readonly string[] {
  return [...pending].map(([message, hosts]) =>
    colors.yellow(['pending', fewHosts(hosts, namesWidth), plainText(message)].join('  ')),
  )
}

/** How far a run will do what the dry run says. */
export function exactnessLines(
  { unknown }: RunStory,
  { check, failures, hosts }: Finished,
  width = Infinity,
): readonly string[] {
  // What follows a failure that the playbook handles depends on the failure.
  const handled = Object.values(hosts).some(({ rescued, ignored }) => rescued + ignored > 0)
  if (!check || failures.length > 0 || handled) return []
  const tasks = [...unknown.values()]
  if (tasks.length === 0)
    return ['exact: a run makes these changes and no others, unless the hosts change before']
  const one = tasks.length === 1
  const shown = tasks.slice(0, mostTasks / 2)
  const left = tasks.length - shown.length
  return [
    `exact except for ${one ? 'one task that' : `${tasks.length} tasks that`} may run:`,
    ...shown.map(({ task, why = '' }) =>
      cut(`  ${plainText(task.name)}: ${plainText(why).replaceAll(/\s+/g, ' ')}`, width),
    ),
    ...(left === 0 ? [] : [`  and ${left} more`]),
  ]
}

/** Exact commands with their purpose. A run that left nothing to do has none. */
export function nextLines({ started }: RunStory, event: Finished, colors: Colors): readonly string[] {
  const commands = started?.next
  if (started === undefined || commands === undefined) return []
  const broken = event.failures.length > 0 || event.unfinished !== undefined
  const changes = Object.values(event.hosts).some(({ changed, unknown }) => changed + unknown > 0)
  const rows: (readonly [command: string, purpose: string])[] = []
  if (broken && commands.rerun !== undefined)
    rows.push([commands.rerun, 'run again on the hosts that did not succeed'])
  if (broken && commands.runs !== undefined)
    rows.push([`${commands.runs} show ${started.run} -vv`, 'show this run with every action'])
  if (!broken && changes && commands.real !== undefined) rows.push([commands.real, 'make these changes'])
  return rows.flatMap(([command, purpose]) => [`${colors.bold('next')}  ${purpose}:`, `      ${command}`])
}
