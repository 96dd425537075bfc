/** Compiles src/nvidia/cuda-probe/cuda-probe.c, and a library to try it with. Needs gcc. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const source = fileURLToPath(new URL('../src/nvidia/cuda-probe/cuda-probe.c', import.meta.url))

/** The functions of the driver API that the program uses. */
const functions = readFileSync(source, 'utf8').match(/(?<=^extern int )cu\w+/gm) ?? []

/** The names and versions of gcc and ld; undefined if there is no gcc for x86-64. */
export function compilers(): string | undefined {
  try {
    const first = (program: string, ...args: readonly string[]): string =>
      execFileSync(program, args, { encoding: 'utf8' }).split('\n', 1)[0] ?? ''
    if (first('gcc', '-dumpmachine') !== 'x86_64-linux-gnu') return undefined
    return `${first('gcc', '--version')}; ${first('ld', '--version')}`
  } catch {
    return undefined
  }
}

/** Small, without a C library of its own, and the same bytes on every machine with the same compiler. */
export function compileProbe(): Buffer {
  return inTemporaryDirectory((directory) => {
    writeFileSync(
      join(directory, 'empty.c'),
      functions.map((name) => `int ${name}(void) { return 0; }\n`).join(''),
    )
    compileLibrary(join(directory, 'empty.c'), join(directory, 'libcuda.so.1'))
    gcc(
      directory,
      ...'-Os -ffreestanding -fno-builtin -fno-stack-protector -fno-asynchronous-unwind-tables -fno-ident'.split(
        ' ',
      ),
      ...'-fcf-protection=none -fno-pie -no-pie -nostdlib'.split(' '),
      '-Wl,-s,-z,norelro,-z,noseparate-code,-z,noexecstack,-z,lazy,--build-id=none,--hash-style=sysv',
      '-o',
      'cuda-probe',
      source,
      'libcuda.so.1',
    )
    return readFileSync(join(directory, 'cuda-probe'))
  })
}

export function compileLibrary(from: string, to: string): void {
  execFileSync('gcc', ['-O1', '-shared', '-fPIC', '-w', '-Wl,-soname,libcuda.so.1', '-o', to, from])
}

/** The form in which a question carries a program. */
export function packed(program: Buffer): string {
  return gzipSync(program, { level: 9 }).toString('base64')
}

function gcc(directory: string, ...args: readonly string[]): void {
  execFileSync('gcc', args, { cwd: directory })
}

function inTemporaryDirectory<T>(use: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'cuda-probe-'))
  try {
    return use(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
