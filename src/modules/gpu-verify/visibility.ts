/** Compares the assigned GPUs with those that a program shows. Pure. */
import type { Gpu } from '../../nvidia/gpus.ts'
import type { VisibleGpu } from '../../nvidia/smi.ts'

/** `+`: visible, but not assigned; `-`: assigned, but not visible. */
export function visibility(
  gpus: readonly Gpu[],
  visible: readonly VisibleGpu[],
): { readonly missing: readonly Gpu[]; readonly extra: readonly VisibleGpu[] } {
  const same = (gpu: Gpu, shown: VisibleGpu): boolean =>
    gpu.uuid === undefined ? gpu.pci === shown.pci : gpu.uuid === shown.uuid
  return {
    missing: gpus.filter((gpu) => !visible.some((shown) => same(gpu, shown))),
    extra: visible.filter((shown) => !gpus.some((gpu) => same(gpu, shown))),
  }
}
