/** Cards with virtual functions (SR-IOV), and NVSwitches: what playbooks/site.yml says about them. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { doneLab, inventoryOf, site } from '../whole/support/site-runs.ts'
import { boot } from './support/roles-play.ts'

describe('special hardware', { skip: whyNoLab() ?? false, timeout: 300_000 }, () => {
  let lab: Lab

  before(async () => {
    lab = await doneLab()
    // A virtual function with the address of a card, as ARI gives it to the eighth.
    const script = `const f="/etc/lab/node.json",fs=require("fs"),n=JSON.parse(fs.readFileSync(f));n.gpus[1].virtualFunctions=["0000:41:00.4","0000:41:01.0"];n.nvswitches=["0000:07:00.0"];fs.writeFileSync(f,JSON.stringify(n))`
    await lab.node('pve1').output(`/usr/lib/lab/node -e '${script}'`)
    await boot(lab)
  })

  const play = (): Promise<Ended> =>
    gpuplay(['run', site, '-i', inventoryOf(lab), '-l', 'pve1,ct101,ct102'], { output: 'plain' })

  it('is named with its cause and its cure', async () => {
    const { exitCode, text } = await play()
    assert.equal(exitCode, 7, text)
    assert.match(text, /the GPU at 0000:41:00\.0 has 2 virtual functions \(SR-IOV\)/)
    assert.match(text, /echo 0 >\/sys\/bus\/pci\/devices\/0000:41:00\.0\/sriov_numvfs/)
    assert.match(
      text,
      /nvidia-fabricmanager does not run, which the NVSwitches of the node need \(0000:07:00\.0\)/,
    )
    assert.match(text, /cause +until it runs, CUDA fails on all GPUs/)
    assert.match(text, /fix +on the node, install nvidia-fabricmanager 580\.95\.05/)
  })

  it('keeps the indexes of the cards, and is fine once the fabric manager runs', async () => {
    await lab.node('pve1').output('systemd-run --quiet --unit=nvidia-fabricmanager sleep 600')
    const { exitCode, text } = await play()
    assert.equal(exitCode, 0, text)
    assert.match(await lab.node('pve1').output('cat /etc/pve/lxc/102.conf'), /\/dev\/nvidia1,/)
  })
})
