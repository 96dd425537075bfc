/**
 * gpuplay on the node that it would reboot, or in a VM of it: the reboot stays pending. Starts with new nodes, whose
 * driver needs a reboot.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { before, beforeEach, describe, it } from 'node:test'
import type { LabNode } from '../lab/host.ts'
import type { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { root } from '../whole/support/gpuplay.ts'
import { siteRuns } from '../whole/support/site-runs.ts'

/** The SMBIOS UUID of a VM. */
const uuid = '7c0ea9a4-6a3b-4a5e-9f5e-0123456789ab'

describe(
  'a node that would take gpuplay down with it',
  { skip: whyNoLab() ?? false, timeout: 600_000 },
  () => {
    let lab: Lab
    let node: LabNode
    let program: string

    before(async () => {
      lab = (await siteRuns()).lab
      node = lab.node('pve1')
      const parts = ['bin', 'dist', 'roles', 'playbooks', 'schemas', 'package.json']
      program = execFileSync('tar', ['-cz', '-C', root, ...parts], { maxBuffer: 1 << 28 }).toString('base64')
    })
    beforeEach(() => lab.restore('fresh'))

    const inventory = (connection: string): string => `all:
  children:
    nodes:
      hosts:
        pve1: { ${connection}, nvidia_driver_version: "580.95.05", nvidia_host_reboot: auto }
`
    const overSsh = (): string =>
      `address: ${node.spec.address}, user: root, private_key: /root/gpuplay/key, known_hosts: /root/gpuplay/known_hosts`

    /** Shell text that unpacks gpuplay, its inventory and its key, from standard input. */
    const unpack = 'mkdir -p /root/gpuplay && cd /root/gpuplay && base64 -d | tar -xz'
    const write = (path: string, text: string): string =>
      `echo ${Buffer.from(text).toString('base64')} | base64 -d >${path} && chmod 0600 ${path}`
    const files = (connection: string): string =>
      [
        write('/root/gpuplay/inventory.yml', inventory(connection)),
        write('/root/gpuplay/key', readFileSync(lab.privateKey, 'utf8')),
        write('/root/gpuplay/known_hosts', readFileSync(lab.knownHosts, 'utf8')),
      ].join(' && ')
    const run = (runtime: string): string =>
      `cd /root/gpuplay && ${runtime} bin/gpuplay run playbooks/nodes.yml -i inventory.yml --output jsonl 2>&1`

    async function staysUp(
      start: () => Promise<{ code: number; stdout: string }>,
      why: RegExp,
    ): Promise<void> {
      const boot = await node.bootId()
      const guests = await node.output('pct list')
      const { code, stdout } = await start()
      const said = stdout.split('\n').filter((line) => line.includes('"type":"warning"'))
      assert.equal(code, 0, stdout.slice(-3000))
      assert.match(said.join('\n'), /REBOOT PENDING: nouveau is loaded\. .*Cannot reboot from here: /)
      assert.match(said.join('\n'), why)
      assert.equal(await node.bootId(), boot)
      assert.equal(await node.output('pct list'), guests)
    }

    it('is not rebooted by gpuplay on the node itself', async () => {
      await node.output(unpack, { input: program })
      await node.output(files('connection: local'))
      await staysUp(
        () => node.exec(run('/usr/lib/lab/node')),
        /gpuplay runs on this node or in one of its containers/,
      )
    })

    it('is not rebooted by gpuplay in one of its VMs', async () => {
      await node.output(`printf 'name: admin\\nsmbios1: uuid=${uuid}\\n' >/etc/pve/qemu-server/900.conf`)
      const other = lab.node('pve2')
      await other.output(unpack, { input: program })
      await other.output(files(overSsh()))
      const machine = `mount -t tmpfs none /sys/class && mkdir -p /sys/class/dmi/id && echo ${uuid.toUpperCase()} >/sys/class/dmi/id/product_uuid`
      const script = `${machine} && ${run('/usr/lib/lab/node')}`
      await staysUp(
        () => other.exec(`cat >/root/run.sh; unshare --mount sh /root/run.sh`, { input: script }),
        /gpuplay runs in VM 900 of this node/,
      )
    })
  },
)
