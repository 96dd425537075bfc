/**
 * If a boot gives the cards other minors, no container gets another's card, and the next run corrects the
 * configuration.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { template } from '../lab/containers.ts'
import { whyNoLab } from '../lab/machine.ts'
import type { Lab } from '../lab/lab.ts'
import { gpuplay } from '../whole/support/gpuplay.ts'
import { doneLab, inventoryOf, site } from '../whole/support/site-runs.ts'

const skip = whyNoLab() ?? false

describe('minors that move between boots', { skip, timeout: 400_000 }, () => {
  it('prevent the containers from starting until a run has given them their own cards', async () => {
    const lab = await doneLab()
    const node = lab.node('pve1')
    const before = { 101: await visible(lab, 101), 102: await visible(lab, 102) }
    assert.notEqual(before[101], before[102])
    await swapMinors(lab)
    await lab.reboot('pve1')
    await node.exec('systemctl is-system-running --wait')

    assert.match(await node.output('pct list'), /^101\s+stopped[^]*^102\s+stopped/m)
    const journal = await node.output('journalctl -b -u gpuplay-nvidia.service --no-pager -o cat')
    assert.match(journal, /container 101 is held back: \/dev\/nvidia0 is now card 0000:41:00\.0/)
    const start = await node.exec('pct start 101')
    assert.notEqual(start.code, 0)
    assert.match(start.stderr, /Run gpuplay's lxc_passthrough for it/)

    const inventory = inventoryOf(lab)
    const verified = await gpuplay(['run', 'playbooks/verify.yml', '-i', inventory])
    assert.equal(verified.exitCode, 7, verified.text)
    assert.match(verified.text, /container 101 was held back at its start/)
    assert.match(verified.text, /containers\.yml -i \S+ -l ct101, which starts it/)

    const check = await gpuplay(['run', site, '-i', inventory, '--check'])
    assert.equal(await node.output('pct status 101'), 'status: stopped\n', check.text)
    const corrected = await gpuplay(['run', site, '-i', inventory])
    assert.equal(corrected.exitCode, 0, corrected.text)
    assert.deepEqual({ 101: await visible(lab, 101), 102: await visible(lab, 102) }, before)
    assert.match(await node.output('cat /etc/pve/lxc/101.conf'), /^dev\d+: \/dev\/nvidia1,/m)
    assert.equal((await node.exec('ls /run/gpuplay/held/*')).stdout, '')
    const again = await gpuplay(['run', site, '-i', inventory])
    assert.equal(again.exitCode, 0, again.text)
    assert.equal(
      again.events.some(({ type }) => type === 'action.finished'),
      false,
      again.text,
    )
  })

  it('do not prevent a start if the cards are the assigned ones, in any order', async () => {
    const lab = await doneLab()
    const node = lab.node('pve1')
    const inventory = inventoryOf(lab)
    const all = ['-e', '{"gpu_assignment": "all"}', '-l', 'pve1,ct101']
    const given = await gpuplay(['run', site, '-i', inventory, ...all])
    assert.equal(given.exitCode, 0, given.text)
    await swapMinors(lab)
    await lab.reboot('pve1')
    await node.exec('systemctl is-system-running --wait')
    assert.equal(await node.output('pct status 101'), 'status: running\n')
    assert.equal(await node.output('pct status 102'), 'status: stopped\n')
  })

  it('do not affect a new container that has the number of a destroyed one', async () => {
    const lab = await doneLab()
    const node = lab.node('pve1')
    await node.output('cp /etc/pve/lxc/102.conf /root/102.conf; pct stop 102; pct destroy 102')
    await node.output(
      `pct create 102 ${template} --hostname new --rootfs local:8 --unprivileged 1 --net0 name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:99,ip=dhcp`,
    )
    await node.output('grep ^dev /root/102.conf >>/etc/pve/lxc/102.conf')
    await swapMinors(lab)
    await lab.reboot('pve1')
    await node.exec('systemctl is-system-running --wait')
    assert.equal((await node.exec('pct start 102')).code, 0)
    assert.notEqual((await node.exec('test -e /var/lib/gpuplay/v1/assignments/102')).code, 0)
    assert.notEqual((await node.exec('pct start 101')).code, 0)
  })

  it('do not affect a container that an interrupted run recorded but did not configure', async () => {
    const lab = await doneLab()
    const node = lab.node('pve1')
    await swapMinors(lab)
    await lab.reboot('pve1')
    await node.exec('systemctl is-system-running --wait')
    await node.output(
      'sed -i "s/^gpu 0000:01:00.0 0 /gpu 0000:01:00.0 1 /" /var/lib/gpuplay/v1/assignments/101',
    )
    assert.notEqual((await node.exec('pct start 101')).code, 0)
  })
})

/** The UUIDs of the cards that the container sees. */
async function visible(lab: Lab, ctid: number): Promise<string> {
  return (await lab.container(ctid).exec('nvidia-smi -L')).stdout.replaceAll(/^GPU \d+/gm, 'GPU')
}

/** At the next boot of pve1, its two cards swap their minors. */
async function swapMinors(lab: Lab): Promise<void> {
  const script = `const f="/etc/lab/node.json",fs=require("fs"),n=JSON.parse(fs.readFileSync(f));[n.gpus[0].minor,n.gpus[1].minor]=[n.gpus[1].minor,n.gpus[0].minor];fs.writeFileSync(f,JSON.stringify(n))`
  await lab.node('pve1').output(`/usr/lib/lab/node -e '${script}'`)
}
