/**
 * A node with three kernels: the one that runs, a newer one, and a pinned one of another series. Each has the module, a boot into
 * each of them keeps the containers running, and a kernel without the module is found, named and repaired.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { kernels, optInKernels } from '../lab/topology.ts'
import { eventsOf } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { inventoryOf } from '../whole/support/site-runs.ts'
import { boot, bootWithoutNouveau, problemsOf, rolesRun } from './support/roles-play.ts'

const name = `every-kernel-${process.pid}`
const driver = '580.95.05'
const [running, newer] = kernels
const [optIn, tooNew] = optInKernels
const remove = (kernel: string): string =>
  `dkms uninstall nvidia/${driver} -k ${kernel}; dkms unbuild nvidia/${driver} -k ${kernel}`

describe('a node with several kernels', { skip: whyNoLab() ?? false, timeout: 900_000 }, () => {
  let lab: Lab
  let words: ReturnType<typeof rolesRun>

  before(async () => {
    lab = await Lab.up({
      name,
      nodes: 1,
      containers: 2,
      adjust: (node) => ({ ...node, kernels: [running, newer, optIn], pinnedKernel: optIn }),
    })
    words = rolesRun(lab, {
      nodes: 'runfile_cache, nvidia_host',
      containers: 'lxc_passthrough',
      last: 'verify',
    })
    // Nothing reboots the node during the run.
    await bootWithoutNouveau(lab, running)
  })
  after(() => Lab.down(name))

  function run(...more: readonly string[]): Promise<Ended> {
    return gpuplay(words(...more))
  }

  function verify(): Promise<Ended> {
    return gpuplay(['run', 'playbooks/verify.yml', '-i', inventoryOf(lab), '-l', 'pve1'])
  }

  function node(command: string): Promise<string> {
    return lab.node('pve1').output(command)
  }

  async function states(): Promise<string> {
    const printed = await node('pct status 101; pct status 102')
    return printed.trim().replaceAll('status: ', '').replaceAll('\n', ' ')
  }

  /** Expects that the node runs this kernel with the driver, and that its containers run. */
  async function works(kernel: string): Promise<void> {
    assert.equal(await node('uname -r'), `${kernel}\n`)
    const journal = await node('journalctl -q --no-pager -b')
    assert.equal(await node('systemctl --failed --no-legend'), '', journal)
    assert.equal((await node('cat /sys/module/nvidia/version')).trim(), driver, journal)
    assert.equal(await states(), 'running running', journal)
  }

  it('refuses a driver that does not compile for the kernel of the next boot, before anything is changed', async () => {
    await node(`proxmox-boot-tool kernel unpin; cp /boot/vmlinuz-${optIn} /boot/vmlinuz-${tooNew}`)
    const refused = await run('--check')
    await node(`proxmox-boot-tool kernel pin ${optIn}; rm /boot/vmlinuz-${tooNew}`)
    assert.equal(refused.exitCode, 2, problemsOf(refused))
    assert.match(
      problemsOf(refused),
      new RegExp(`driver ${driver} does not compile for kernel ${tooNew}, which the node boots next`),
    )
  })

  it('builds the driver for each of them, as the dry run predicts', async () => {
    const check = await run('--check')
    assert.equal(check.exitCode, 0, problemsOf(check))
    for (const kernel of [newer, optIn])
      assert.ok(check.text.includes(`build driver ${driver} for kernel ${kernel}`), problemsOf(check))
    const real = await run()
    assert.equal(real.exitCode, 0, problemsOf(real))
    const status = await node('dkms status -m nvidia')
    for (const kernel of [running, newer, optIn])
      assert.match(status, new RegExp(`^nvidia/${driver}, ${kernel}, x86_64: installed$`, 'm'))
    assert.match(await node('dpkg -s proxmox-headers-6.14'), /^Status: install ok installed$/m)
    const second = await run()
    assert.equal(second.exitCode, 0, problemsOf(second))
    assert.deepEqual(changed(second), [])
  })

  for (const kernel of [newer, optIn, running])
    it(`keeps its containers running when it boots ${kernel}`, async () => {
      await boot(lab, kernel)
      await works(kernel)
    })

  it('builds the driver at boot for a kernel that has headers, but no module', async () => {
    await node(remove(newer))
    const found = await verify()
    assert.equal(found.exitCode, 7, problemsOf(found))
    assert.match(found.text, new RegExp(`NO MODULE for kernel ${newer}`))
    await boot(lab, newer)
    await works(newer)
  })

  it('names the kernel and the cause if it cannot build at boot, and the next run starts the containers', async () => {
    await node(`${remove(optIn)}; apt-get -y -qq purge proxmox-headers-${optIn} 2>&1`)
    await boot(lab)
    assert.equal(await node('uname -r'), `${optIn}\n`)
    const journal = await node('journalctl -q --no-pager -b -u gpuplay-nvidia.service')
    assert.match(
      journal,
      new RegExp(`kernel ${optIn} has no module of driver ${driver}: its headers are not installed`),
    )
    assert.equal(await states(), 'stopped stopped')

    const found = await verify()
    assert.equal(found.exitCode, 7, problemsOf(found))
    assert.match(found.text, new RegExp(`NO MODULE for kernel ${optIn}`))
    assert.doesNotMatch(found.text, /REBOOT PENDING/)

    const repaired = await run()
    assert.equal(repaired.exitCode, 0, problemsOf(repaired))
    await works(optIn)
  })

  it('is a finding before the boot if the driver cannot be built for a kernel, and everything else works', async () => {
    await node('proxmox-boot-tool kernel unpin')
    await boot(lab, running)
    await node(
      `${remove(optIn)}; printf '#!/bin/sh\\ncase $* in *${optIn}*) exit 2 ;; esac\\n' >/usr/bin/make`,
    )
    const real = await run()
    assert.equal(real.exitCode, 7, problemsOf(real))
    const said = new RegExp(
      `kernel ${optIn}, which the next boot chooses, has no module of driver ${driver}[^]*DKMS exited with 10: Bad return status for module build on kernel: ${optIn}`,
    )
    assert.match(real.text, said)
    assert.match(real.text, new RegExp(`NO MODULE for kernel ${optIn}`))
    const compiler = eventsOf(real.events, 'program.log').find(({ path }) => path.endsWith('/make.log'))
    assert.match(compiler?.text ?? '', new RegExp(`for kernel ${optIn}`))
    await works(running)
    const second = await run()
    assert.equal(second.exitCode, 7, problemsOf(second))
    assert.match(second.text, said)
    assert.deepEqual(changed(second), [])
    assert.equal((await run('-e', 'nvidia_host_kernels=running')).exitCode, 0)
  })
})

function changed({ events }: Ended): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'task.finished' && event.outcome === 'changed' ? [event.task.name] : [],
  )
}
