/**
 * One card for a VM, one for containers: on the node of this lab, as on a real one, the driver takes a VM's card
 * unless it is reserved before (`vmCards`).
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { boot, rolesRun } from './support/roles-play.ts'

const name = `vm-cards-${process.pid}`
/** ct101 has GPU 0, at 0000:01:00.0, and ct102 GPU 1, at 0000:41:00.0. */
const persistence = 'nvidia-smi --query-gpu=persistence_mode --format=csv,noheader'
const configs = 'cat /etc/pve/lxc/101.conf /etc/pve/lxc/102.conf'

describe('a card of a VM', { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  let lab: Lab
  let words: ReturnType<typeof rolesRun>

  before(async () => {
    lab = await Lab.up({
      name,
      nodes: 1,
      containers: 2,
      adjust: (node) => ({ ...node, vmCards: 'until-start' }),
    })
    words = rolesRun(lab, { nodes: 'runfile_cache, nvidia_host, verify', containers: 'lxc_passthrough' })
    const run = await play()
    assert.equal(run.exitCode, 0, tail(run))
    await lab.save('done')
  })
  after(() => Lab.down(name))
  beforeEach(() => lab.restore('done'))

  function play(...more: readonly string[]): Promise<Ended> {
    return gpuplay(words(...more))
  }

  function node(command: string): Promise<string> {
    return lab.node('pve1').output(command)
  }

  /** A VM that gets GPU 0 at its next start. */
  async function addMachine(): Promise<void> {
    await node(`printf 'name: gamer\\nhostpci0: 01:00,pcie=1\\n' >/etc/pve/qemu-server/900.conf`)
  }

  it('is taken from no container: the one that has it is refused, the other keeps its own', async () => {
    const configured = await node(configs)
    await addMachine()
    for (const options of [['--check'], []]) {
      const run = await play(...options)
      assert.equal(run.exitCode, 2, tail(run))
      assert.match(run.text, /GPU 0 of pve1 \(0000:01:00\.0\) is passed to VM 900/)
      assert.equal(await node(configs), configured)
    }
    assert.equal(await node('pct status 102'), 'status: running\n')
    assert.match(await node('pct exec 102 -- ls /dev'), /^nvidia1$/m)
  })

  it('that the driver already has is released by a run, so that the VM starts without a reboot', async () => {
    assert.equal(await node(persistence), 'Enabled\nEnabled\n')
    await addMachine()
    const run = await play('-l', 'pve1')
    assert.equal(run.exitCode, 0, tail(run))
    assert.match(run.text, /turn persistence mode off on 0000:01:00\.0: the card is passed to VM 900/)
    assert.equal(await node(persistence), 'Disabled\nEnabled\n')
    assert.equal(await node('systemctl is-active gpuplay-nvidia-persistenced'), 'active\n')
    await node('timeout 10 qm start 900')
    assert.match(await node('qm list'), /900 gamer +running/)
    assert.equal(await node('pct status 102'), 'status: running\n')
    const second = await play('-l', 'pve1,ct102')
    assert.equal(second.exitCode, 0, tail(second))
  })

  it('is reserved before the driver is loaded, so that the VM starts while programs use other cards', async () => {
    await addMachine()
    await boot(lab)
    assert.match(await node('lspci -k -s 01:00.0 2>/dev/null'), /Kernel driver in use: vfio-pci/)
    assert.match(await node('nvidia-smi -L'), /^GPU 0: [^\n]*\n$/)
    assert.equal(await node('ls /dev | grep "^nvidia[0-9]"'), 'nvidia1\n')
    assert.equal(await node('pct status 102'), 'status: running\n')
    await node('ln -sf /bin/sleep /tmp/gpu-load; /tmp/gpu-load 600 >/dev/null 2>&1 & echo $! >/run/load.pid')
    await node('timeout 10 qm start 900; kill $(cat /run/load.pid)')
    assert.match(await node('qm list'), /900 gamer +running/)

    const run = await play('-l', 'pve1,ct102')
    assert.equal(run.exitCode, 0, tail(run))
    assert.match(run.text, /"1 \(1 in VM\)"/)
  })

  it('or one that is excluded is not in `all`, and is released', async () => {
    const excluded = '{"nvidia_host_exclude_gpus": ["0000:41:00.0"], "gpu_assignment": "all"}'
    const run = await play('-l', 'pve1,ct101', '-e', excluded)
    assert.equal(run.exitCode, 0, tail(run))
    assert.doesNotMatch(await node('cat /etc/pve/lxc/101.conf'), /nvidia1/)
    assert.match(
      run.text,
      /the driver keeps 0000:41:00\.0, which is in nvidia_host_exclude_gpus, until the node/,
    )
    assert.equal(await node(persistence), 'Enabled\nDisabled\n')
    const other = await play('-l', 'pve1,ct102', '-e', '{"nvidia_host_exclude_gpus": ["0000:41:00.0"]}')
    assert.equal(other.exitCode, 2, tail(other))
    assert.match(other.text, /GPU 1 of pve1 \(0000:41:00\.0\) is in nvidia_host_exclude_gpus/)
    await boot(lab)
    assert.equal(await node('cat /sys/bus/pci/devices/0000:41:00.0/driver_override'), 'vfio-pci\n')
    assert.match(await node('nvidia-smi -L'), /^GPU 0: [^\n]*\n$/)
  })
})

function tail({ text }: Ended): string {
  return text.slice(-3000)
}
