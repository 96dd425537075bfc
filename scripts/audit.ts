/**
 * `npm run audit`: reports known vulnerabilities of high severity in the packages that are part of gpuplay.
 * They are development dependencies, so all of these count. If the registry does not answer, it prints the
 * reason and succeeds.
 */
import { spawnSync } from 'node:child_process'

interface Report {
  readonly auditReportVersion?: number
  readonly message?: string
}

function main(): number {
  const { stdout, stderr } = spawnSync('npm', ['audit', '--audit-level=high', '--json'], { encoding: 'utf8' })
  const report = parsed(stdout)
  if (report?.auditReportVersion === undefined) {
    const reason = report?.message ?? stderr.trim().split('\n').at(-1) ?? 'npm printed nothing'
    process.stdout.write(`NOT AUDITED: the registry did not answer: ${reason}\n`)
    return 0
  }
  // A second call for the readable summary, which the JSON lacks.
  return spawnSync('npm', ['audit', '--audit-level=high'], { stdio: 'inherit' }).status ?? 1
}

function parsed(text: string): Report | undefined {
  try {
    const report: Report = JSON.parse(text)
    return report
  } catch {
    return undefined
  }
}

process.exitCode = main()
