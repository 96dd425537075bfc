/**
 * site.yml from the states in which it finds real nodes: a dry run predicts the changes, a run makes them and verifies the result,
 * and a second run changes nothing. New hosts are the subject of test/whole/site.test.ts.
 */
import assert from 'node:assert/strict'
import { before, beforeEach, describe, it } from 'node:test'
import type { LabContainer, LabNode } from '../lab/host.ts'
import type { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { keysOf, outcomesById } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { doneLab, inventoryOf, site } from '../whole/support/site-runs.ts'

const newer = ['-e', 'nvidia_driver_version=590.48.01'] as const

describe('site.yml from a node', { skip: whyNoLab() ?? false, timeout: 1_200_000 }, () => {
  let lab: Lab
  let node: LabNode
  let ct101: LabContainer
  let ct102: LabContainer

  before(async () => {
    lab = await doneLab()
    node = lab.node('pve1')
    ct101 = lab.container(101)
    ct102 = lab.container(102)
  })
  beforeEach(() => lab.restore('done'))

  function play(playbook: string, ...words: readonly string[]): Promise<Ended> {
    return gpuplay(['run', playbook, '-l', 'pve1,ct101,ct102', '-i', inventoryOf(lab), ...words])
  }

  /** Expects a verified end, as predicted, that a second run leaves as it is. Returns the number of changes. */
  async function repaired(...words: readonly string[]): Promise<number> {
    const check = await play(site, ...words, '--check')
    assert.equal(check.exitCode, 0, check.text.slice(-3000))
    const run = await play(site, ...words)
    assert.equal(run.exitCode, 0, run.text.slice(-3000))
    const [told, done] = [outcomesById(check.events), outcomesById(run.events)]
    const changed = keysOf(done, 'changed')
    const allowed = new Set([...keysOf(told, 'changed'), ...keysOf(told, 'unknown')])
    assert.deepEqual(
      changed.filter((task) => !allowed.has(task)),
      [],
      'changed, but not predicted',
    )
    assert.deepEqual(
      keysOf(told, 'changed').filter((task) => done.get(task) !== 'changed'),
      [],
      'predicted, but not changed',
    )
    const second = await play(site, ...words)
    assert.equal(second.exitCode, 0, second.text.slice(-3000))
    assert.deepEqual(keysOf(outcomesById(second.events), 'changed'), [])
    return changed.length
  }

  it('that is as declared', async () => {
    assert.equal(await repaired(), 0)
  })

  it('with an older .run', async () => {
    assert.ok((await repaired(...newer)) > 0)
    assert.equal((await node.output('cat /sys/module/nvidia/version')).trim(), '590.48.01')
  })

  it('that was upgraded without its containers', async () => {
    const upgrade = await play('playbooks/nodes.yml', ...newer)
    assert.equal(upgrade.exitCode, 0, upgrade.text.slice(-3000))
    assert.notEqual((await ct101.exec('nvidia-smi')).code, 0)
    assert.ok((await repaired(...newer)) > 0)
  })

  it('with half an installation, on the node and in a container', async () => {
    const libraries = '/usr/lib/x86_64-linux-gnu'
    await node.output(`rm ${libraries}/libnvidia-ml.so.* /usr/bin/nvidia-smi`)
    await ct102.output(`rm ${libraries}/libcuda.so.*`)
    assert.ok((await repaired()) > 0)
  })

  it('whose containers have raw lines with the majors of an earlier boot', async () => {
    const style = ['-e', 'lxc_passthrough_style=lxc'] as const
    const first = await play('playbooks/containers.yml', ...style)
    assert.equal(first.exitCode, 0, `exit ${first.exitCode}: ${first.text.slice(-3000)}`)
    const major = async (): Promise<string> =>
      (await node.output(`awk '$2 == "nvidia-uvm" { print $1 }' /proc/devices`)).trim()
    const before = await major()
    for (let boots = 0; boots < 5 && (await major()) === before; boots += 1) await lab.reboot('pve1')
    assert.notEqual(await major(), before)

    // The correction alone leaves the running container, which is privileged, with its rules.
    const corrected = await play(site, ...style, '-e', 'lxc_passthrough_restart=never')
    assert.equal(corrected.exitCode, 7, corrected.text.slice(-3000))
    assert.match(corrected.text, /\/dev\/nvidia-uvm cannot be opened: the device rules of the container/)
    assert.ok((await repaired(...style)) > 0)
    const config = await node.output('cat /etc/pve/lxc/102.conf')
    assert.ok(config.includes(`allow: c ${await major()}:0 rw`) && !config.includes(`c ${before}:`), config)
  })

  it('with stale lines in the current, pending and snapshot sections', async () => {
    const snapshot = '[before]\ndev0: /dev/nvidia0\nsnaptime: 1700000000\n'
    await node.output(
      `sed -i '1i dev7: mode=0666,path=/dev/nvidia0' /etc/pve/lxc/102.conf; ` +
        `printf '\\n[pve:pending]\\ndelete: dev0\\ndev9: /dev/nvidia0\\n\\n${snapshot.replaceAll('\n', '\\n')}' >> /etc/pve/lxc/102.conf`,
    )
    assert.ok((await repaired()) > 0)
    const config = await node.output('cat /etc/pve/lxc/102.conf')
    assert.ok(config.endsWith(snapshot), config)
    assert.doesNotMatch(config.slice(0, -snapshot.length), /nvidia0,|nvidia0$|pve:pending/m)
  })

  it('whose container has conflicting apt sources', async () => {
    const list = (await ct101.output('cat /etc/apt/sources.list.d/cuda-*.list')).trim()
    const other = list.replace(/signed-by=[^\] ]*/, 'signed-by=/usr/share/keyrings/other.gpg')
    assert.notEqual(other, list)
    await ct101.output(
      `apt-get -y purge 'cuda-nvcc-*'; echo '${other}' > /etc/apt/sources.list.d/nvidia.list`,
    )
    assert.notEqual((await ct101.exec('apt-get -s install jq')).code, 0)
    assert.ok((await repaired()) > 0)
    assert.match(await ct101.output('cat /etc/apt/sources.list.d/nvidia.list'), /^# /m)
  })

  it('where a container has the GPU of another', async () => {
    await node.output(`sed -i 's|/dev/nvidia1,|/dev/nvidia0,|' /etc/pve/lxc/102.conf && pct reboot 102`)
    assert.ok((await repaired()) > 0)
  })
})
