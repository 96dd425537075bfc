/**
 * Nodes whose `pct` and /etc/pve behave in every respect as Proxmox VE's own: no quorum, starts and shutdowns that fail,
 * an older version, files that are not UTF-8, templates.
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { template } from '../lab/containers.ts'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { keysOf, outcomes } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { inventoryOf } from '../whole/support/site-runs.ts'
import { problemsOf, rolesRun } from './support/roles-play.ts'

const name = `exact-pct-${process.pid}`
const configured = "ct102 lxc_passthrough : Pass the GPUs' device nodes to the container"
const owed = 'ls /var/lib/gpuplay/v1/guests-to-start 2>/dev/null | tr "\\n" " "'

describe('a node with the exact pct', { skip: whyNoLab() ?? false, timeout: 900_000 }, () => {
  let lab: Lab
  let words: ReturnType<typeof rolesRun>

  before(async () => {
    const cluster = { name: 'prod', members: ['pve1', 'pve2', 'pve3'] }
    lab = await Lab.up({
      name,
      nodes: 2,
      containers: 2,
      adjust: (node) => {
        const exact = { ...node, exactPct: true }
        return node.name === 'pve1' ? { ...exact, cluster } : { ...exact, pveVersion: '8.0.4' }
      },
    })
    words = rolesRun(lab, { nodes: 'runfile_cache, nvidia_host', containers: 'lxc_passthrough' })
    const run = await gpuplay(words())
    assert.equal(run.exitCode, 0, problemsOf(run))
    await lab.save('old')
  })
  after(() => Lab.down(name))
  beforeEach(() => lab.restore('old'))

  const node = (command: string): Promise<string> => lab.node('pve1').output(command)
  const config = (ctid: number): Promise<string> => node(`cat /etc/pve/lxc/${ctid}.conf`)
  const containers = (...more: readonly string[]): Promise<Ended> => gpuplay(words('-l', 'ct102', ...more))
  /** Another mode of the device nodes: the container is configured and restarted. */
  const change = ['-e', 'lxc_passthrough_mode="0660"'] as const

  it('without quorum is not changed, and the message names the quorum', async () => {
    const old = await config(102)
    await node('rm /etc/lab/quorate')
    const run = await containers(...change)
    assert.equal(run.exitCode, 4, problemsOf(run))
    assert.match(problemsOf(run), /does not change \/etc\/pve, because its cluster has no quorum/)
    assert.match(problemsOf(run), /`pvecm status` on the node shows which members are missing/)
    assert.doesNotMatch(run.text, /become/)
    assert.equal(await config(102), old)
    assert.equal(await node('pct status 102'), 'status: running\n')
    await node(': >/etc/lab/quorate')
    assert.equal((await containers(...change)).exitCode, 0)
  })

  it('shows why a container does not start, and starts it once that is corrected', async () => {
    const entry = 'lxc.mount.entry: /srv/gone srv none bind,create=dir 0 0'
    await node(`text=$(echo '${entry}'; cat /etc/pve/lxc/102.conf) && echo "$text" >/etc/pve/lxc/102.conf`)
    const run = await containers(...change)
    assert.equal(run.exitCode, 6, problemsOf(run))
    assert.match(problemsOf(run), /cannot restart container 102: .*startup for container '102' failed/)
    assert.match(problemsOf(run), /\(stdout: safe_mount: .*\/srv\/gone/)
    assert.match(problemsOf(run), /run on the node: pct start 102 --debug/)
    await node(`text=$(sed '/gone/d' /etc/pve/lxc/102.conf) && echo "$text" >/etc/pve/lxc/102.conf`)
    const next = await containers(...change)
    assert.equal(next.exitCode, 0, problemsOf(next))
    assert.equal(await node('pct status 102'), 'status: running\n')
  })

  it('waits twice the time limit for a shutdown that fails, and the container runs again', async () => {
    const unit = '[Service]\\nExecStart=/bin/sleep infinity\\nExecStop=/bin/sleep 20\\nTimeoutStopSec=60\\n'
    const slow = `printf '${unit}' >/etc/systemd/system/slow.service; systemctl daemon-reload; systemctl start slow`
    await lab.container(102).output(slow)
    const began = Date.now()
    const run = await containers(...change, '-e', 'lxc_passthrough_shutdown_timeout=4')
    assert.equal(run.exitCode, 6, problemsOf(run))
    assert.ok(Date.now() - began > 13_000, 'pct returns after 2 * 4 + 5 s')
    assert.match(problemsOf(run), /cannot restart container 102/)
    assert.doesNotMatch(problemsOf(run), /timed-out/)
    assert.equal(await node('pct status 102'), 'status: running\n')
    assert.equal(await node(owed), '')
  })

  it('keeps bytes of a configuration that are not UTF-8', async () => {
    const path = '/etc/pve/lxc/102.conf'
    await node(`{ printf '#caf\\351\\n'; cat ${path}; } >/root/102.conf && cat /root/102.conf >${path}`)
    assert.deepEqual(keysOf(outcomes((await containers()).events), 'changed'), [])
    for (const more of [['--check'], []]) {
      const run = await containers(...change, ...more)
      assert.equal(run.exitCode, 4, problemsOf(run))
      assert.match(problemsOf(run), /line 1 of \/etc\/pve\/lxc\/102\.conf has bytes that are not UTF-8/)
      await node(`cmp /root/102.conf ${path}`)
    }
    await node(`text=$(sed 1d ${path}) && { printf '#caf\\303\\251\\n'; echo "$text"; } >${path}`)
    const run = await containers(...change)
    assert.ok(keysOf(outcomes(run.events), 'changed').includes(configured), problemsOf(run))
    assert.match(await config(102), /^#café$/m)
  })

  it('gives a new container its GPU, whatever it has recorded of a destroyed one with the same number', async () => {
    const note = '/var/lib/gpuplay/v1/assignments/102'
    assert.match(await node(`cat ${note}`), /^index 1 0000:41:00\.0$[^]*^mac /m)
    await node(`sed -i 's/^index 1 .*/index 1 0000:01:00.0/' ${note}`)
    const moved = await containers('--check')
    assert.match(problemsOf(moved), /GPU 1 of pve1 is now 0000:41:00\.0, but was 0000:01:00\.0/)
    await node(`pct stop 102; pct destroy 102; pct create 102 ${template} --hostname ct102 --rootfs local:8 \
      --unprivileged 1 --net0 name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:99,ip=dhcp`)
    const run = await containers()
    assert.equal(run.exitCode, 0, problemsOf(run))
    assert.match(await config(102), /^dev\d+: \/dev\/nvidia1,/m)
    assert.match(await node(`cat ${note}`), /^index 1 0000:41:00\.0$[^]*^mac BC:24:11:00:00:99$/m)
  })

  it('exchanges its driver although a template has a GPU; one that stays loaded is no mystery', async () => {
    await node(`pct create 110 ${template} --hostname golden --rootfs local:8 --unprivileged 1 &&
      echo 'dev0: /dev/nvidia0,mode=0666' >>/etc/pve/lxc/110.conf && pct template 110`)
    assert.match(await config(110), /^template: 1$/m)
    await node('ln -s /bin/sleep /tmp/gpu-load; setsid /tmp/gpu-load 600 </dev/null >/dev/null 2>&1 &')
    const exchange = ['-l', 'pve1,ct101,ct102', '-e', 'nvidia_driver_version=590.48.01'] as const
    const run = await gpuplay(words(...exchange, '-e', 'nvidia_host_reboot=never'))
    assert.equal(run.exitCode, 0, problemsOf(run))
    assert.match(run.text, /REBOOT PENDING/)
    assert.doesNotMatch(problemsOf(run), /; predicted: /)
    assert.equal(await node('cat /sys/module/nvidia/version'), '580.95.05\n')
    await node('pkill gpu-load; rm /run/gpuplay/nvidia-reload-failed')
    const next = await gpuplay(words(...exchange))
    assert.equal(next.exitCode, 0, problemsOf(next))
    assert.equal(await node('cat /sys/module/nvidia/version'), '590.48.01\n')
  })

  it('of Proxmox VE 8.0 gives its containers GPUs, and they are reached with an environment of their own', async () => {
    const old = lab.node('pve2')
    assert.match((await old.exec('pct exec 201 --keep-env 0 -- true')).stderr, /^Unknown option: keep-env$/m)
    assert.match(await old.output('cat /etc/pve/lxc/201.conf'), /^lxc\.mount\.entry: \/dev\/nvidia1 /m)
    const file = join(lab.instance.stateDir, 'inside.yml')
    writeFileSync(
      file,
      '- hosts: ct201\n  gather_facts: false\n  tasks:\n    - shell: env >/root/environment\n',
    )
    const run = await gpuplay(['run', file, '-i', inventoryOf(lab)])
    assert.equal(run.exitCode, 0, run.text)
    const environment = await old.output('pct exec 201 -- cat /root/environment')
    assert.match(environment, /^container=lxc$/m)
    assert.doesNotMatch(environment, /^SSH_/m)
    // After a reboot, the major of nvidia-uvm may be another one.
    const again = await gpuplay(words('-l', 'ct201,ct202'))
    assert.equal(again.exitCode, 0, problemsOf(again))
  })
})
