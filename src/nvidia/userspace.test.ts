import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gpuHost } from './testing/gpu-host.ts'
import { readUserspace, userspaceVersion } from './userspace.ts'

const libraries = '/usr/lib/x86_64-linux-gnu'

test('the version of the libraries of a .run is in the targets of their links', async () => {
  const host = gpuHost({ links: { [`${libraries}/libcuda.so.1`]: 'libcuda.so.580.95.05' } })
  assert.equal(userspaceVersion(await readUserspace(host)), '580.95.05')
})

test("the version of Debian's libraries is found behind its alternatives", async () => {
  const host = gpuHost({
    links: {
      [`${libraries}/libnvidia-ml.so.1`]: '/etc/alternatives/nvidia--libnvidia-ml.so.1-x86_64-linux-gnu',
      [`${libraries}/nvidia/current/libnvidia-ml.so.1`]: 'libnvidia-ml.so.535.261.03',
    },
  })
  assert.equal(userspaceVersion(await readUserspace(host)), '535.261.03')
})
