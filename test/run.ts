/**
 * `npm test`: everything that this machine allows, in four phases.
 *
 * unit         beside the code and fast; needs nothing
 * lab          the lab itself: its stand-ins against what the real programs were seen to do
 * conformance  every module on a real host of the lab
 * whole        the whole tool in the lab: real sshd, real LXC, real apt
 *
 * `npm test -- unit` runs one phase; further words choose the files whose path holds one of them: `npm test -- unit holds`. What this machine cannot run is
 * skipped with its reason. The last line counts everything that ran; the exit status is 1 when anything failed.
 */
import { spawnSync } from 'node:child_process'
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
const phases: Readonly<Record<string, string>> = {
  unit: 'src',
  lab: 'test/lab',
  conformance: 'test/conformance',
  whole: 'test/whole',
}

function main(words: readonly string[]): number {
  const [first = '', ...rest] = words
  const chosen = first in phases ? [first] : Object.keys(phases)
  const filter = first in phases ? rest : words
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const phase of chosen) {
    const files = testFiles(phases[phase] ?? '').filter(
      (file) => filter.length === 0 || filter.some((word) => file.includes(word)),
    )
    if (files.length === 0) continue
    print(`\n== ${phase}: ${files.length} files\n`)
    const counts = run(files)
    total.passed += counts.passed
    total.failed += counts.failed
    total.skipped += counts.skipped
  }
  if (total.passed + total.failed === 0) {
    print(`no test ran${filter.length === 0 ? '' : `: no test file's path holds ${filter.join(' or ')}`}\n`)
    return 1
  }
  print(
    `\n${total.passed} passed, ${total.failed} failed${total.skipped === 0 ? '' : `, ${total.skipped} skipped`}\n`,
  )
  return total.failed === 0 ? 0 : 1
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

/** A process that ends without having counted has failed as a whole. */
function run(files: readonly string[]): Counts {
  const directory = mkdtempSync(join(tmpdir(), 'gpuplay-test-'))
  const countsFile = join(directory, 'counts.json')
  try {
    const { status, signal } = spawnSync(
      process.execPath,
      [
        '--import',
        'tsx',
        '--test-reporter=./test/reporter.mjs',
        '--test-reporter-destination=stdout',
        'test/phase.ts',
        ...files,
      ],
      { cwd: root, stdio: 'inherit', env: { ...process.env, GPUPLAY_TEST_COUNTS: countsFile } },
    )
    const counts = readCounts(countsFile)
    if (counts !== undefined && (status === 0) === (counts.failed === 0)) return counts
    print(
      `FAILED: the test process ended with ${signal ?? `status ${status}`} and did not count all its tests\n`,
    )
    return { passed: counts?.passed ?? 0, failed: (counts?.failed ?? 0) + 1, skipped: counts?.skipped ?? 0 }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
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

process.exitCode = main(process.argv.slice(2))
