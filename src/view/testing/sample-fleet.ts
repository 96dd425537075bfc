/** The events of a run over a fleet, for tests and pictures of reports: always the same for one size. */
import { exitCodes } from '../../base/errors.ts'
import type { Counts, Event, EventBody, Outcome, TaskRef } from '../../events/events.ts'
import { noCounts } from '../../events/events.ts'
import { nothingKnown, rowOf } from '../../modules/gpu-verify/gpu-table.ts'
import type { SummaryRow } from '../../modules/module.ts'
import { finished, playStarted, taskFinished, taskRef } from './sample-events.ts'

export interface FleetSize {
  readonly nodes: number
  /** Of each node. */
  readonly containers: number
  /** Of each of the two plays. */
  readonly tasks: number
}

interface Timed {
  readonly milliseconds: number
  readonly body: EventBody
}

const driver = '590.48.01'

/** Runs over at least this many nodes cannot reach their last container. */
const lostFrom = 10

/**
 * Containers start when their node has finished. The last task of the last node fails. Every node whose driver
 * is not the wanted one has a warning.
 */
export function fleetRun({ nodes, containers, tasks }: FleetSize): readonly Event[] {
  const names = numbers(nodes).map((node) => `pve${two(node)}`)
  const guestsOf = (node: number): readonly string[] =>
    numbers(containers).map((guest) => `gpu-ct-${two(node)}-${two(guest)}`)
  const guests = numbers(nodes).flatMap(guestsOf)
  const ofNodes = numbers(tasks).map((task) => named('nvidia_driver', task))
  const ofGuests = numbers(tasks).map((task) => named('lxc_passthrough', task))
  const timed: Timed[] = [
    { milliseconds: 1, body: playStarted('Nodes', names, ofNodes) },
    ...(guests.length === 0 ? [] : [{ milliseconds: 1, body: playStarted('Containers', guests, ofGuests) }]),
  ]
  for (const [index, name] of names.entries()) {
    const last = index === nodes - 1
    const end = play(timed, { host: name, tasks: ofNodes, from: 0, seed: index, full: last })
    if (isDrifted(index + 1)) {
      const message = 'the driver that is loaded is not the wanted one; a reboot loads it'
      timed.push({ milliseconds: end, body: { type: 'warning', host: name, message } })
    }
    for (const [guest, host] of guestsOf(index + 1).entries()) {
      timed.push({ milliseconds: 5, body: { type: 'host.waiting', host, why: `waiting for ${name}` } })
      if (nodes >= lostFrom && last && guest === containers - 1) {
        const problem = { code: 'unreachable', message: `${host} has no network address` }
        timed.push({ milliseconds: end, body: { type: 'host.unreachable', host, problem } })
        continue
      }
      play(timed, { host, tasks: ofGuests, from: end, seed: index * 31 + guest, full: false })
    }
  }
  timed.sort((one, other) => one.milliseconds - other.milliseconds)
  const end = timed.at(-1)?.milliseconds ?? 0
  const failed = names.at(-1) ?? ''
  const last = finished({
    hosts: Object.fromEntries([...names, ...guests].map((host) => [host, countsOf(timed, host)])),
    milliseconds: end,
    exitCode: exitCodes.task,
    failures: [{ host: failed, exitCode: exitCodes.task, message: 'no space left on device' }],
    rows: numbers(nodes).flatMap((node) => rowsOf(node, guestsOf(node))),
  })
  const first: EventBody = {
    type: 'run.started',
    playbooks: ['playbooks/site.yml'],
    command: 'gpuplay run playbooks/site.yml -i inventory/mine',
    check: false,
    hosts: [...names, ...guests],
    containers: Object.fromEntries(
      numbers(nodes).flatMap((node) =>
        guestsOf(node).map((host, guest) => [
          host,
          { node: `pve${two(node)}`, ctid: String(100 * node + guest) },
        ]),
      ),
    ),
    version: '1.2.3',
  }
  return [{ milliseconds: 0, body: first }, ...timed, { milliseconds: end, body: last }].map(
    ({ milliseconds, body }, index): Event => ({
      v: 1,
      run: '20260102T030405Z-0a0b0c',
      seq: index + 1,
      time: new Date(Date.UTC(2026, 0, 2, 3, 4, 5) + milliseconds).toISOString(),
      ...body,
    }),
  )
}

function countsOf(timed: readonly Timed[], host: string): Counts {
  const counts = { ...noCounts }
  for (const { body } of timed) {
    if (!('host' in body) || body.host !== host) continue
    if (body.type === 'task.finished') counts[body.outcome] += 1
    if (body.type === 'host.unreachable') counts.unreachable += 1
  }
  return counts
}

