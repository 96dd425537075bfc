/** Parses `gpu_assignment` and resolves it to GPUs of a node. */
import { normalAddress } from './cards.ts'
import type { AssignmentNote } from './assignment-note.ts'
import { describeGpu, type Gpu, type NodeGpus, type WithheldGpu } from './gpus.ts'
import { howToRelease, whyWithheld } from './withheld.ts'

export type Selector =
  | { readonly kind: 'index'; readonly index: number }
  /** In full, or a unique prefix of at least eight digits. */
  | { readonly kind: 'uuid'; readonly uuid: string }
  | { readonly kind: 'pci'; readonly pci: string }

export type Assignment =
  | { readonly kind: 'none' }
  | { readonly kind: 'all' }
  | { readonly kind: 'gpus'; readonly selectors: readonly Selector[] }

export interface AssignmentProblem {
  readonly code: string
  readonly message: string
  readonly hint: string
}

export type Parsed = { readonly assignment: Assignment } | { readonly problem: AssignmentProblem }
export type Resolved = { readonly gpus: readonly Gpu[] } | { readonly problem: AssignmentProblem }

/** Reads "0", "0,1", 0, [0, 1], `all`, `none`, UUIDs and PCI addresses, alone or in a list. */
export function parseAssignment(value: unknown): Parsed {
  const words = (Array.isArray(value) ? value : [value])
    .flatMap((item) =>
      typeof item === 'string' || typeof item === 'number' ? String(item).split(',') : [''],
    )
    .map((word) => word.trim())
  const [only] = words
  if (words.length === 1 && only === 'none') return { assignment: { kind: 'none' } }
  if (words.length === 1 && only === 'all') return { assignment: { kind: 'all' } }
  const selectors: Selector[] = []
  for (const word of words) {
    if (word.startsWith('MIG-')) return { problem: migProblem(word) }
    const selector = parseSelector(word)
    if (selector === undefined) return { problem: notUnderstood(word) }
    selectors.push(selector)
  }
  return { assignment: { kind: 'gpus', selectors } }
}

export interface ResolveOptions {
  readonly nodeName: string
  readonly ctid: string
  /** What the node recorded when the container was configured. */
  readonly note: AssignmentNote
  /** If an index means another GPU than recorded: `refuse`, or give the container that other GPU. */
  readonly moved: 'refuse' | 'follow'
}

/** What is known without a driver: only the driver reports UUIDs. */
export function withoutUuids(assignment: Assignment): Assignment {
  if (assignment.kind !== 'gpus') return assignment
  return { kind: 'gpus', selectors: assignment.selectors.filter(({ kind }) => kind !== 'uuid') }
}

/** The selected GPUs, in the node's order, without duplicates. */
export function resolveAssignment(assignment: Assignment, node: NodeGpus, options: ResolveOptions): Resolved {
  if (assignment.kind === 'none') return { gpus: [] }
  if (assignment.kind === 'all') {
    if (node.gpus.length > 0) return { gpus: node.gpus }
    return { problem: noSuchGpu('a GPU available for containers', node, options.nodeName) }
  }
  const found = new Set<Gpu>()
  for (const selector of assignment.selectors) {
    const moved = movedIndex(selector, node, options)
    if (moved) return { problem: moved }
    const matching = node.gpus.filter((gpu) => means(selector, gpu))
    const [gpu] = matching
    if (matching.length > 1) return { problem: ambiguous(selector, matching) }
    if (gpu === undefined) return { problem: missing(selector, node, options) }
    found.add(gpu)
  }
  return { gpus: node.gpus.filter((gpu) => found.has(gpu)) }
}

/** GPUs that the container had and cannot have any longer, as sentences. `all` follows the node. */
export function lostFromAll(
  assignment: Assignment,
  node: NodeGpus,
  options: ResolveOptions,
): readonly string[] {
  if (assignment.kind !== 'all') return []
  return node.withheld
    .filter(({ pci }) => options.note.gpus.some((gpu) => gpu.pci === pci))
    .map(
      ({ pci, withheld }) =>
        `container ${options.ctid} loses the GPU at ${pci} of ${options.nodeName}: it ${whyWithheld(withheld)}`,
    )
}

