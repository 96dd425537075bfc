/** Exclusive GPUs: which other containers of the run want them, and which ones give them up. */
import type { Refusal } from '../../host/plan.ts'
import { parseAssignment, resolveAssignment } from '../../nvidia/assignment.ts'
import { parseAssignmentNote } from '../../nvidia/assignment-note.ts'
import type { Gpu, NodeGpus } from '../../nvidia/gpus.ts'
import type { Args } from './args.ts'
import type { GpuUser } from './gpu-users.ts'

/** Another container of the run whose assignment names the same GPU, which one of both wants exclusively. */
export interface Rival {
  readonly name: string
  readonly exclusive: boolean
  readonly gpu: Pick<Gpu, 'index' | 'pci'>
}

/** Assignments that cannot be resolved are ignored here: their own containers refuse them. */
export function rivalsOf(
  { exclusive, others }: Args,
  assigned: readonly Gpu[],
  node: NodeGpus,
): readonly Rival[] {
  return others.flatMap(({ name, ctid, assignment, exclusive: theirs }) => {
    if (!exclusive && !theirs) return []
    const parsed = parseAssignment(assignment)
    if ('problem' in parsed) return []
    const note = parseAssignmentNote('')
    const options = { nodeName: '', ctid: String(ctid), note, moved: 'follow' } as const
    const resolved = resolveAssignment(parsed.assignment, node, options)
    if ('problem' in resolved) return []
    const gpu = assigned.find(({ pci }) => resolved.gpus.some((other) => other.pci === pci))
    return gpu === undefined ? [] : [{ name, gpu, exclusive: theirs }]
  })
}

export function assignedTwice(
  { name, gpu, exclusive: theirs }: Rival,
  seen: { readonly node: string; readonly name: string },
  own: boolean,
): Refusal {
  const which = own && theirs ? 'both' : own ? seen.name : name
  return {
    code: 'gpu-assigned-twice',
    message: `the inventory assigns GPU ${gpu.index} of ${seen.node} (${gpu.pci}) to ${seen.name} and to ${name}, but lxc_passthrough_exclusive is true for ${which}`,
    hint: 'assign another GPU to one of them, or set lxc_passthrough_exclusive: false',
    exitCode: 2,
  }
}

/** Whether the run takes the GPU from that container: its assignment in the run is another one. */
export function releases(others: Args['others'], { ctid }: GpuUser): boolean {
  return others.some((other) => String(other.ctid) === ctid && other.assignment !== '')
}

/** @param why the container that has the GPU and the one that wants it, as a sentence */
export function keptByOther(why: string): Refusal {
  return {
    code: 'gpu-not-exclusive',
    message: why,
    hint: 'assign another GPU, or run the other container too, with an assignment without this GPU',
  }
}
