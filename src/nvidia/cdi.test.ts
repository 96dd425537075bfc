import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CdiState, parseCdiSpec, staleCdi, usesCdi } from './cdi.ts'

/** In the form of nvidia-ctk 1.18. */
const text = `---
cdiVersion: 0.5.0
kind: nvidia.com/gpu
devices:
    - name: "0"
      containerEdits:
        deviceNodes:
            - path: /dev/nvidia1
              hostPath: /dev/nvidia1
    - name: all
      containerEdits:
        deviceNodes:
            - path: /dev/nvidia1
              hostPath: /dev/nvidia1
containerEdits:
    env:
        - NVIDIA_CTK_LIBCUDA_DIR=/lib/x86_64-linux-gnu
    deviceNodes:
        - path: /dev/nvidia-uvm
        - path: /dev/nvidiactl
    mounts:
        - hostPath: /lib/x86_64-linux-gnu/libcuda.so.580.95.05
          containerPath: /lib/x86_64-linux-gnu/libcuda.so.580.95.05
`

const state: CdiState = {
  toolkit: '1.18.1-1',
  driver: '580.95.05',
  nodes: ['/dev/nvidia1'],
  spec: parseCdiSpec(text),
}

test('a specification names its driver and its device nodes', () => {
  assert.deepEqual(parseCdiSpec(text), { drivers: ['580.95.05'], nodes: ['/dev/nvidia1'] })
  assert.deepEqual(parseCdiSpec('{}\n'), { drivers: [], nodes: [] })
})

test('it is stale after an exchange of the driver and after another assignment', () => {
  assert.equal(staleCdi(state), undefined)
  assert.equal(
    staleCdi({ ...state, driver: '590.48.01' }),
    'it names driver 580.95.05, and 590.48.01 is installed',
  )
  assert.equal(
    staleCdi({ ...state, nodes: ['/dev/nvidia0', '/dev/nvidia1'] }),
    'it names /dev/nvidia1, and the container has /dev/nvidia0, /dev/nvidia1',
  )
  assert.equal(staleCdi({ ...state, spec: undefined }), 'there is none')
  assert.match(staleCdi({ ...state, spec: parseCdiSpec('{}') }) ?? '', /libraries of no version/)
})

test('toolkits before 1.18 do not use it', () => {
  assert.deepEqual(
    ['1.18.0-1', '1.20.0-1', '1.17.8-1', '1.18.0~rc.1-1', undefined].map((toolkit) =>
      usesCdi({ ...state, toolkit }),
    ),
    [true, true, false, false, false],
  )
})
