/**
 * What the live view and the record of a run cost, as parts of the processor time of a run on 200 hosts. The
 * hosts are in memory, and a run takes about as much processor time as one over SSH.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createRunLog } from '../../src/cli/run-log.ts'
import { plainEvents } from '../../src/cli/show.ts'
import type { Event } from '../../src/events/events.ts'
import { createColors } from '../../src/view/colors.ts'
import { createTerminalView } from '../../src/view/terminal.ts'
import { runFleet } from '../soak/simulation/fleet-run.ts'

const hosts = 200
const tasks = 15

/** Parts of the processor time of the run. */
const most = { view: 0.05, record: 0.02 }

/** Redraws of the live view in a second. */
const redraws = 5

test(`the live view and the record of a run on ${hosts} hosts cost little`, async (context) => {
  const before = process.cpuUsage()
  const events: Event[] = []
  const exitCode = await runFleet(hosts, tasks, (event) => events.push(event))
  const run = seconds(process.cpuUsage(before))
  assert.equal(exitCode, 0)
  assert.ok(events.length > 2 * hosts * tasks)
  const view = await costOfView(events, run)
  const record = costOfRecord(events)
  context.diagnostic(
    `run ${run.toFixed(2)} s, view ${percent(view / run)}, record ${percent(record.seconds / run)} (${Math.round(record.bytes / 1024)} KiB)`,
  )
  assert.ok(view < most.view * run, `the view takes ${percent(view / run)}`)
  assert.ok(record.seconds < most.record * run, `the record takes ${percent(record.seconds / run)}`)
})

/** Seconds for all events and for the redraws of a run that is as long as its processor time. */
async function costOfView(events: readonly Event[], run: number): Promise<number> {
  let writes = 0
  const view = plainEvents(
    createTerminalView({
      write: () => void (writes += 1),
      size: () => ({ columns: 200, rows: 50 }),
      colors: createColors({ wanted: 'always', environment: {}, isTerminal: true }),
      verbosity: 0,
      diff: false,
      clock: () => performance.now(),
    }),
  )
  const before = process.cpuUsage()
  const half = Math.floor(events.length / 2)
  for (const event of events.slice(0, half)) view.take(event)
  const taken = seconds(process.cpuUsage(before)) * 2
  // The first redraws load the packages of the view.
  await delay(2000)
  const calls = writes
  const idle = process.cpuUsage()
  // Each event asks for a new redraw.
  const [begun] = events
  const news = { type: 'handler.notified', host: 'gpu001', handler: 'x' } as const
  const asking = setInterval(() => begun && view.take({ ...begun, ...news }), 20)
  await delay(3000)
  clearInterval(asking)
  const drawn = writes - calls
  const redraw = seconds(process.cpuUsage(idle)) / drawn
  assert.ok(drawn <= 3 * redraws + 2, `${drawn} redraws in 3 s`)
  for (const event of events.slice(half)) view.take(event)
  await view.close()
  return taken + redraw * redraws * run
}

function costOfRecord(events: readonly Event[]): { readonly seconds: number; readonly bytes: number } {
  const scratch = mkdtempSync(join(tmpdir(), 'gpuplay-record-'))
  // The record puts a .gitignore beside its folder.
  const folder = join(scratch, 'runs')
  try {
    const log = createRunLog({ folders: [folder], keep: 50, now: () => new Date() })
    const before = process.cpuUsage()
    for (const event of events) log.take(event)
    assert.deepEqual(log.close(), [])
    const bytes = statSync(join(folder, `${events[0]?.run ?? ''}.jsonl`)).size
    return { seconds: seconds(process.cpuUsage(before)), bytes }
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

function seconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`
}
