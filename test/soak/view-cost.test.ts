/**
 * What the live view and the record of a run cost, as parts of the processor time of a run on 200 hosts. The
 * hosts are in memory and answer at once, so that a real run costs more and these parts are smaller there.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createRunLog } from '../../src/cli/run-log.ts'
import { plainEvents } from '../../src/cli/show.ts'
import type { Event } from '../../src/events/events.ts'
import { createColors } from '../../src/view/colors.ts'
import { createTerminalView } from '../../src/view/terminal.ts'
import { runFleet } from './simulation/fleet-run.ts'

const hosts = 200
const tasks = 60

/** Parts of the processor time of the run. */
const most = { view: 0.05, record: 0.02 }

/** Frames of the live view in a second. */
const frames = 10

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

/** Seconds for all events and for the frames of a run that is as long as its processor time. */
async function costOfView(events: readonly Event[], run: number): Promise<number> {
  let draws = 0
  let written = 0
  const view = plainEvents(
    createTerminalView({
      write: (text) => void (written += text.length),
      size: () => ({ columns: 200, rows: 50 }),
      colors: createColors({ wanted: 'always', environment: {}, isTerminal: true }),
      verbosity: 0,
      diff: false,
      clock: () => (draws += 1),
    }),
  )
  const before = process.cpuUsage()
  const half = Math.floor(events.length / 2)
  for (const event of events.slice(0, half)) view.take(event)
  const taken = seconds(process.cpuUsage(before)) * 2
  const calls = draws
  const idle = process.cpuUsage()
  await new Promise((resolve) => setTimeout(resolve, 2000))
  const drawn = draws - calls
  const frame = seconds(process.cpuUsage(idle)) / drawn
  assert.ok(drawn <= 2 * frames + 2, `${drawn} frames in 2 s`)
  for (const event of events.slice(half)) view.take(event)
  await view.close()
  assert.ok(written > 0)
  return taken + frame * frames * run
}

function costOfRecord(events: readonly Event[]): { readonly seconds: number; readonly bytes: number } {
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-record-'))
  try {
    const log = createRunLog({ folders: [folder], keep: 50, now: () => new Date() })
    const before = process.cpuUsage()
    for (const event of events) log.take(event)
    assert.deepEqual(log.close(), [])
    const bytes = statSync(join(folder, `${events[0]?.run ?? ''}.jsonl`)).size
    return { seconds: seconds(process.cpuUsage(before)), bytes }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function seconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`
}
