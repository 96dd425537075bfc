/** Texts of `gpuplay explain`. */
import { stringify } from 'yaml'
import { Unknown } from '../base/unknown.ts'
import type { Candidate, VariableSection } from '../engine/explain-variable.ts'
import type { Event, Outcome, TaskDetail } from '../events/events.ts'
import type { ExplainedItem } from '../events/explained-item.ts'
import { jsonText } from '../view/json-text.ts'
import { indent, place, plainText, printableData, table } from '../view/text.ts'

/** A table for each part of the run; `*` marks the value that wins. */
export function variableText(name: string, host: string, sections: readonly VariableSection[]): string {
  const parts = sections.map(({ title, candidates }) => {
    const rows = candidates.map((candidate, index) => [
      `${index === 0 ? '*' : ' '} ${valueText(candidate)}`,
      plainText(candidate.from),
      candidate.where === undefined ? '' : plainText(place(candidate.where)),
    ])
    return [`${plainText(title)}:`, ...table(rows).map((line) => `  ${line.trimEnd()}`)].join('\n')
  })
  return [`${name} on ${host}; * wins`, ...parts].join('\n\n').concat('\n')
}

function valueText({ value, written }: Candidate): string {
  const text = value instanceof Unknown ? `(unknown: ${plainText(value.why)})` : jsonText(value)
  return written === undefined ? text : `${text} = ${plainText(written.trim().replaceAll(/\s*\n\s*/g, ' '))}`
}

interface ExplainedTask {
  readonly name: string
  readonly host: string
  readonly items: readonly ExplainedItem[]
  /** Those of the host in the dry run. */
  readonly events: readonly Event[]
}

/** What the dry run knows of each item of the task, in the order of the run. */
export function taskText({ name, host, items, events }: ExplainedTask): string {
  if (items.length === 0) return notReached(name, host, events)
  return items.map((item) => `${itemText(item, events)}\n`).join('\n')
}

function itemText(item: ExplainedItem, events: readonly Event[]): string {
  const { task, conditions, asks } = item
  const label = item.item === '' ? '' : ` (${plainText(item.item)})`
  const end = endOf(item, events)
  return [
    `${plainText(task.name)}${label} on ${item.host}`,
    `  module     ${task.module}`,
    `  place      ${plainText(place(item.where))}`,
    `  id         ${plainText(task.id)}`,
    ...part('conditions', conditions.length === 0 ? 'none' : conditionsText(item)),
    ...part('arguments', argumentsText(item)),
    ...part('reads', asks.length === 0 ? 'nothing' : asks.map(plainText).join('\n')),
    ...part('result', end === undefined ? 'unknown' : resultText(end.outcome, end.detail)),
  ].join('\n')
}

function part(title: string, text: string): readonly string[] {
  return [`  ${title}`, indent(text, '    ')]
}

function conditionsText({ conditions }: ExplainedItem): string {
  return table(
    conditions.map(({ value, text, where }) => [plainText(value), plainText(text), plainText(place(where))]),
  )
    .map((line) => line.trimEnd())
    .join('\n')
}

function argumentsText({ arguments: given }: ExplainedItem): string {
  if (given === undefined) return 'not evaluated'
  return Object.keys(given).length === 0 ? 'none' : stringify(printableData(given)).trimEnd()
}

function endOf(
  { task, item }: ExplainedItem,
  events: readonly Event[],
): { readonly outcome: Outcome; readonly detail: TaskDetail } | undefined {
  for (const event of events) {
    if (event.type === 'item.finished' && event.task.id === task.id && event.item === item) return event
    if (event.type === 'task.finished' && event.task.id === task.id && item === '') return event
  }
  return undefined
}

function resultText(outcome: Outcome, detail: TaskDetail): string {
  const why = plainText(detail.why ?? detail.problem?.message ?? '')
  const actions = (detail.actions ?? []).map((action) => `  ${plainText(action)}`)
  switch (outcome) {
    case 'ok':
      return detail.message === undefined
        ? 'nothing to change'
        : `nothing to change\n${plainText(detail.message)}`
    case 'changed':
      return ['would change:', ...actions].join('\n')
    case 'skipped':
      return `would be skipped: ${why}`
    case 'unknown':
      return `may run: ${why}`
    case 'failed':
      return `would fail: ${why}`
    case 'unreachable':
      return `cannot be planned: ${why}`
  }
}

/** The dry run did not come to the task. */
function notReached(name: string, host: string, events: readonly Event[]): string {
  const reasons = events.flatMap((event) => {
    if (event.type === 'host.unreachable') return [event.problem.message]
    const failed = event.type === 'task.finished' && event.outcome === 'failed' && event.ignored !== true
    return failed ? [`"${event.task.name}" would fail: ${event.detail.problem?.message ?? ''}`] : []
  })
  const [why = 'nothing notifies it, or its block is not entered'] = reasons
  return `${plainText(name)} would not run on ${host}: ${plainText(why)}\n`
}
