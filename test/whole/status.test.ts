/** `gpuplay status` on a fleet that is in order, and on one in which one thing after another is not. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { LabNode } from '../lab/host.ts'
import type { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { snapshotDifferences } from '../lab/snapshot.ts'
import { kernels } from '../lab/topology.ts'
import { gpuplay } from './support/gpuplay.ts'
import { doneLab, inventoryOf } from './support/site-runs.ts'

const version = '580.95.05'

interface Host {
  readonly host: string | null
  readonly ctid: string | null
  readonly state: string
  readonly findings: readonly { readonly fix?: string }[]
}

describe('gpuplay status', { skip: whyNoLab() ?? false, timeout: 300_000 }, () => {
  let lab: Lab
  let node: LabNode
  let folder: string

  before(async () => {
    lab = await doneLab()
    node = lab.node('pve1')
    folder = mkdtempSync(join(tmpdir(), 'gpuplay-status-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  async function hosts(code: number, inventory = inventoryOf(lab)): Promise<readonly Host[]> {
    const { exitCode, text } = await gpuplay(['status', '-i', inventory, '--output', 'json'])
    assert.equal(exitCode, code, text)
    const told: { readonly hosts: readonly Host[] } = JSON.parse(text)
    return told.hosts
  }

  /** The rows that are off, as `NAME STATE`. Each has a fix. */
  async function off(inventory?: string): Promise<readonly string[]> {
    const rows = (await hosts(8, inventory)).filter(({ state }) => state !== 'ok')
    for (const { findings } of rows) assert.notEqual(findings[0]?.fix, undefined)
    return rows.map(({ host, ctid, state }) => `${host ?? `CT ${ctid ?? ''}`} ${state}`)
  }

  it('shows the fleet, and exits with 0 if everything is in order', async () => {
    const states = await hosts(0)
    assert.deepEqual(
      states.map(({ host, state }) => `${host ?? ''} ${state}`),
      ['pve1 ok', 'ct101 ok', 'ct102 ok', 'pve2 ok', 'ct201 ok', 'ct202 ok'],
    )
    const { text } = await gpuplay(['status', '-i', inventoryOf(lab), '-l', 'pve1:ct102'])
    assert.match(text, new RegExp(`^pve1 +${version} +${version} +${version} .* ok$`, 'm'))
    assert.match(text, /^ {2}ct102 102 .* 1\/1 .* ok$/m)
    assert.doesNotMatch(text, /ct101|UNMANAGED/)
  })

  it('changes no file of any host', async () => {
    const files = await lab.snapshotFiles()
    await hosts(0)
    assert.deepEqual(snapshotDifferences(files, await lab.snapshotFiles()), [])
  })

  it('names nodes whose driver is not the required one, with the command that exchanges it', async () => {
    const wanted = ['-e', 'nvidia_driver_version=590.48.01']
    const { exitCode, text } = await gpuplay([
      'status',
      '-i',
      inventoryOf(lab),
      '-l',
      'pve1:ct101',
      ...wanted,
    ])
    assert.equal(exitCode, 8, text)
    const [before, after] = [version, '590.48.01'].map((one) => one.replaceAll('.', '\\.'))
    assert.match(
      text,
      new RegExp(`^pve1 .* DRIFT driver ${before} is loaded, but ${after} is required$`, 'm'),
    )
    assert.match(text, /^ {2}ct101 101 .* ok$/m)
    assert.match(
      text,
      /^ {3}cause {2}590\.48\.01 is not installed\n {3}fix {4}gpuplay run nodes\.yml -i \/\S+ -l pve1$/m,
    )
  })

  it('names a newer kernel without the driver, as an upgrade of the kernel alone leaves it', async () => {
    const image = `/boot/vmlinuz-${kernels[1]}`
    await node.output(`touch ${image}`)
    assert.deepEqual(await off(), ['pve1 no-module'])
    const { exitCode, text } = await gpuplay(['status', '-i', inventoryOf(lab), '-l', 'pve1:ct101:ct102'])
    assert.equal(exitCode, 8, text)
    assert.match(text, new RegExp(`^pve1 .* NO MODULE for kernel ${kernels[1].replaceAll('.', '\\.')}$`, 'm'))
    await node.output(`rm ${image}`)
  })

  it('names a stopped container, old user space, pending changes and a container outside the inventory', async () => {
    await node.output('pct stop 102')
    assert.deepEqual(await off(), ['ct102 stopped'])
    await node.output('echo 570.86.16 > /var/lib/gpuplay/v1/userspace/102')
    await node.output(`printf '\\n[pve:pending]\\nmemory: 768\\n' >> /etc/pve/lxc/101.conf`)
    const text = readFileSync(inventoryOf(lab), 'utf8').replace(/\n {8}ct201:\n(?: {10}.*\n)*/, '\n')
    const inventory = join(folder, 'inventory.yaml')
    writeFileSync(inventory, text)
    assert.deepEqual(await off(inventory), ['ct101 pending', 'ct102 old-user-space', 'CT 201 unmanaged'])
  })

  it('shows a node that does not answer and its containers, and the rest of the fleet', async () => {
    const inventory = join(folder, 'gone.yaml')
    const { address } = lab.node('pve2').spec
    writeFileSync(
      inventory,
      readFileSync(inventoryOf(lab), 'utf8').replaceAll(address, '127.0.0.1\n          port: 1'),
    )
    assert.deepEqual(await off(inventory), [
      'ct101 pending',
      'ct102 old-user-space',
      'pve2 unreachable',
      'ct201 unreachable',
      'ct202 unreachable',
    ])
  })
})
