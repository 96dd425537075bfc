/** The GPU map: nodes, their cards and containers, who has which card, versions, and what is off. */
import type { GpuCard, NodeContainer, GpuNode, ReportData, ReportTable } from '../report/report-data.ts'
import { type Child, dataTable, element } from './page-elements.ts'
import { findingOf } from './page-detail.ts'
import { counted, shortId } from './page-words.ts'

export function gpusView({ nodes, tables }: ReportData): readonly HTMLElement[] {
  if (tables.length === 0) return [element('p', { class: 'dim' }, 'No task of this run has verified GPUs.')]
  return [element('div', { class: 'nodes' }, ...nodes.map(nodeBox)), ...tables.map(tableOf)]
}

function nodeBox(node: GpuNode): HTMLElement {
  const { name, state, words, cards, containers, ofVms, excluded } = node
  const more = [
    ...(ofVms === 0 ? [] : [`${counted(ofVms, 'GPU')} of VMs`]),
    ...(excluded === 0 ? [] : [`${counted(excluded, 'GPU')} excluded`]),
  ]
  return element(
    'article',
    { class: `node s-${state}`, 'aria-label': `node ${name}` },
    element('h3', {}, name, ' ', element('span', { class: `state s-${state}` }, words)),
    versionsOf(node),
    element('ul', { class: 'cards' }, ...cards.map(cardItem)),
    more.length === 0 ? undefined : element('p', { class: 'dim' }, `${more.join(', ')}, not for containers`),
    ...node.findings.map(findingOf),
    ...containers.map(containerBox),
  )
}

/** A loaded version that is not the wanted one is marked. */
function versionsOf({ wanted, loaded, userspace }: GpuNode): HTMLElement {
  const off = wanted !== undefined && loaded !== undefined && wanted !== loaded
  const entry = (term: string, value: string | undefined, marked = false): readonly Child[] =>
    value === undefined
      ? []
      : [element('dt', {}, term), element('dd', { class: marked ? 'off' : undefined }, value)]
  return element(
    'dl',
    { class: 'versions' },
    ...entry('wanted', wanted),
    ...entry('loaded', loaded, off),
    ...entry(
      'user space',
      userspace,
      loaded !== undefined && userspace !== undefined && loaded !== userspace,
    ),
  )
}

function cardItem({ id, present, containers }: GpuCard): HTMLElement {
  const owners = containers.length === 0 ? 'free' : containers.join(', ')
  return element(
    'li',
    { title: id, class: present ? undefined : 'off' },
    element('code', {}, shortId(id)),
    ` ${present ? '' : 'not on this node; '}${owners}`,
  )
}

function containerBox(container: NodeContainer): HTMLElement {
  const { name, ctid, state, words, userspace, cuda, assigned, visible, mismatched, findings } = container
  const versions = [
    ...(userspace === undefined ? [] : [`user space ${userspace}`]),
    ...(cuda === undefined ? [] : [`CUDA ${cuda}`]),
    assigned === undefined
      ? `${counted(visible.length, 'GPU')} visible, none assigned by the inventory`
      : `${counted(assigned.length, 'GPU')} assigned, ${visible.length} visible`,
  ]
  return element(
    'div',
    { class: `container s-${state}` },
    element(
      'h4',
      {},
      `${name} ${name.startsWith('(CT ') ? '' : `(CT ${ctid})`} `,
      element('span', { class: `state s-${state}` }, words),
    ),
    element('p', {}, versions.join(' \u00b7 ')),
    mismatched.length === 0
      ? undefined
      : element('p', { class: 'off' }, `assigned and visible differ: ${mismatched.map(shortId).join(', ')}`),
    ...findings.map(findingOf),
  )
}

function tableOf({ name, columns, rows, notes }: ReportTable): HTMLElement {
  const cellsOf = rows.map(({ cells, indent }) =>
    cells.map((cell, index) => `${index === 0 ? '\u2003'.repeat(indent) : ''}${cell}`),
  )
  return element(
    'div',
    {},
    element('h3', {}, `Table ${name}`),
    dataTable(columns, cellsOf, {
      caption: `Table ${name}`,
      rowClass: (index) => `s-${rows[index]?.state ?? 'ok'}`,
    }),
    ...notes.map((note) => element('p', { class: 'dim' }, note)),
  )
}
