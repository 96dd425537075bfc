/** Nodes, their cards and containers, from the rows at the end of a run. */
import { defined } from '../../base/defined.ts'
import { grouped } from '../../base/grouped.ts'
import { type GpuStatus, gpuStatusOf } from '../../modules/gpu-verify/gpu-status.ts'
import type { SummaryRow } from '../../modules/module.ts'
import type { GpuCard, NodeContainer, GpuNode, GpuPart, ReportTable } from './report-data.ts'

interface Known {
  readonly row: SummaryRow
  readonly status: GpuStatus
}

/** Nodes that are not in order, or have such containers, come first. */
export function gpuNodes(rows: readonly SummaryRow[]): readonly GpuNode[] {
  const known = rows.flatMap((row): readonly Known[] => {
    const status = gpuStatusOf(row)
    return status === undefined ? [] : [{ row, status }]
  })
  const nodes = [...grouped(known, ({ status: { node, host } }) => node ?? host ?? '')].map(nodeOf)
  const off = ({ state, containers }: GpuNode): number =>
    [state, ...containers.map((container) => container.state)].every((one) => one === 'ok') ? 1 : 0
  return [...nodes].sort((one, other) => off(one) - off(other))
}

/** @param members A node, which may be missing, and its containers */
function nodeOf(members: readonly Known[]): GpuNode {
  const own = members.find(({ status }) => status.node === null)
  const containers = members.filter(({ status }) => status.node !== null).map(containerOf)
  const name = members[0]?.status.node ?? members[0]?.status.host ?? ''
  const { wanted, loaded, assigned, visible = [], gpus_of_vms = 0, gpus_excluded = 0 } = own?.status ?? {}
  return {
    ...(own === undefined ? { name, state: 'ok', words: '', findings: [] } : partOf(own, name)),
    ...defined({ wanted: wanted ?? undefined, loaded: loaded ?? undefined }),
    ofVms: gpus_of_vms,
    excluded: gpus_excluded,
    cards: cardsOf(new Set([...(assigned ?? []), ...visible]), containers),
    containers,
  }
}

function containerOf(one: Known): NodeContainer {
  const { host, ctid, assigned, visible, state } = one.status
  const given = new Set(assigned ?? [])
  const seen = new Set(visible)
  const answers = state !== 'stopped' && state !== 'template' && state !== 'unreachable'
  return {
    ...partOf(one, host ?? `(CT ${ctid ?? ''})`),
    ctid: ctid ?? '',
    ...defined({ assigned: assigned ?? undefined }),
    visible,
    mismatched:
      answers && assigned !== null
        ? [...new Set([...given, ...seen])].filter((id) => given.has(id) !== seen.has(id))
        : [],
  }
}

function partOf({ row, status: { userspace, cuda } }: Known, name: string): GpuPart {
  return {
    name,
    state: row.state,
    words: row.cells.at(-1) ?? '',
    ...defined({ userspace: userspace ?? undefined, cuda: cuda ?? undefined }),
    findings: row.findings ?? [],
  }
}

function cardsOf(present: ReadonlySet<string>, containers: readonly NodeContainer[]): readonly GpuCard[] {
  const idsOf = ({ assigned, visible }: NodeContainer): readonly string[] => assigned ?? visible
  return [...new Set([...present, ...containers.flatMap(idsOf)])].map((id) => ({
    id,
    present: present.has(id),
    containers: containers.filter((one) => idsOf(one).includes(id)).map(({ name }) => name),
  }))
}

export function tablesOf(rows: readonly SummaryRow[]): readonly ReportTable[] {
  return [...grouped(rows, ({ table }) => table)].map((members) => ({
    name: members[0]?.table ?? '',
    columns: members[0]?.columns ?? [],
    rows: members.map(({ cells, state, indent = 0 }) => ({ cells, state, indent })),
    notes: [...new Set(members.flatMap(({ note }) => note ?? []))],
  }))
}
