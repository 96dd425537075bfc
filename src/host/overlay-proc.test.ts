/** Predictions below /proc, part of which is separate in a container. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOverlay, type Overlay } from './overlay.ts'
import { remotePath } from './paths.ts'
import { foresee } from './predicted-file.ts'
import { ct, node } from './testing/places.ts'
import { reader, rejectsUnknown } from './testing/predicted.ts'
import { writeAction } from './testing/steps.ts'

const forwarding = '/proc/sys/net/ipv4/ip_forward'
const swappiness = '/proc/sys/vm/swappiness'

function predicted(overlay: Overlay, place: typeof ct | typeof node, path: string): boolean {
  return overlay.of(place).file(remotePath(path)).kind === 'predicted'
}

test('a container has separate network parameters and names, and shares all other parameters with its node', () => {
  const file = { kind: 'file', byUser: false }
  for (const own of [forwarding, '/proc/sys/kernel/hostname', '/proc/net/tcp']) {
    const overlay = createOverlay()
    overlay.apply(ct, writeAction(own, '1\n'))
    assert.deepEqual([predicted(overlay, ct, own), predicted(overlay, node, own)], [true, false], own)
    assert.ok(overlay.touches(ct, `file:${own}`))
    overlay.apply(node, writeAction(own, '0\n'))
    const seen = overlay.of(ct).file(remotePath(own))
    assert.deepEqual(seen.kind === 'predicted' && foresee(seen.value).file, { ...file, text: '1\n' })
  }
  const overlay = createOverlay()
  overlay.apply(node, writeAction(swappiness, '10\n'))
  assert.deepEqual([predicted(overlay, ct, swappiness), predicted(overlay, node, swappiness)], [true, true])
  overlay.apply(node, writeAction(forwarding, '1\n'))
  assert.equal(predicted(overlay, ct, forwarding), false)
  assert.equal(overlay.touches(ct, `file:${forwarding}`), undefined)
})

test('a missing kernel parameter is unknown if a predicted module may create it', async () => {
  const overlay = createOverlay()
  const { host, all } = reader(overlay)
  const none = '/proc/sys/net/gpuplay-none'
  assert.equal(await host.text(none), undefined)
  overlay.apply(node, {
    kind: 'run',
    argv: ['modprobe', 'br_netfilter'],
    effects: [{ kind: 'kernelModule', name: 'br_netfilter', becomes: { loaded: true } }],
  })
  await rejectsUnknown(host.text(none), /kernel module br_netfilter may create it/)
  await rejectsUnknown(
    reader(overlay, { name: ct.name, of: all }).host.text(none),
    /br_netfilter may create it/,
  )
  assert.equal(await host.text('/proc/gpuplay-none'), undefined)
  assert.ok(await host.text('/proc/sys/kernel/ostype'))
})

test('a module that is predicted to be unloaded creates no parameters', async () => {
  const overlay = createOverlay()
  overlay.apply(node, {
    kind: 'run',
    argv: ['modprobe', '-r', 'br_netfilter'],
    effects: [{ kind: 'kernelModule', name: 'br_netfilter', becomes: { loaded: false } }],
  })
  assert.equal(await reader(overlay).host.text('/proc/sys/net/gpuplay-none'), undefined)
})
