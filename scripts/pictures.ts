/**
 * `npm run pictures`: takes the pictures of `docs/pictures` with Chromium (Debian's package `chromium`; `CHROMIUM`
 * names another program). They show reports of invented runs, the output of such a run, and the graph of a small
 * playbook.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AnsiUp } from 'ansi_up'
import type { Locator, Page } from 'playwright-core'
import { pageScript } from '../src/base/built.ts'
import { readFlow } from '../src/engine/read-flow.ts'
import { facts } from '../src/host/facts.ts'
import { diskFiles } from '../src/language/read-files.ts'
import { modules } from '../src/modules/catalogue.ts'
import { createColors } from '../src/view/colors.ts'
import { graphSvg } from '../src/view/graph/graph-svg.ts'
import { createPlainView } from '../src/view/plain.ts'
import { reportPage } from '../src/view/report/report-page.ts'
import { type FleetSize, fleetRun } from '../src/view/testing/sample-fleet.ts'
import { sampleReport } from '../src/view/testing/sample-report.ts'
import { type PageBrowser, startBrowser, whyNoBrowser } from '../test/browser.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const pictures = join(root, 'docs/pictures')
/** Bytes. A clone has every picture of every commit. */
const largest = 200_000

const one: FleetSize = { nodes: 1, containers: 0, tasks: 12 }
const few: FleetSize = { nodes: 4, containers: 2, tasks: 12 }
const fleet: FleetSize = { nodes: 20, containers: 9, tasks: 30 }

interface Shot {
  readonly name: string
  readonly run: FleetSize
  readonly theme: 'light' | 'dark'
  /** The part of the page; the top of the page if absent. */
  readonly section?: string
  readonly width?: number
  readonly height?: number
  /** The accessible name of a cell to open. */
  readonly cell?: RegExp
}

/** For the picture of a graph: everything that a graph can have. */
const playbook = `
- name: Nodes
  hosts: nodes
  tasks:
    - { name: Install the web server, apt: { name: nginx }, notify: Restart the server }
    - { name: Write its settings, copy: { content: x, dest: /etc/nginx/nginx.conf }, loop: [1], notify: Restart the server }
  handlers:
    - { name: Restart the server, service: { name: nginx, state: restarted } }
- name: Containers
  hosts: containers
  after: node
  tasks:
    - { name: Read the version, command: { cmd: app --version, reads: true }, register: version }
    - name: Upgrade
      block: [{ name: Install the new version, command: { cmd: app-upgrade }, when: version.stdout != "2" }]
      rescue: [{ name: Return to the old version, command: { cmd: app-rollback } }]
      always: [{ name: Remove the downloads, file: { path: /var/cache/app, state: absent } }]
`

interface Area {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

const shots: readonly Shot[] = [
  { name: 'report-summary', run: few, theme: 'light', height: 760 },
  { name: 'report-dark', run: few, theme: 'dark', height: 900 },
  {
    name: 'report-detail',
    run: few,
    theme: 'light',
    cell: /^nvidia_driver : Read the facts 5, pve01: changed/,
  },
  { name: 'report-matrix', run: fleet, theme: 'light', section: 'tasks' },
  { name: 'report-times', run: few, theme: 'light', section: 'times' },
  { name: 'report-gpus', run: few, theme: 'dark', section: 'gpus' },
  { name: 'report-phone', run: one, theme: 'light', width: 390, height: 844 },
]

async function main(): Promise<void> {
  const reason = whyNoBrowser()
  if (reason !== undefined) throw new Error(reason)
  mkdirSync(pictures, { recursive: true })
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-pictures-'))
  const browser = await startBrowser()
  try {
    const script = pageScript()
    for (const shot of shots) await take(browser, shot, script)
    await takeGraph(browser, folder)
    await takeOutput(browser)
  } finally {
    rmSync(folder, { recursive: true })
    await browser.close()
  }
}

async function take(browser: PageBrowser, shot: Shot, script: string): Promise<void> {
  const { name, run, theme, section, cell, width = 1280, height = 800 } = shot
  const { page, context, complaints } = await browser.open(
    `${name}.html`,
    reportPage(sampleReport(run), script),
    { query: `?theme=${theme}`, viewport: { width, height }, timezoneId: 'UTC', locale: 'en-GB' },
  )
  if (cell !== undefined) {
    await page.getByRole('gridcell', { name: cell }).click()
    await page.getByRole('dialog').locator('summary').first().click()
  }
  if (section !== undefined) await page.evaluate(`document.getElementById('${section}').scrollIntoView()`)
  // An element that is higher than the page: only its beginning.
  const part = section === undefined ? null : await page.locator(`#${section}`).boundingBox()
  const clip = { ...(part ?? { x: 0, y: 0, width, height }) }
  await save(name, page, { ...clip, height: Math.min(clip.height, height - clip.y) })
  await context.close()
  if (complaints.length > 0) throw new Error(`${name}: ${complaints.join('\n')}`)
}

/** The output of a run, as a terminal with colors shows it. */
async function takeOutput(browser: PageBrowser): Promise<void> {
  const texts: string[] = []
  const view = createPlainView({
    write: (text) => texts.push(text),
    colors: createColors({ wanted: 'always', environment: {}, isTerminal: true }),
    verbosity: 0,
    diff: false,
    width: () => 110,
  })
  for (const event of fleetRun({ nodes: 2, containers: 1, tasks: 6 })) view.take(event)
  await view.close()
  const html = `<meta charset="utf-8"><style>
    body { margin: 0; background: #14171a; color: #e6e9ec; }
    pre { margin: 0; padding: 16px; width: max-content; font: 14px/1.4 'DejaVu Sans Mono', monospace; }
  </style><pre>${new AnsiUp().ansi_to_html(texts.join(''))}</pre>`
  const { page, context } = await browser.open('output.html', html)
  await savePart('output', page, page.locator('pre'))
  await context.close()
}

async function takeGraph(browser: PageBrowser, folder: string): Promise<void> {
  const file = join(folder, 'web.yml')
  writeFileSync(file, playbook)
  const plays = readFlow({ playbooks: [file], rolesPaths: [] }, { files: diskFiles, modules, facts })
  const { page, context } = await browser.open('graph.svg', graphSvg(plays))
  await savePart('graph', page, page.locator('svg'))
  await context.close()
}

/** The whole part, however large it is. */
async function savePart(name: string, page: Page, part: Locator): Promise<void> {
  const { width, height } = (await part.boundingBox()) ?? { width: 1, height: 1 }
  await page.setViewportSize({ width: Math.ceil(width), height: Math.ceil(height) })
  await save(name, page, { x: 0, y: 0, width, height })
}

async function save(name: string, page: Page, clip: Area): Promise<void> {
  const path = join(pictures, `${name}.png`)
  await page.screenshot({ path, clip })
  const { size } = statSync(path)
  if (size > largest) throw new Error(`${path} has ${size} bytes, more than ${largest}`)
  process.stdout.write(`${path} ${Math.round(size / 1024)} KiB\n`)
}

await main()
