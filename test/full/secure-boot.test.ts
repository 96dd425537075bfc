/** A node with Secure Boot, from a missing key to signed drivers. The lab's kernel refuses modules without a trusted signature. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { kernels } from '../lab/topology.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { inventoryOf } from '../whole/support/site-runs.ts'

const name = `secure-boot-${process.pid}`
const version = '580.95.05'
const next = '590.48.01'
const signer = 'DKMS module signing key'
const password = 'sesame73'
const prepare = [
  '-e',
  'nvidia_host_secure_boot=prepare',
  '-e',
  `nvidia_host_secure_boot_password=${password}`,
]
const [, newer] = kernels

describe('with Secure Boot', { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  let lab: Lab

  before(async () => {
    lab = await Lab.up({
      name,
      nodes: 1,
      containers: 0,
      adjust: (node) => ({ ...node, secureBoot: true }),
    })
    for (const [file, roles] of [
      ['nodes.yml', 'runfile_cache, nvidia_host'],
      ['verify.yml', 'verify'],
    ] as const)
      writeFileSync(
        join(lab.instance.stateDir, file),
        `- hosts: nodes\n  gather_facts: false\n  roles: [${roles}]\n`,
      )
  })
  after(() => Lab.down(name))

  function play(file: string, ...words: readonly string[]): Promise<Ended> {
    return gpuplay(['run', join(lab.instance.stateDir, file), '-i', inventoryOf(lab), ...words], {
      output: 'plain',
    })
  }

  function node(command: string): Promise<string> {
    return lab.node('pve1').output(command)
  }

  async function signedBy(kernel = ''): Promise<string> {
    return (await node(`modinfo ${kernel === '' ? '' : `-k ${kernel}`} -F signer nvidia`)).trim()
  }

  async function loaded(): Promise<string> {
    return (await node('cat /sys/module/nvidia/version 2>/dev/null || true')).trim()
  }

  it('a node without an enrolled key is refused, with the commands that enroll one', async () => {
    const run = await play('nodes.yml')
    assert.equal(run.exitCode, 4, run.text)
    assert.match(run.text, /no enrolled key can sign the driver/)
    for (const command of ['apt install dkms mokutil openssl', 'openssl req -new', 'mokutil --import '])
      assert.ok(run.text.includes(command), run.text)
    assert.notEqual((await lab.node('pve1').exec('dpkg -s dkms')).code, 0)
  })

  it('prepare creates a key and requests it, and installs no driver while the console is awaited', async () => {
    const check = await play('nodes.yml', '--check', ...prepare)
    assert.equal(check.exitCode, 0, check.text)
    assert.match(check.text, /KEY PENDING/)
    const run = await play('nodes.yml', ...prepare)
    assert.equal(run.exitCode, 0, run.text)
    assert.match(run.text, /KEY PENDING: the driver is not changed until/)
    assert.ok(!run.text.includes(password))
    assert.match(await node('mokutil --list-new'), new RegExp(signer))
    assert.equal((await node('stat -c %a /var/lib/dkms/mok.key')).trim(), '600')
    assert.notEqual((await lab.node('pve1').exec('test -e /var/lib/nvidia/log')).code, 0)
    const key = await node('sha256sum /var/lib/dkms/mok.key')
    const again = await play('nodes.yml', ...prepare)
    assert.equal(again.exitCode, 0, again.text)
    assert.match(again.text, /KEY PENDING/)
    assert.match(again.text, / 0 changed/)
    assert.equal(await node('sha256sum /var/lib/dkms/mok.key'), key)
    const table = await play('verify.yml')
    assert.notEqual(table.exitCode, 0)
    assert.match(table.text, /KEY PENDING/)
  })

  it('after the confirmation at the console, the driver is installed with a signature and loaded', async () => {
    await node('touch /etc/lab/mok-console')
    await lab.reboot('pve1')
    const run = await play('nodes.yml', ...prepare)
    assert.equal(run.exitCode, 0, run.text)
    assert.doesNotMatch(run.text, /KEY PENDING/)
    assert.equal(await signedBy(), signer)
    assert.equal(await loaded(), version)
    assert.equal((await play('verify.yml')).exitCode, 0)
  })

  it('an exchanged driver and a kernel that is installed later have signed modules', async () => {
    const run = await play('nodes.yml', '-e', `nvidia_driver_version=${next}`)
    assert.equal(run.exitCode, 0, run.text)
    assert.equal(await loaded(), next)
    assert.equal(await signedBy(), signer)
    await node(`apt-get -y -qq install proxmox-headers-${newer} 2>&1; dkms autoinstall -k ${newer}`)
    assert.equal(await signedBy(newer), signer)
  })

  it('modules of another kernel that are built without a signature, but not installed, are signed by one run', async () => {
    const tree = `/var/lib/dkms/nvidia/${next}/${newer}/x86_64/module`
    await node(
      `apt-get -y -qq install proxmox-kernel-${newer}-signed 2>&1; dkms uninstall -m nvidia -v ${next} -k ${newer}
      for file in ${tree}/*.ko; do cp /usr/src/nvidia-${next}/$(basename $file .ko).mod $file; done`,
    )
    assert.match(await node(`dkms status -m nvidia -v ${next} -k ${newer}`), /: built$/m)
    const words = ['-e', `nvidia_driver_version=${next}`]
    const run = await play('nodes.yml', ...words)
    assert.equal(run.exitCode, 0, run.text)
    assert.equal(await signedBy(newer), signer)
    const second = await play('nodes.yml', ...words)
    assert.match(second.text, / 0 changed/)
  })

  it('modules that another tool installed without a signature are built again and signed', async () => {
    const options = '--silent --dkms --no-x-check --no-opengl-files --skip-module-load'
    await node(
      `nvidia-smi -pm 0; systemctl stop 'gpuplay-nvidia*'; /usr/local/lib/gpuplay/nvidia-driver unload
      sh /var/cache/gpuplay/NVIDIA-Linux-x86_64-${next}.run ${options} --no-rebuild-initramfs`,
    )
    assert.equal(await signedBy(), '')
    assert.notEqual((await lab.node('pve1').exec('modprobe nvidia')).code, 0)
    const run = await play('nodes.yml', '-e', `nvidia_driver_version=${next}`)
    assert.equal(run.exitCode, 0, run.text)
    assert.equal(await signedBy(), signer)
    assert.equal(await loaded(), next)
  })
})
