/** The programs that count as users of the NVIDIA devices. */
import { namesIn, textOf } from './system.ts'

/**
 * The number of programs that use the devices of a module. No driver serves the lab's device nodes, so no
 * program can open them; programs with these names count, on the node and in its containers.
 */
export function openers(name: string): number {
  const programs = { nvidia: [daemon, 'gpu-load'], nvidia_uvm: ['gpu-load'] }[name] ?? []
  if (programs.length === 0) return 0
  return programsNamed(...programs).length + programsNamed('nvidia-driver').filter(holdsDevices).length
}

/** `nvidia-persistenced`, as the kernel shortens it. */
export const daemon = 'nvidia-persiste'

/** The processes that run programs of these names. */
export function programsNamed(...names: readonly string[]): readonly string[] {
  return namesIn('/proc').filter(
    (entry) => /^[0-9]+$/.test(entry) && names.includes((textOf(`/proc/${entry}/comm`) ?? '').trim()),
  )
}

/** The helper of the role nvidia_host keeps the device nodes open while an installer runs. */
function holdsDevices(process: string): boolean {
  return (textOf(`/proc/${process}/cmdline`) ?? '').includes('/nvidia-driver\0install\0')
}