function movedIndex(
  selector: Selector,
  node: NodeGpus,
  { note, moved, nodeName, ctid }: ResolveOptions,
): AssignmentProblem | undefined {
  if (selector.kind !== 'index' || moved === 'follow') return undefined
  const before = note.indexes.get(selector.index)
  const all: readonly (Gpu | WithheldGpu)[] = [...node.gpus, ...node.withheld]
  const now = all.find(({ index }) => index === selector.index)
  if (before === undefined || now === undefined || before === now.pci) return undefined
  const why = 'withheld' in now ? `, which ${whyWithheld(now.withheld)}` : ''
  return {
    code: 'gpu-index-moved',
    message: `GPU ${selector.index} of ${nodeName} is now ${now.pci}${why}, but was ${before} when container ${ctid} was configured`,
    hint: `assign the GPU by its UUID or PCI address; lxc_passthrough_moved: follow gives the container the GPU that has the index now`,
  }
}

function parseSelector(word: string): Selector | undefined {
  if (/^\d{1,3}$/.test(word)) return { kind: 'index', index: Number(word) }
  if (/^GPU-[0-9a-f]{8}[0-9a-f-]{0,28}$/i.test(word)) return { kind: 'uuid', uuid: word.toLowerCase() }
  if (/^([0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}(\.\d)?$/i.test(word))
    return { kind: 'pci', pci: normalAddress(word.replace(/^0000(?=[0-9a-f]{4}:)/i, '')) }
  return undefined
}

function means(selector: Selector, gpu: Gpu): boolean {
  if (selector.kind === 'index') return gpu.index === selector.index
  if (selector.kind === 'pci') return gpu.pci === selector.pci
  return hasUuid(gpu.uuid, selector.uuid)
}

function hasUuid(uuid: string | undefined, start: string): boolean {
  return uuid?.toLowerCase().startsWith(start) === true
}

function textOf(selector: Selector): string {
  if (selector.kind === 'index') return `GPU ${selector.index}`
  return selector.kind === 'pci' ? `GPU at ${selector.pci}` : `GPU ${selector.uuid.replace(/^gpu/, 'GPU')}`
}

function missing(selector: Selector, node: NodeGpus, { nodeName, note }: ResolveOptions): AssignmentProblem {
  // The driver shows no UUID of a card that vfio-pci has; the note may know it.
  const noted = note.gpus.find(({ uuid }) => selector.kind === 'uuid' && hasUuid(uuid, selector.uuid))
  const gpu = node.withheld.find((card) => means(selector, card) || card.pci === noted?.pci)
  if (gpu === undefined) return noSuchGpu(textOf(selector), node, nodeName)
  const name =
    selector.kind === 'pci'
      ? `${textOf(selector)} of ${nodeName}`
      : `${textOf(selector)} of ${nodeName} (${gpu.pci})`
  return {
    code: withheldCodes[gpu.withheld.kind],
    message: `${selector.kind === 'pci' ? 'the ' : ''}${name} ${whyWithheld(gpu.withheld)}`,
    hint: `${howToRelease(gpu.withheld)}, or assign another; ${available(node)}`,
  }
}

const withheldCodes = {
  vm: 'gpu-owned-by-vm',
  excluded: 'gpu-excluded',
  vfio: 'gpu-not-available',
  ignored: 'gpu-not-available',
  undriven: 'gpu-not-available',
} as const

function noSuchGpu(what: string, node: NodeGpus, nodeName: string): AssignmentProblem {
  return {
    code: 'no-such-gpu',
    message: `${nodeName} has no ${what.replace(/^a /, '')}`,
    hint: available(node),
  }
}

function available({ gpus, withheld }: NodeGpus): string {
  const others = withheld.map((gpu) => `${gpu.index} (${gpu.pci}) ${whyWithheld(gpu.withheld)}`)
  const list = gpus.length === 0 ? 'none is available' : `available: ${gpus.map(describeGpu).join('; ')}`
  return [list, ...others].join('; ')
}

function ambiguous(selector: Selector, matching: readonly Gpu[]): AssignmentProblem {
  return {
    code: 'ambiguous-gpu',
    message: `${textOf(selector)} is ambiguous: ${matching.map(describeGpu).join('; ')}`,
    hint: 'give more digits of the UUID',
  }
}

function migProblem(word: string): AssignmentProblem {
  return {
    code: 'mig-not-yet',
    message: `gpu_assignment names MIG instance ${word}: MIG instances are not supported`,
    hint: 'assign the whole GPU by its index, UUID or PCI address',
  }
}

function notUnderstood(word: string): AssignmentProblem {
  return {
    code: 'bad-gpu-assignment',
    message: `gpu_assignment: ${JSON.stringify(word)} is not a GPU`,
    hint: 'write an index ("0"), several ("0,1"), all, none, a UUID (GPU-...) or a PCI address (0000:01:00.0)',
  }
}
