/**
 * `npm run pictures`: makes reports of invented runs with one and with 200 hosts, and takes pictures of them
 * in `docs/pictures` with Chromium (Debian's package `chromium`; `CHROMIUM` names another program). It fails
 * if a page prints a message on the console, or lacks a section.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { pageScript } from '../src/base/built.ts'
import { reportOfRun } from '../src/view/report/report-of-run.ts'
import { reportPage } from '../src/view/report/report-page.ts'
import { type FleetSize, fleetRun } from '../src/view/testing/sample-fleet.ts'

const pictures = fileURLToPath(new URL('../docs/pictures', import.meta.url))
const chromium = process.env['CHROMIUM'] ?? 'chromium'

const runs: Readonly<Record<string, FleetSize>> = {
  'one-host': { nodes: 1, containers: 0, tasks: 30 },
  'few-hosts': { nodes: 2, containers: 3, tasks: 12 },
  fleet: { nodes: 20, containers: 9, tasks: 30 },
}

interface Shot {
  readonly name: string
  readonly run: keyof typeof runs
  readonly query: string
  /** In pixels. */
  readonly size: readonly [width: number, height: number]
}

const shots: readonly Shot[] = [
  { name: 'report-one-host', run: 'one-host', query: '?theme=light', size: [1280, 2400] },
  { name: 'report-light', run: 'few-hosts', query: '?theme=light', size: [1280, 2400] },
  { name: 'report-dark', run: 'few-hosts', query: '?theme=dark', size: [1280, 2400] },
  { name: 'report-phone', run: 'few-hosts', query: '?theme=light', size: [500, 3000] },
  { name: 'report-fleet', run: 'fleet', query: '?theme=light', size: [1600, 4000] },
]

function main(): void {
  mkdirSync(pictures, { recursive: true })
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-pictures-'))
  try {
    const script = pageScript()
    for (const [name, size] of Object.entries(runs))
      writeFileSync(join(folder, `${name}.html`), reportPage(dataOf(size), script))
    for (const { name, run, query, size } of shots) {
      const page = `${pathToFileURL(join(folder, `${run}.html`)).href}${query}`
      const picture = join(pictures, `${name}.png`)
      browse(folder, [`--screenshot=${picture}`, `--window-size=${size.join(',')}`, page])
      say(picture)
    }
    for (const name of Object.keys(runs)) {
      const page = pathToFileURL(join(folder, `${name}.html`)).href
      checkSections(browse(folder, ['--dump-dom', page]), name)
      const pdf = join(pictures, `report-${name}.pdf`)
      browse(folder, [`--print-to-pdf=${pdf}`, '--no-pdf-header-footer', page])
      say(pdf)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function dataOf(size: FleetSize): ReturnType<typeof reportOfRun> {
  const events = fleetRun(size)
  const [started] = events
  if (started?.type !== 'run.started') throw new Error('the run has no start')
  const before = { started, events: events.slice(0, -1) }
  return reportOfRun({ started, events }, before)
}

/** Returns the output. Chromium writes messages of the console to the error output. */
function browse(folder: string, words: readonly string[]): string {
  const options = [
    '--headless=new',
    // Only root needs this, and only this script's own pages are opened.
    '--no-sandbox',
    '--hide-scrollbars',
    '--enable-logging=stderr',
    '--virtual-time-budget=5000',
    `--user-data-dir=${join(folder, 'profile')}`,
  ]
  const { status, stdout, stderr, error } = spawnSync(chromium, [...options, ...words], {
    encoding: 'utf8',
    timeout: 120_000,
    maxBuffer: 256 * 1024 * 1024,
  })
  if (error !== undefined) throw new Error(`cannot run ${chromium}: ${error.message}`)
  if (status !== 0) throw new Error(`${chromium} exited with status ${String(status)}\n${stderr}`)
  const messages = stderr.split('\n').filter((line) => line.includes(':CONSOLE'))
  if (messages.length > 0) throw new Error(`messages on the console:\n${messages.join('\n')}`)
  return stdout
}

function checkSections(dom: string, name: string): void {
  for (const id of ['summary', 'tasks', 'times', 'gpus', 'changes'])
    if (!dom.includes(`<section id="${id}"`)) throw new Error(`${name}: the section ${id} is missing`)
  for (const part of ['role="gridcell"', '<rect class="span', 'class="node '])
    if (!dom.includes(part)) throw new Error(`${name}: nothing is drawn with ${part}`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

main()
