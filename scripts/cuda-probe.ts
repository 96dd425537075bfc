/**
 * `npm run cuda-probe`: compiles src/nvidia/cuda-probe/cuda-probe.c with gcc and writes the program into src/nvidia/cuda-probe/probe-program.ts.
 * The result depends on the versions of gcc and binutils, so their names are written beside it.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { compileProbe, compilers, packed } from '../test/cuda-probe.ts'

const file = fileURLToPath(new URL('../src/nvidia/cuda-probe/probe-program.ts', import.meta.url))
const text = `/** Written by \`npm run cuda-probe\` from cuda-probe.c; do not edit. */

/** The compiler and the linker that made the program. */
export const madeWith = ${JSON.stringify(compilers())}

/** The program for Linux on x86-64: base64 of its gzipped bytes. */
export const cudaProbe =
  '${packed(compileProbe())}'
`
writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }))
