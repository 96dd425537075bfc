/**
 * `npm run audit`: known vulnerabilities of high severity in the packages that gpuplay is built from. What ships is bundled from development
 * dependencies, so all of them count. Where the registry does not answer, the reason is printed and nothing has failed.
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
  // Once more for people: the JSON has no summary.
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
