import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gpuHost } from '../../nvidia/testing/gpu-host.ts'
import type { Args } from './args.ts'
import { readPrevious } from './runfiles.ts'

test('the way back leads to the loaded driver, not to one that was installed but never loaded', async () => {
  const [loaded, installed] = ['570.207', '575.64.03']
  const path = (version: string): string => `/var/cache/gpuplay/NVIDIA-Linux-x86_64-${version}.run`
  const version = '580.95.05'
  const args: Pick<Args, 'version' | 'runfile'> = { version, runfile: path(version) }
  const files = Object.fromEntries([loaded, installed].map((each) => [`${path(each)}.sha256`, '']))
  const before = (now: { installed?: string; loaded?: string }): ReturnType<typeof readPrevious> =>
    readPrevious(args, { installed: undefined, loaded: undefined, ...now }, gpuHost({ files }))
  assert.equal((await before({ installed, loaded }))?.version, loaded)
  assert.equal((await before({ installed }))?.version, installed)
  assert.equal((await before({ installed: version, loaded }))?.version, loaded)
  assert.equal(await before({ installed: version, loaded: version }), undefined)
})
