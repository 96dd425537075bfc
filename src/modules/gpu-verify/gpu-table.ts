/** Rows of the final table, from the status of a node or a container. Pure. */
import type { Problem } from '../../base/errors.ts'
import { defined } from '../../base/defined.ts'
import type { Finding } from '../../host/plan.ts'
import type { SummaryRow } from '../module.ts'
import type { GpuStatus } from './gpu-status.ts'

/** The words of the table for the state of a row. */
export const stateWords: Readonly<Record<GpuStatus['state'], string>> = {
  ok: 'ok',
  'no-module': 'NO MODULE',
  'reboot-pending': 'REBOOT PENDING',
  'key-pending': 'KEY PENDING',
  'held-back': 'HELD BACK',
  drift: 'DRIFT',
  'old-user-space': 'OLD USER SPACE',
  pending: 'PENDING',
  unmanaged: 'UNMANAGED',
  stopped: 'STOPPED',
  template: 'TEMPLATE',
  unreachable: 'UNREACHABLE',
  problem: 'PROBLEM',
}

const columns = ['NODE/CT', 'WANTED', 'LOADED', 'USER', 'CUDA', 'GPUS', 'UUID', 'STATE']
export const none = '-'

export interface GpuRow {
  readonly status: GpuStatus
  /** The cells of the columns from WANTED to UUID. */
  readonly cells: readonly [string, string, string, string, string, string]
  readonly severity: SummaryRow['state']
  readonly findings: readonly Finding[]
  /** What `ok` means here. */
  readonly note?: string | undefined
}

export function rowOf({ status, cells, severity, findings, note }: GpuRow): SummaryRow {
  const { host, node, ctid, state, detail } = status
  const name = host === null ? `(CT ${ctid ?? ''})` : ctid === null ? host : `${host} ${ctid}`
  return {
    table: 'GPUs',
    columns,
    // A narrow terminal has no place for all of them, and JSON has them.
    dispensable: ['UUID', 'CUDA', 'USER', 'WANTED', 'GPUS'],
    cells: [name, ...cells, detail === '' ? stateWords[state] : `${stateWords[state]} ${detail}`],
    // Lists containers below their node, in the order of their IDs.
    order: node === null ? (host ?? '') : `${node} ${(ctid ?? '').padStart(10, '0')}`,
    ...defined({ indent: node === null ? undefined : 1 }),
    state: severity,
    ...defined({ note }),
    ...defined({ findings: findings.length === 0 ? undefined : findings }),
    data: status,
  }
}

/** The place of a host as the inventory declares it; null for a node. */
export interface GpuPlace {
  readonly host: string
  readonly node: string | null
  readonly ctid: string | null
}

/** The row of a host that did not answer, or whose answers could not be read. */
export function unansweredRow(
  place: GpuPlace,
  state: 'unreachable' | 'problem',
  { message, hint }: Pick<Problem, 'message' | 'hint'>,
): SummaryRow {
  const ofContainer = place.node === null ? none : ''
  return rowOf({
    status: { ...nothingKnown, ...place, state, detail: state === 'problem' ? message : '' },
    cells: [ofContainer, none, none, none, none, none],
    severity: 'problem',
    findings: [
      state === 'unreachable'
        ? { message: `${place.host} cannot be reached`, cause: message, ...defined({ fix: hint }) }
        : { message, ...defined({ fix: hint }) },
    ],
  })
}

export const nothingKnown = {
  wanted: null,
  loaded: null,
  userspace: null,
  cuda: null,
  assigned: null,
  visible: [],
  gpus_of_vms: 0,
  gpus_excluded: 0,
} satisfies Partial<GpuStatus>

/** The first finding in the words of the state; the findings themselves follow elsewhere. */
export function firstOf([first, ...others]: readonly Finding[]): string {
  return `${first?.message ?? ''}${others.length === 0 ? '' : `, and ${others.length} more`}`
}
