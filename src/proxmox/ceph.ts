/** The health of a hyper-converged Ceph. */
import type { Host } from '../host/host.ts'
import { question } from '../host/question.ts'

/** Flags that administrators set before they restart a node: Ceph then leaves the data where it is. */
const maintenanceFlags = new Set([
  'noout',
  'norebalance',
  'nobackfill',
  'norecover',
  'noscrub',
  'nodeep-scrub',
])

/** Sentences about the health; empty if it is good, apart from flags set for maintenance. */
export type CephProblems = readonly string[]

export const cephHealth = question({
  words: ['ceph', '--connect-timeout', '10', 'health', '--format', 'json'],
  reads: ['unit:ceph*', 'file:/etc/pve/ceph.conf'],
  parse: ({ stdout, stderr }) =>
    parseHealth(stdout) ?? [firstLine(stderr) ?? firstLine(stdout) ?? 'no answer'],
})

/** Undefined without Ceph. */
export async function readCephProblems(host: Host): Promise<CephProblems | undefined> {
  // In this order: in a dry run, a package may install a missing program.
  if ((await host.stat('/etc/pve/ceph.conf')) === undefined) return undefined
  if ((await host.command('ceph')) === undefined) return undefined
  return host.ask(cephHealth)
}

/**
 * Out of `{"status":"HEALTH_WARN","checks":{"OSDMAP_FLAGS":{"severity":"HEALTH_WARN","summary":{"message":
 * "noout flag(s) set"},"muted":false}}}`. Undefined if it has another form.
 */
export function parseHealth(json: string): CephProblems | undefined {
  const health = parsed(json)
  const status = field(health, 'status')
  if (typeof status !== 'string') return undefined
  if (status === 'HEALTH_OK') return []
  const checks = Object.entries(record(field(health, 'checks')))
  const problems = checks.flatMap(([code, check]) => {
    const message = field(field(check, 'summary'), 'message')
    const text = typeof message === 'string' ? message : code
    const severity = field(check, 'severity')
    if (field(check, 'muted') === true) return []
    if (code === 'OSDMAP_FLAGS' && severity === 'HEALTH_WARN' && isMaintenance(text)) return []
    return [`${typeof severity === 'string' ? severity : status}: ${text}`]
  })
  // A status that no check explains is not good.
  return problems.length === 0 && (checks.length === 0 || status !== 'HEALTH_WARN') ? [status] : problems
}

/** `noout,norebalance flag(s) set` */
function isMaintenance(message: string): boolean {
  const flags = /^(\S+) flag\(s\) set$/.exec(message)?.[1]
  return flags !== undefined && flags.split(',').every((flag) => maintenanceFlags.has(flag))
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function field(value: unknown, name: string): unknown {
  const found = record(value)
  return Object.hasOwn(found, name) ? found[name] : undefined
}

function firstLine(text: string): string | undefined {
  const [line = ''] = text.trim().split('\n')
  return line === '' ? undefined : line
}
