/**
 * `npm test`: runs every test that this machine can run in a quarter of an hour. `npm run test:full` runs all.
 *
 * unit         fast tests next to the code, without requirements
 * soak         a small part of `npm run soak`: generated playbooks, simulated runs with faults, and the fuzzer
 * lab          the lab itself: its nodes, containers, mirrors and networks
 * conformance  every module on a host of the lab
 * whole        the whole tool in one lab for each lane: real sshd, LXC and apt
 * alone        the same with a separate lab for each file: other kinds of nodes
 * full         more of these, only with `npm run test:full`: each kind of node and each failure takes minutes.
 *              Also compares the lab's stand-ins with the behaviour of the real programs.
 *
 * The unit tests run first, in three processes; then the other phases in three lanes at the same time.
 *
 * `npm test -- unit` runs one phase. Further words select the files whose path contains one of them:
 * `npm test -- unit holds`. Tests that this machine cannot run are skipped with the reason. The last line has
 * the counts; the exit status is 1 if a test failed.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

const root = fileURLToPath(new URL('..', import.meta.url))
const phases = {
  unit: 'src',
  soak: 'test/soak',
  lab: 'test/lab',
  conformance: 'test/conformance',
  whole: 'test/whole',
  alone: 'test/alone',
  full: 'test/full',
} as const
type Phase = keyof typeof phases
/**
 * The lanes of a step run at the same time; the phases of a lane one after the other. Lanes with the same phase
 * divide its files, so that all end at about the same time (`seconds`).
 */
const steps: readonly (readonly (readonly Phase[])[])[] = [
  // Many unit tests wait for programs, so three processes fit on two cores too.
  [['unit'], ['unit'], ['unit']],
  // Labs wait for a third of their time, so three of them fit on two cores.
  [
    ['soak', 'lab', 'whole'],
    ['alone', 'whole'],
    ['conformance', 'whole'],
  ],
]
/** How long a phase, or a file of a divided phase, took on two cores. Files not named take a few seconds. */
const seconds: Readonly<Record<string, number>> = {
  soak: 60,
  lab: 85,
  alone: 135,
  conformance: 320,
  'test/whole/engine.test.ts': 185,
  'test/whole/roles.test.ts': 150,
  'test/whole/containers.test.ts': 135,
  'test/whole/canary.test.ts': 120,
  'test/whole/pending.test.ts': 45,
  'test/whole/cli.test.ts': 20,
  'test/whole/docs.test.ts': 20,
  'test/whole/mistakes.test.ts': 20,
  'test/whole/report.test.ts': 20,
  'test/full/guide.test.ts': 300,
  'test/full/variables.test.ts': 300,
}
const fullSteps: typeof steps = [...steps, [['full'], ['full']]]

async function main(words: readonly string[]): Promise<number> {
  const [first = '', ...rest] = words.filter((word) => word !== '--full')
  const named = isPhase(first)
  const filter = named ? rest : [first, ...rest].filter((word) => word !== '')
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const lanes of named || words.includes('--full') ? fullSteps : steps) {
    await Promise.all(
      lanes.map(async (lane) => {
        for (const phase of lane) {
          if (named && phase !== first) continue
          const counts = await runPhase(phase, filesOf(phase, lane, lanes, filter))
          total.passed += counts.passed
          total.failed += counts.failed
          total.skipped += counts.skipped
        }
      }),
    )
  }
  if (total.passed + total.failed + total.skipped === 0) {
    print(
      `no test ran${filter.length === 0 ? '' : `: no path of a test file contains ${filter.join(' or ')}`}\n`,
    )
    return 1
  }
  const skipped = total.skipped === 0 ? '' : `, ${total.skipped} skipped`
  print(`\n${total.passed} passed, ${total.failed} failed${skipped}\n`)
  return total.failed === 0 ? 0 : 1
}

function isPhase(word: string): word is Phase {
  return word in phases
}

/**
 * The files of a phase that a lane runs. Each file goes to the lane that is free first, beginning with the
 * files that take longest.
 */
function filesOf(
  phase: Phase,
  lane: readonly Phase[],
  lanes: readonly (readonly Phase[])[],
  filter: readonly string[],
): readonly string[] {
  const sharing = lanes
    .filter((other) => other.includes(phase))
    .map((other) => {
      const before = other.slice(0, other.indexOf(phase))
      return {
        lane: other,
        time: before.reduce((sum, name) => sum + (seconds[name] ?? 0), 0),
        files: new Array<string>(),
      }
    })
  const files = testFiles(phases[phase]).filter(
    (file) => filter.length === 0 || filter.some((word) => file.includes(word)),
  )
  const cost = (file: string): number => seconds[file] ?? 5
  for (const file of files.toSorted((a, b) => cost(b) - cost(a))) {
    const free = sharing.reduce((best, other) => (other.time < best.time ? other : best))
    free.files.push(file)
    free.time += cost(file)
  }
  return sharing.find((other) => other.lane === lane)?.files.toSorted() ?? []
}

/**
 * Runs files of a phase in one process. Prints its output at the end, so that the output of two phases does
 * not mix.
 */
async function runPhase(phase: Phase, files: readonly string[]): Promise<Counts> {
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0 }
  print(`== ${phase}: ${files.length} files\n`)
  const begun = Date.now()
  const directory = mkdtempSync(join(tmpdir(), 'gpuplay-test-'))
  const countsFile = join(directory, 'counts.json')
  try {
    const { ended, output } = await run(files, countsFile)
    print(`\n== ${phase} finished after ${Math.round((Date.now() - begun) / 1000)} s\n${output}`)
    const counts = readCounts(countsFile)
    if (counts !== undefined && (ended === 'status 0') === (counts.failed === 0)) return counts
    // If a process exits without counts, the whole phase has failed.
    print(`FAILED: the process of this phase exited with ${ended} before it had counted all tests\n`)
    return {
      passed: counts?.passed ?? 0,
      failed: (counts?.failed ?? 0) + 1,
      skipped: counts?.skipped ?? 0,
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function testFiles(directory: string): readonly string[] {
  try {
    return readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => join(directory, file))
      .sort()
  } catch {
    return []
  }
}

function run(
  files: readonly string[],
  countsFile: string,
): Promise<{ readonly ended: string; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        '--test-reporter=./test/reporter.mjs',
        '--test-reporter-destination=stdout',
        'test/phase.ts',
        ...files,
      ],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, GPUPLAY_TEST_COUNTS: countsFile },
      },
    )
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.once('error', reject)
    child.once('close', (status, signal) => {
      resolve({ ended: signal ?? `status ${status}`, output: Buffer.concat(chunks).toString('utf8') })
    })
  })
}

function readCounts(file: string): Counts | undefined {
  try {
    const counts: Counts = JSON.parse(readFileSync(file, 'utf8'))
    return counts
  } catch {
    return undefined
  }
}

function print(text: string): void {
  process.stdout.write(text)
}

process.exitCode = await main(process.argv.slice(2))