function installerLog(host: string, task: TaskRef): EventBody {
  const text = 'Using built-in stream user interface\n-> Detected 16 CPUs online\n-> Installing the driver\n'
  return { type: 'program.log', host, task, on: host, path: '/var/log/nvidia-installer.log', text }
}

interface OneHost {
  readonly host: string
  readonly tasks: readonly TaskRef[]
  /** When it starts, in milliseconds. */
  readonly from: number
  readonly seed: number
  /** Its last task fails. */
  readonly full: boolean
}

/** Returns when the host has finished. */
function play(timed: Timed[], { host, tasks, from, seed, full }: OneHost): number {
  let time = from + 20
  for (const [index, task] of tasks.entries()) {
    timed.push({ milliseconds: time, body: { type: 'task.started', host, task } })
    const took = 40 + ((seed * 7919 + index * 104_729) % 900) * (index % 9 === 4 ? 20 : 1)
    time += took
    const outcome: Outcome =
      full && index === tasks.length - 1
        ? 'failed'
        : index % 9 === 4
          ? 'changed'
          : index % 5 === 2
            ? 'skipped'
            : 'ok'
    if (outcome === 'changed') timed.push({ milliseconds: time, body: installerLog(host, task) })
    timed.push({ milliseconds: time, body: ending(host, task, { outcome, took }) })
    time += 5
  }
  return time
}

function ending(
  host: string,
  task: TaskRef,
  { outcome, took }: { readonly outcome: Outcome; readonly took: number },
): EventBody {
  const milliseconds = took
  if (outcome === 'failed') {
    const problem = { code: 'no-space', message: 'no space left on device', hint: 'remove files below /var' }
    const program = { rc: 1, stdout: 'Unpacking ...\n', stderr: 'write error: No space left on device\n' }
    return taskFinished(host, task, outcome, { milliseconds, detail: { problem, program } })
  }
  if (outcome === 'skipped')
    return taskFinished(host, task, outcome, {
      milliseconds,
      detail: { why: 'nvidia_driver_install is false' },
    })
  if (outcome === 'ok') return taskFinished(host, task, outcome, { milliseconds })
  const title = '/etc/modprobe.d/nvidia.conf'
  const diffs = [{ title, before: 'options nvidia a=1\n', after: `options nvidia a=1\n# ${task.name}\n` }]
  return taskFinished(host, task, outcome, { milliseconds, detail: { actions: [`write ${title}`], diffs } })
}

function rowsOf(node: number, guests: readonly string[]): readonly SummaryRow[] {
  const name = `pve${two(node)}`
  const cards = numbers(4).map(
    (card) => `GPU-${two(node)}${two(card)}1b7c-0000-4000-8000-00000000${two(card)}00`,
  )
  const drifted = isDrifted(node)
  const loaded = drifted ? '580.95.05' : driver
  const own = rowOf({
    status: {
      ...nothingKnown,
      host: name,
      node: null,
      ctid: null,
      state: drifted ? 'drift' : 'ok',
      detail: drifted ? `${loaded} -> ${driver}` : '',
      wanted: driver,
      loaded,
      assigned: cards,
      visible: cards,
    },
    cells: [driver, loaded, '-', '-', String(cards.length), cards.join(' ')],
    severity: drifted ? 'problem' : 'ok',
    findings: drifted
      ? [{ message: `${loaded} is loaded, ${driver} is wanted`, fix: 'gpuplay run playbooks/nodes.yml' }]
      : [],
  })
  const rows = guests.map((host, guest) => {
    const given = [cards[guest % cards.length] ?? '']
    const blind = drifted && guest === 0
    const state = blind ? 'drift' : 'ok'
    const visible = blind ? [] : given
    return rowOf({
      status: {
        ...nothingKnown,
        host,
        node: name,
        ctid: String(100 * node + guest),
        state,
        detail: blind ? 'sees no GPU' : '',
        userspace: loaded,
        cuda: '13.0',
        assigned: given,
        visible,
      },
      cells: ['', '-', loaded, '13.0', String(visible.length), visible.join(' ')],
      severity: blind ? 'problem' : 'ok',
      findings: blind
        ? [{ message: `${host} sees none of its 1 GPU`, cause: 'dev0 is missing', fix: 'restart it' }]
        : [],
    })
  })
  return [own, ...rows]
}

/** Every fourth node has another driver than the inventory wants. */
function isDrifted(node: number): boolean {
  return node % 4 === 0
}

const words = [
  'Read the facts',
  'Install packages',
  'Write the settings',
  'Check the driver',
  'Verify',
] as const

function named(role: string, task: number): TaskRef {
  const name = `${role} : ${words[task % words.length] ?? ''} ${task}`
  return taskRef(name, { where: `roles/${role}/tasks/main.yml:${task * 7}` })
}

/** From 1. */
function numbers(count: number): readonly number[] {
  return [...Array(count).keys()].map((index) => index + 1)
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
