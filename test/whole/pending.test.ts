/** Pending changes of a container's devices, foreign spellings, and rules that open other GPUs. */
import assert from 'node:assert/strict'
import { before, beforeEach, describe, it } from 'node:test'
import type { LabContainer, LabNode } from '../lab/host.ts'
import type { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { keysOf, outcomes } from './support/events.ts'
import { gpuplay } from './support/gpuplay.ts'
import { doneLab, inventoryOf } from './support/site-runs.ts'

const configured = "lxc_passthrough : Pass the GPUs' device nodes to the container"
const restarted = 'lxc_passthrough : Restart the container if its devices have changed'

describe('a container configuration', { skip: whyNoLab() ?? false, timeout: 300_000 }, () => {
  let lab: Lab
  let node: LabNode
  /** Privileged. */
  let ct101: LabContainer
  /** Unprivileged. */
  let ct102: LabContainer
  const file = (ctid: number): string => `/etc/pve/lxc/${ctid}.conf`
  const read = (ctid: number): Promise<string> => node.output(`cat ${file(ctid)}`)

  before(async () => {
    lab = await doneLab()
    node = lab.node('pve1')
    ct101 = lab.container(101)
    ct102 = lab.container(102)
  })

  async function play(
    playbook: string,
    limit: string,
    ...words: readonly string[]
  ): Promise<{ readonly exitCode: number; readonly text: string; readonly changed: readonly string[] }> {
    const run = ['run', `playbooks/${playbook}.yml`, '-l', limit, '-i', inventoryOf(lab), ...words]
    const { exitCode, text, events } = await gpuplay(run, { output: 'jsonl' })
    return { exitCode, text, changed: keysOf(outcomes(events), 'changed') }
  }

  /** Adds a pending section; the main section and everything else stay. */
  const addPending = (ctid: number, lines: string): Promise<string> =>
    node.output(`printf '\\n[pve:pending]\\n${lines}' >> ${file(ctid)}`)

  async function nvidiaDevices(container: LabContainer): Promise<string> {
    return (await container.exec('ls /dev | grep nvidia | sort | tr "\\n" " "')).stdout
  }

  describe('with pending changes of its GPU', () => {
    let original: string
    beforeEach(async () => {
      original = await read(102)
    })

    it('is reported by verify and predicted by a dry run', async () => {
      await addPending(102, 'delete: dev0\\n')
      const verified = await play('verify', 'ct102')
      assert.equal(verified.exitCode, 7, verified.text)
      assert.match(verified.text, /the next start of the container takes \/dev\/nvidia\S* from it/)
      assert.match(verified.text, /102\.conf: \[pve:pending\] delete: dev0/)
      const predicted = await play('containers', 'ct102', '--check')
      assert.deepEqual(predicted.changed, [`ct102 ${configured}`])
    })

    it('is repaired by a run, without a restart, so that a later restart changes nothing', async () => {
      const { exitCode, text, changed } = await play('containers', 'ct102')
      assert.equal(exitCode, 0, text)
      assert.deepEqual(changed, [`ct102 ${configured}`])
      assert.doesNotMatch(await read(102), /pve:pending/)
      const devices = await nvidiaDevices(ct102)
      await node.output('pct reboot 102')
      assert.equal(await nvidiaDevices(ct102), devices)
      assert.deepEqual((await play('containers', 'ct102')).changed, [])
    })

    it('keeps the pending changes of others', async () => {
      await addPending(102, 'delete: dev1\\nmemory: 768\\n')
      assert.deepEqual((await play('containers', 'ct102')).changed, [`ct102 ${configured}`])
      assert.match(await read(102), /\n\[pve:pending\]\nmemory: 768\n$/)
      await node.output(`sed -i '/^\\[pve:pending\\]/,$d' ${file(102)}`)
      assert.equal((await read(102)).trim(), original.trim())
    })

    it('does not get a card that is pending for it when the run restarts it', async () => {
      const other = (await nvidiaDevices(ct102)).includes('nvidia0 ') ? 'nvidia1' : 'nvidia0'
      await addPending(102, `dev9: mode=0666,path=/dev/${other}\\ndelete: dev0\\n`)
      const mode = ['-e', 'lxc_passthrough_mode=0660', '-e', 'verify_user=']
      const { exitCode, text, changed } = await play('containers', 'ct102', ...mode)
      assert.equal(exitCode, 0, text)
      assert.deepEqual(changed, [`ct102 ${configured}`, `ct102 ${restarted}`])
      assert.ok(!(await nvidiaDevices(ct102)).includes(`${other} `))
      assert.equal((await play('containers', 'ct102')).exitCode, 0)
      assert.equal((await play('verify', 'ct102')).exitCode, 0)
    })
  })

  it('whose devices have their paths last is as declared', async () => {
    await node.output(
      `sed -i 's|^\\(dev[0-9]\\): \\(/dev/nvidia[^,]*\\),\\(.*\\)$|\\1: \\3,path=\\2|' ${file(102)}`,
    )
    assert.match(await read(102), /^dev\d: .*,path=\/dev\/nvidia/m)
    assert.deepEqual((await play('containers', 'ct102')).changed, [])
    assert.equal((await play('verify', 'ct102')).exitCode, 0)
  })

  it('with a rule for every major does not get a GPU, and verify finds the rule', async () => {
    const rule = 'lxc.cgroup2.devices.allow: c *:1 rwm'
    const original = await read(101)
    await node.output(`sed -i '1i ${rule}' ${file(101)}`)
    const refused = await play('containers', 'ct101')
    assert.equal(refused.exitCode, 4, refused.text)
    assert.match(refused.text, /its device rules open GPUs that are not assigned to it/)
    const verified = await play('verify', 'ct101')
    assert.equal(verified.exitCode, 7, verified.text)
    assert.match(verified.text, /limit the rule to the devices that the container needs/)
    await node.output(`cat > ${file(101)} <<'END'\n${original}END\n`)
    assert.equal((await play('verify', 'ct101')).exitCode, 0)
  })

  it('with a rule that was removed after the start still opens the GPU: verify tries it, a run restarts it', async () => {
    const original = await read(101)
    const rule = 'lxc.cgroup2.devices.allow: c 195:* rwm'
    await node.output(`sed -i '1i ${rule}' ${file(101)} && pct reboot 101`)
    await node.output(`cat > ${file(101)} <<'END'\n${original}END\n`)
    const verified = await play('verify', 'ct101')
    assert.equal(verified.exitCode, 7, verified.text)
    assert.match(verified.text, /can create the device node \/dev\/nvidia\d of another GPU and open it/)
    assert.equal(
      (await ct101.exec("find / -xdev -name '.gpuplay.*'; find /dev -name '.gpuplay.*'")).stdout,
      '',
    )
    assert.deepEqual((await play('containers', 'ct101')).changed, [`ct101 ${restarted}`])
    assert.equal((await play('verify', 'ct101')).exitCode, 0)
    assert.deepEqual((await play('containers', 'ct101')).changed, [])
  })

  it('with rules for majors that no driver has is reported with the lines, by a dry run and by verify', async () => {
    const used = await node.output('cat /proc/devices')
    const unused = ['509', '499', '489'].find((major) => !new RegExp(`^ *${major} `, 'm').test(used))
    const rule = `lxc.cgroup2.devices.allow: c ${unused ?? ''}:* rwm`
    for (const ctid of [101, 102]) {
      const original = await read(ctid)
      await node.output(`sed -i '1i ${rule}' ${file(ctid)}`)
      const sentence = `line 1 of ${ctid}.conf (${rule}): no driver of pve1 has major ${unused ?? ''}, and after a reboot another device may get it; remove the line, then restart the container`
      for (const words of [['containers', '--check'], ['verify']] as const) {
        const [playbook, ...more] = words
        const { exitCode, text } = await play(playbook, `ct${ctid}`, ...more)
        assert.equal(exitCode, 0, text)
        assert.ok(text.includes(sentence), text)
      }
      await node.output(`cat > ${file(ctid)} <<'END'\n${original}END\n`)
    }
  })
})
