/** The programs of a build of the driver's modules: the compiler, and `scripts/sign-file` of the kernel. */
import { compiles } from './kernel-pairs.ts'
import { run, which } from './system.ts'

export interface Compiled {
  readonly status: number
  /** As in make.log. */
  readonly log: string
}

/**
 * Runs `make` of a kernel's headers. It fails without a compiler, or if the driver does not compile for the
 * kernel.
 */
export function compile(driver: string, kernel: string): Compiled {
  if (which('make') === undefined || which('cc') === undefined)
    return { status: 127, log: 'make: not found\n' }
  const made = run('make', ['-C', `/lib/modules/${kernel}/build`, 'modules'])
  const log = made.stdout + made.stderr
  if (made.status !== 0 || compiles(driver, kernel)) return { status: made.status, log }
  return { status: 2, log: `${log}make[2]: *** [scripts/Makefile.build:287: nvidia/nv.o] Error 1\n` }
}

/** Path of `sign-file` in a kernel's headers. */
export function signProgram(kernel: string): string {
  return `/lib/modules/${kernel}/build/scripts/sign-file`
}
