import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { compileLibrary, compilers, compileProbe } from '../../test/cuda-probe.ts'
import { type Computing, parseProbe } from './cuda-probe.ts'
import { cudaProbe, madeWith } from './cuda-probe/probe-program.ts'

const here = compilers()
const gcc = here === undefined ? 'needs gcc on x86-64' : false
const shipped = gunzipSync(Buffer.from(cudaProbe, 'base64'))
const directory = mkdtempSync(join(tmpdir(), 'cuda-probe-test-'))
after(() => {
  rmSync(directory, { recursive: true, force: true })
})

test(
  'the shipped program is the one that its source compiles to',
  {
    skip: gcc || (here === madeWith ? false : `was made with ${madeWith}`),
  },
  () => {
    assert.ok(compileProbe().equals(shipped), 'run `npm run cuda-probe`')
  },
)

/** Runs the shipped program with a libcuda of these functions. */
function probed(changes: string): Computing {
  const program = join(directory, 'cuda-probe')
  writeFileSync(program, shipped)
  chmodSync(program, 0o755)
  writeFileSync(join(directory, 'cuda.c'), `${changes}\n${workingCuda}`)
  compileLibrary(join(directory, 'cuda.c'), join(directory, 'libcuda.so.1'))
  const { status, stdout, stderr, error } = spawnSync(program, {
    env: { LD_LIBRARY_PATH: directory },
    encoding: 'utf8',
  })
  if (error) throw error
  return parseProbe({ code: status ?? 137, stdout, stderr })
}

/** Two GPUs whose memory is the program's own. Every value can be replaced with a #define. */
const workingCuda = `
#ifndef INIT
#define INIT 0
#endif
#ifndef COUNT
#define COUNT 2
#endif
#ifndef CONTEXT
#define CONTEXT 0
#endif
#ifndef DOWNLOAD
#define DOWNLOAD memcpy(to, (void *)from, size)
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int cuInit(unsigned flags) { return INIT; }
int cuDeviceGetCount(int *count) { *count = COUNT; return 0; }
int cuDeviceGet(int *device, int ordinal) { *device = ordinal + 7; return 0; }
int cuDeviceGetPCIBusId(char *text, int size, int device) { snprintf(text, size, "0000:%02X:00.0", device == 7 ? 1 : 0xAF); return 0; }
int cuCtxCreate_v2(void **context, unsigned flags, int device) { *context = context; return CONTEXT; }
int cuCtxDestroy_v2(void *context) { return 0; }
int cuMemAlloc_v2(unsigned long *pointer, unsigned long size) { *pointer = (unsigned long)malloc(size); return 0; }
int cuMemFree_v2(unsigned long pointer) { free((void *)pointer); return 0; }
int cuMemcpyHtoD_v2(unsigned long to, const void *from, unsigned long size) { memcpy((void *)to, from, size); return 0; }
int cuMemcpyDtoH_v2(void *to, unsigned long from, unsigned long size) { DOWNLOAD; return 0; }
`

test('the program computes on every GPU, with addresses as the kernel writes them', { skip: gcc }, () => {
  assert.deepEqual(probed(''), {
    kind: 'gpus',
    gpus: [
      { pci: '0000:01:00.0', failure: undefined },
      { pci: '0000:af:00.0', failure: undefined },
    ],
  })
  assert.deepEqual(probed('#define COUNT 0'), { kind: 'gpus', gpus: [] })
})

test('every failure names its step, its code and its cause', { skip: gcc }, () => {
  assert.deepEqual(probed('#define INIT 999'), {
    kind: 'failed',
    failure: {
      step: 'cuInit',
      code: 999,
      meaning: 'CUDA_ERROR_UNKNOWN (999)',
      cause: '/dev/nvidia-uvm is missing, cannot be opened, or has another major number than on the node',
      busy: false,
    },
  })
  const steps = (computing: Computing): readonly unknown[] =>
    computing.kind === 'gpus'
      ? computing.gpus.map(({ failure }) => [failure?.step, failure?.code, failure?.busy])
      : [computing]
  assert.deepEqual(steps(probed('#define CONTEXT (device == 7 ? 802 : 0)')), [
    ['context', 802, false],
    [undefined, undefined, undefined],
  ])
  assert.deepEqual(steps(probed('#define CONTEXT 2')), [
    ['context', 2, true],
    ['context', 2, true],
  ])
  assert.deepEqual(steps(probed('#define DOWNLOAD memset(to, 1, size)')), [
    ['compare', -1, false],
    ['compare', -1, false],
  ])
})

test('a crash of libcuda and a missing libcuda are failures', { skip: gcc }, () => {
  const crashed = probed('#define INIT *(volatile int *)0')
  assert.equal(crashed.kind, 'failed')
  rmSync(join(directory, 'libcuda.so.1'))
  const { status, stderr } = spawnSync(join(directory, 'cuda-probe'), { encoding: 'utf8' })
  if (execFileSync('ldconfig', ['-p'], { encoding: 'utf8' }).includes('libcuda.so.1')) return
  const missing = parseProbe({ code: status ?? 0, stdout: '', stderr })
  assert.ok(missing.kind === 'failed' && missing.failure.meaning === 'libcuda.so.1 is not installed')
})

test('an answer that stops in the middle is a failure, and one without a place to run is none', () => {
  const parse = (code: number, stdout: string, stderr = ''): Computing => parseProbe({ code, stdout, stderr })
  assert.equal(parse(139, 'init 0\ncount 0 2\ngpu 0000:01:00.0 done 0\n').kind, 'failed')
  assert.equal(parse(139, 'init 0\n').kind, 'failed')
  assert.equal(parse(0, '').kind, 'failed')
  assert.deepEqual(parse(126, '', 'no directory of root allows programs\n'), {
    kind: 'unable',
    why: 'no directory of root allows programs',
  })
})
