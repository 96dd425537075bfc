import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOlderThanContainer, rootOf } from './reused-number.ts'

const file = '/var/lib/gpuplay/v1/assignments/101'
const question = isOlderThanContainer({ root: rootOf('101'), file })

function older(...lines: readonly string[]): boolean {
  return question.parse({ code: 0, stdout: lines.map((line) => `${line}\n`).join(''), stderr: '' })
}

test('a file is older than the container if the container was created after its last change', () => {
  assert.equal(older('/var/lib/lxc/101/rootfs 200 90', `${file} 10 100`), true)
  assert.equal(older('/var/lib/lxc/101/rootfs 50 90', `${file} 10 100`), false)
  assert.equal(older('/var/lib/lxc/101/rootfs 100 90', `${file} 10 100`), false)
})

test('a missing file or an unknown birth proves nothing', () => {
  assert.equal(older('/var/lib/lxc/101/rootfs 200 90'), false)
  assert.equal(older(`${file} 10 100`), false)
  for (const birth of ['-', '0'])
    assert.equal(older(`/var/lib/lxc/101/rootfs ${birth} 90`, `${file} 0 0`), false)
})
