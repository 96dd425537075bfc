/** Parses `gpu_assignment` and resolves it to GPUs of a node. */
import { normalAddress } from './cards.ts'
import { describeGpu, type Gpu, type NodeGpus } from './gpus.ts'

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

/** The selected GPUs, in the node's order, without duplicates. */
export function resolveAssignment(assignment: Assignment, node: NodeGpus, nodeName: string): Resolved {
  if (assignment.kind === 'none') return { gpus: [] }
  if (assignment.kind === 'all') {
    if (node.gpus.length > 0) return { gpus: node.gpus }
    return { problem: noSuchGpu('a GPU available for containers', node, nodeName) }
  }
  const found = new Set<Gpu>()
  for (const selector of assignment.selectors) {
    const matching = node.gpus.filter((gpu) => means(selector, gpu))
    const [gpu] = matching
    if (matching.length > 1) return { problem: ambiguous(selector, matching) }
    if (gpu === undefined) return { problem: missing(selector, node, nodeName) }
    found.add(gpu)
  }
  return { gpus: node.gpus.filter((gpu) => found.has(gpu)) }
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
  return gpu.uuid?.toLowerCase().startsWith(selector.uuid) === true
}

function textOf(selector: Selector): string {
  if (selector.kind === 'index') return `GPU ${selector.index}`
  return selector.kind === 'pci' ? `GPU at ${selector.pci}` : `GPU ${selector.uuid.replace(/^gpu/, 'GPU')}`
}

function missing(selector: Selector, node: NodeGpus, nodeName: string): AssignmentProblem {
  const vm = selector.kind === 'pci' ? node.owned.get(selector.pci) : undefined
  if (selector.kind === 'pci' && vm !== undefined)
    return {
      code: 'gpu-owned-by-vm',
      message: `the GPU at ${selector.pci} of ${nodeName} is passed to VM ${vm}`,
      hint: 'remove it from that VM (hostpci), or assign another; ' + available(node),
    }
  return noSuchGpu(textOf(selector), node, nodeName)
}

function noSuchGpu(what: string, node: NodeGpus, nodeName: string): AssignmentProblem {
  return {
    code: 'no-such-gpu',
    message: `${nodeName} has no ${what.replace(/^a /, '')}`,
    hint: available(node),
  }
}

function available({ gpus, owned }: NodeGpus): string {
  const vms = [...owned].map(([pci, vm]) => `${pci} is passed to VM ${vm}`)
  const list = gpus.length === 0 ? 'none is available' : `available: ${gpus.map(describeGpu).join('; ')}`
  return [list, ...vms].join('; ')
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
