/**
 * A run as a JUnit report, which CI systems show: a test suite for each host, a test case for each task.
 * There is no standard; these elements and attributes are those that Jenkins, GitLab and GitHub actions read
 * (https://github.com/testmoapp/junitxml).
 */
import { defined } from '../base/defined.ts'
import type { Problem } from '../base/errors.ts'
import type { Event } from '../events/events.ts'
import { handledBy } from './handled.ts'
import { findingsText, place } from './text.ts'
import type { View } from './view.ts'
import { xmlDocument } from './xml.ts'

type TaskFinished = Extract<Event, { readonly type: 'task.finished' }>

interface Case {
  readonly suite: string
  /** The play. */
  readonly group: string
  readonly name: string
  /** `file:line` of the task. */
  readonly file?: string
  readonly milliseconds: number
  readonly end:
    | { readonly kind: 'passed'; readonly text: string }
    | { readonly kind: 'skipped'; readonly why: string }
    /** A failure is of the task, an error of its surroundings: an unreachable host, a mistake in the files. */
    | {
        readonly kind: 'failure' | 'error'
        readonly code: string
        readonly message: string
        readonly text: string
      }
}

/** Writes the whole report when it is closed. A run that was interrupted has one too. */
export function createJunitView(write: (text: string) => void): View {
  const cases: Case[] = []
  const plays = new Map<string, string>()
  let title = 'gpuplay'
  let time = ''
  let check = false
  const take = (event: Event): void => {
    switch (event.type) {
      case 'run.started':
        title = event.command === '' ? event.playbooks.join(' ') : event.command
        ;({ time, check } = event)
        return
      case 'play.started':
        for (const { id } of event.tasks) plays.set(id, event.play)
        return
      case 'task.finished':
        cases.push({
          suite: event.host,
          group: plays.get(event.task.id) ?? 'tasks',
          name: `${event.task.handler ? 'handler ' : ''}${event.task.name}`,
          file: event.task.where,
          milliseconds: event.milliseconds,
          end: endOf(event, check),
        })
        return
      case 'host.unreachable':
        cases.push({
          suite: event.host,
          group: 'gpuplay',
          name: 'host',
          milliseconds: 0,
          end: { kind: 'error', ...failureOf(event.problem) },
        })
        return
      case 'problem':
        cases.push({
          suite: 'files',
          group: 'gpuplay',
          name: event.problem.where === undefined ? event.problem.code : place(event.problem.where),
          milliseconds: 0,
          end: { kind: 'error', ...failureOf(event.problem) },
        })
        return
      default:
        return
    }
  }
  return {
    take,
    close() {
      write(reportText(title, time, cases))
      return Promise.resolve()
    },
  }
}

function endOf(event: TaskFinished, check: boolean): Case['end'] {
  const { outcome, detail } = event
  const handled = handledBy(event)
  const lines = [...(detail.actions ?? []), ...(detail.message === undefined ? [] : [detail.message])]
  switch (outcome) {
    case 'ok':
    case 'changed': {
      const word = outcome === 'changed' && check ? 'would change' : outcome
      return { kind: 'passed', text: [word, ...lines].join('\n') }
    }
    case 'skipped':
      return { kind: 'skipped', why: detail.why ?? 'skipped' }
    case 'unknown':
      return { kind: 'skipped', why: `may run: ${detail.why ?? ''}` }
    case 'failed':
    case 'unreachable': {
      const failure = failureOf(detail.problem ?? { code: outcome, message: outcome })
      if (handled !== undefined) return { kind: 'passed', text: `${handled}: ${failure.message}` }
      const { program, findings = [] } = detail
      const text = [
        failure.text,
        ...(findings.length === 0 ? [] : [findingsText(findings)]),
        ...(program === undefined ? [] : [`exit status ${program.rc}`, program.stdout, program.stderr]),
      ]
      return {
        kind: outcome === 'failed' ? 'failure' : 'error',
        ...failure,
        text: text.filter((part) => part !== '').join('\n'),
      }
    }
  }
}

function failureOf({ code, message, hint, where }: Problem): {
  readonly code: string
  readonly message: string
  readonly text: string
} {
  const lines = [
    `${where === undefined ? '' : `${place(where)}: `}${message}`,
    ...(hint === undefined ? [] : [`help: ${hint}`]),
  ]
  return { code, message, text: lines.join('\n') }
}

function reportText(title: string, time: string, cases: readonly Case[]): string {
  const report = xmlDocument('testsuites', { name: title, ...totals(cases) })
  for (const suite of new Set(cases.map((one) => one.suite))) {
    const members = cases.filter((one) => one.suite === suite)
    const element = report.root.ele('testsuite', {
      name: suite,
      hostname: suite,
      ...defined({ timestamp: time === '' ? undefined : time.replace(/(\.\d+)?Z$/, '') }),
      ...totals(members),
    })
    for (const { group, name, file, milliseconds, end } of members) {
      const test = element.ele('testcase', {
        classname: group,
        name,
        ...defined({ file }),
        time: seconds(milliseconds),
      })
      if (end.kind === 'passed') test.ele('system-out').txt(end.text)
      else if (end.kind === 'skipped') test.ele('skipped', { message: end.why })
      else test.ele(end.kind, { type: end.code, message: end.message }).txt(end.text)
    }
  }
  return report.text()
}

function totals(cases: readonly Case[]): Readonly<Record<string, string>> {
  const count = (kind: Case['end']['kind']): string =>
    String(cases.filter(({ end }) => end.kind === kind).length)
  return {
    tests: String(cases.length),
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: seconds(cases.reduce((total, one) => total + one.milliseconds, 0)),
  }
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3)
}
