/** What a container with graphics gets in /dev/dri. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Args } from './args.ts'
import { files, look, nodes, refusal } from './testing/assigned.ts'

/** The nodes of two cards in /dev/dri, in sysfs and in /dev; those of another vendor have the first numbers. */
const displays = {
  files: {
    ...files,
    '/sys/bus/pci/devices/0000:01:00.0/drm/card2/dev': '226:2\n',
    '/sys/bus/pci/devices/0000:01:00.0/drm/renderD130/dev': '226:130\n',
    '/sys/bus/pci/devices/0000:41:00.0/drm/card1/dev': '226:1\n',
    '/sys/bus/pci/devices/0000:41:00.0/drm/renderD129/dev': '226:129\n',
  },
  nodes: {
    ...nodes,
    '/dev/nvidia-modeset': '195:254',
    '/dev/dri/card2': '226:2',
    '/dev/dri/renderD130': '226:130',
  },
}

test('for graphics, a container also gets the nodes of its own GPUs in /dev/dri, and they are recorded', async () => {
  const { plan, report } = await look({ node: displays, args: { graphics: true } })
  assert.equal(plan.refusal, undefined)
  assert.deepEqual(
    report.devices.slice(4).map(({ path, target, major, minor }) => [path, target, `${major}:${minor}`]),
    [
      ['/dev/nvidia-modeset', 'dev/nvidia-modeset', '195:254'],
      ['/dev/dri/card2', 'dev/dri/card2', '226:2'],
      ['/dev/dri/renderD130', 'dev/dri/renderD130', '226:130'],
    ],
  )
  assert.match(report.record, /^drm 0000:01:00\.0 card2\ndrm 0000:01:00\.0 renderD130\n$/m)
  assert.doesNotMatch((await look({ node: displays })).report.record, /drm/)
})

test('lines about the nodes of other GPUs in /dev/dri are replaced, those of other vendors are kept', async () => {
  const owns = async (line: string, args: Partial<Args> = {}): Promise<boolean> =>
    (await look({ node: displays, args })).report.owned.some((pattern) => new RegExp(pattern).test(line))
  assert.equal(await owns('dev7: /dev/dri/renderD129,mode=0666'), true)
  assert.equal(await owns('lxc.mount.entry: /dev/dri/card1 dev/dri/card1 none bind 0 0'), true)
  assert.equal(await owns('lxc.cgroup2.devices.allow: c 226:129 rw'), true)
  for (const line of [
    'dev7: /dev/dri/renderD128',
    'dev7: /dev/dri/card10',
    'lxc.mount.entry: /dev/dri dev/dri',
  ])
    assert.equal(await owns(line, { graphics: true }), false, line)
  // Without graphics, an administrator may have passed the own GPU's by hand.
  assert.equal(await owns('dev7: /dev/dri/renderD130'), false)
  assert.equal(await owns('dev7: /dev/dri/renderD130', { graphics: true }), true)
  assert.equal(await owns('dev7: /dev/dri/renderD130', { assignment: 'none' }), true)
})

test('graphics is refused while the node has no device nodes for it', async () => {
  const args = { graphics: true }
  const { plan } = await look({ args })
  assert.deepEqual(
    [plan.refusal?.code, plan.refusal?.message],
    [
      'no-graphics-on-node',
      'pve1 has no device nodes in /dev/dri for 0000:01:00.0: its driver has not loaded nvidia_drm for them',
    ],
  )
  assert.match(plan.refusal?.hint ?? '', /nvidia_host_graphics: true for pve1/)
  const { '/dev/nvidia-modeset': _, ...others } = displays.nodes
  const without = { ...displays, nodes: others }
  assert.deepEqual(await refusal({ node: without, args }), ['device-nodes-missing', undefined])
})

test('a privileged container whose rules open the render node of another GPU is refused', async () => {
  const code = async (rule: string): Promise<string | undefined> =>
    (await refusal({ node: displays, config: `lxc.cgroup2.devices.allow: ${rule}\n` }))[0]
  assert.equal(await code('c 226:* rwm'), 'container-open-to-all-devices')
  assert.equal(await code('c 226:128 rwm'), undefined)
  assert.equal(await code('c 226:129 rwm'), undefined, 'the run replaces this line')
})
