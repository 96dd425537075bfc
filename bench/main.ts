/**
 * `npm run bench`: measures the cost of gpuplay, the floor and other programs. Starts hosts of the lab,
 * measures all programs in one session and writes a table. Needs root on Debian 12; installs the other
 * programs.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { stateRoot } from '../test/lab/instance.ts'
import { Lab } from '../test/lab/lab.ts'
import { installPackages, whyNoLab } from '../test/lab/machine.ts'
import { PlainHosts } from '../test/lab/plain.ts'
import { LabError, run } from '../test/lab/process.ts'
import { aboutHere } from './about.ts'
import { Book } from './book.ts'
import { type Counted, countRuns } from './counts.ts'
import { measureDistance } from './distance.ts'
import { type Bench, measureFleets } from './fleet.ts'
import { type Options, readOptions, type Section, usage } from './options.ts'
import { pythonLayer } from './python-layer.ts'
import { resultsText } from './results.ts'
import { measurePush, measureSite, siteShape } from './site.ts'
import { measureStartup } from './startup.ts'
import { findTools, repository } from './tools.ts'

const plainName = `bench-${process.pid}`
const labName = `bench-lab-${process.pid}`

async function main(options: Options, signal: AbortSignal): Promise<void> {
  await removeLeftovers()
  await installPackages(join(import.meta.dirname, 'packages.txt'), say)
  await run(['npm', 'run', '--silent', 'build'], { cwd: repository })
  const compiler = join(repository, 'node_modules/typescript/bin/tsc')
  await run([process.execPath, compiler, '-p', join(import.meta.dirname, 'tsconfig.floor.json')])
  const all = await findTools()
  const tools = all.found.filter(({ name }) => options.tools.includes(name))
  const missing = all.missing.filter(({ name }) => options.tools.includes(name))
  for (const { name, why } of missing) say(`${name} is skipped: ${why}`)
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-bench-'))
  const bench: Bench = { book: new Book(say), tools, runs: options.runs, folder, signal }
  try {
    if (options.only.includes('startup')) await measureStartup(bench)
    const counted = await onPlainHosts(bench, options)
    await inLab(bench, options.only)
    const about = await aboutHere(tools, new Date())
    const text = resultsText({ book: bench.book, counted, options, tools, missing, about })
    const style = await resolveConfig(options.out)
    writeFileSync(options.out, await format(text, { ...style, parser: 'markdown' }))
    say(`written: ${options.out}`)
  } finally {
    for (const tool of tools) await tool.afterwards(folder)
    rmSync(folder, { recursive: true, force: true })
  }
}

async function onPlainHosts(bench: Bench, { only, sizes, mostForPeers }: Options): Promise<Counted> {
  const wanted = only.filter((name) => name === 'counts' || name === 'fleet' || name === 'distance')
  if (wanted.length === 0) return new Map()
  const count = wanted.includes('fleet') ? Math.max(...sizes) : 1
  const layers = async (image: readonly string[]): Promise<readonly string[]> => [
    await pythonLayer(image, say),
  ]
  try {
    const plain = await PlainHosts.up({ name: plainName, count, layers, say })
    const counted = wanted.includes('counts') ? await countRuns(bench, plain) : new Map()
    if (wanted.includes('fleet')) await measureFleets(bench, plain, { sizes, mostForPeers })
    if (wanted.includes('distance')) await measureDistance(bench, plain)
    return counted
  } finally {
    await PlainHosts.down(plainName)
  }
}

async function inLab(bench: Bench, only: readonly Section[]): Promise<void> {
  if (!only.includes('site') && !only.includes('push')) return
  try {
    const lab = await Lab.up({ ...siteShape, name: labName, say })
    // The push needs the files of the first run.
    await measureSite(bench, lab)
    if (only.includes('push')) await measurePush(bench, lab)
  } finally {
    await Lab.down(labName)
  }
}

/**
 * Removes the hosts of a bench that was killed: they keep running when the process that started them exits.
 */
async function removeLeftovers(): Promise<void> {
  if (!existsSync(stateRoot)) return
  for (const name of readdirSync(stateRoot)) {
    const pid = /^bench-(?:lab-)?(\d+)$/.exec(name)?.[1]
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await Lab.down(name)
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

const interrupted = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    say('interrupted: removing hosts and temporary files')
    interrupted.abort(new Error('interrupted'))
  })
}
try {
  const options = readOptions(process.argv.slice(2), join(import.meta.dirname, 'results.md'))
  if (options === 'help') process.stderr.write(usage)
  else {
    const reason = whyNoLab()
    if (reason !== undefined)
      throw new LabError(reason, 'Run it as root on Debian 12, on a physical or virtual machine.')
    await main(options, interrupted.signal)
  }
} catch (error) {
  const hint = error instanceof LabError && error.hint !== undefined ? `\n       ${error.hint}` : ''
  say(`bench: ${error instanceof Error ? error.message : String(error)}${hint}`)
  process.exitCode = interrupted.signal.aborted ? 130 : 1
}
