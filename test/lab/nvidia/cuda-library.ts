/** Compiles the stand-in of libcuda (cuda-library.c), the only library of the lab that programs can call. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The same version gives the same bytes. @param version driver version: `580.95.05` */
export function cudaLibrary(version: string): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'gpuplay-libcuda-'))
  try {
    const file = join(directory, 'libcuda.so')
    const options = ['-O1', '-shared', '-fPIC', '-w', '-Wl,-soname,libcuda.so.1,--build-id=none']
    execFileSync('gcc', [
      ...options,
      `-DVERSION="${version}"`,
      '-o',
      file,
      join(import.meta.dirname, 'cuda-library.c'),
    ])
    return readFileSync(file)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
