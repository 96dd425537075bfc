/**
 * Conditions that prevent the restart of a node, and a driver installed from packages, on one node of a
 * cluster of three.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { finished, outcomes } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'

const skip = whyNoLab() ?? false
const name = `node-guards-${process.pid}`
const restart = 'pve1 nvidia_host : Reboot the node to release the cards from nouveau'

describe('a node that must not be restarted or changed', { skip, timeout: 400_000 }, () => {
  let lab: Lab

  before(async () => {
    lab = await Lab.up({
      name,
      nodes: 1,
      containers: 1,
      adjust: (node) => ({ ...node, cluster: { name: 'lab', members: ['pve1', 'pve2', 'pve3'] } }),
    })
    writeFileSync(
      join(lab.instance.stateDir, 'nodes.yml'),
      '- hosts: nodes\n  roles: [runfile_cache, nvidia_host]\n',
    )
  })
  after(() => Lab.down(name))

  function play(...words: readonly string[]): Promise<Ended> {
    const { stateDir } = lab.instance
    return gpuplay(['run', join(stateDir, 'nodes.yml'), '-i', join(stateDir, 'inventory.yaml'), ...words])
  }

  function bootId(): Promise<string> {
    return lab.node('pve1').output('cat /proc/sys/kernel/random/boot_id')
  }

  /**
   * Expects that the restart is refused with this message and exit code 6, without a restart or an installed
   * driver.
   */
  async function refused(finding: RegExp, ...words: readonly string[]): Promise<void> {
    const boot = await bootId()
    const run = await play(...words)
    assert.equal(run.exitCode, 6, run.text)
    assert.equal(outcomes(run.events).get(restart), 'failed')
    assert.match(run.text, /a reboot is needed \(nouveau is loaded\), but not safe now/)
    assert.match(run.text, finding)
    assert.equal(await bootId(), boot)
    assert.notEqual((await lab.node('pve1').exec('test -e /var/lib/nvidia')).code, 0)
  }

  /** Replaces a program with one that gives this answer; returns a function that restores it. */
  async function program(called: string, answer: string): Promise<() => Promise<unknown>> {
    const file = `/usr/local/bin/${called}`
    await lab
      .node('pve1')
      .output(`printf '#!/bin/sh\\necho '"'%s'\\n" '${answer}' >${file}; chmod +x ${file}`)
    return () => lab.node('pve1').output(`rm ${file}`)
  }

  it('is not changed if Secure Boot would refuse the driver', async () => {
    const node = lab.node('pve1')
    const variable = '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c'
    await node.output(
      `mount -t tmpfs tmpfs /sys/firmware; mkdir -p ${dirname(variable)}; printf '\\006\\000\\000\\000\\001' >${variable}`,
    )
    const run = await play()
    assert.equal(run.exitCode, 4, run.text)
    assert.match(run.text, /Secure Boot is on, but no enrolled key can sign the driver/)
    assert.notEqual((await node.exec('dpkg -s dkms')).code, 0)
    await node.output('umount /sys/firmware')
  })

  it('keeps its initramfs if /boot or the EFI partition has no room for another', async () => {
    const node = lab.node('pve1')
    const image = '/boot/initrd.img-6.8.12-9-pve'
    await node.output(
      `cp -a /boot /run/boot; mount -t tmpfs -o size=64k tmpfs /boot; cp /run/boot/vmlinuz* /boot; head -c 40000 /dev/zero >${image}`,
    )
    const full = await play()
    assert.equal(full.exitCode, 4, full.text)
    assert.match(full.text, /\/boot has 1 MiB free, but a new initramfs needs 1 MiB/)
    await node.output('umount /boot')

    await node.output(`head -c 1000000 /dev/zero >${image}; echo ABCD-1234 >/etc/kernel/proxmox-boot-uuids`)
    const remove = await program('lsblk', '1048576')
    const small = await play()
    assert.equal(small.exitCode, 4, small.text)
    assert.match(
      small.text,
      /an EFI system partition has 1 MiB, but two kernels with their initramfs need 2 MiB/,
    )
    assert.notEqual((await node.exec('grep -r nouveau /etc/modprobe.d')).code, 0)
    await remove()
    await node.output(`rm /etc/kernel/proxmox-boot-uuids; : >${image}`)
  })

  it('is not restarted while packages of a driver are installed, and the message says how to remove them', async () => {
    const node = lab.node('pve1')
    await node.output(
      'rm -f /etc/apt/preferences.d/gpuplay-nvidia.pref; apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -y -q install nvidia-driver </dev/null',
    )
    const run = await play()
    assert.equal(run.exitCode, 5, run.text)
    assert.match(run.text, /an NVIDIA driver is installed from packages: [^"]*nvidia-driver/)
    assert.match(run.text, /set nvidia_host_foreign_driver: remove to purge exactly these/)
    assert.match(await node.output('dpkg -s nvidia-driver'), /^Status: install ok installed$/m)
  })

  it('is not restarted if the cluster would lose its quorum', async () => {
    const node = lab.node('pve1')
    await node.output('rm /etc/lab/quorate')
    await refused(
      /without this node, the cluster has 0 of the 2 votes that it needs/,
      '-e',
      'nvidia_host_foreign_driver=remove',
    )
    const allowed = await play('--check', '-e', 'nvidia_host_quorum=allow')
    assert.match(
      allowed.text,
      /nvidia_host_quorum: allow overrides this: without this node, the cluster has 0 of/,
    )
    assert.equal(outcomes(allowed.events).get(restart), 'changed')
    await node.output(': > /etc/lab/quorate')
  })

  it('has lost exactly the packages of the driver', async () => {
    const left = await lab
      .node('pve1')
      .output(
        "dpkg-query -W -f '${db:Status-Abbrev} ${Package}\\n' '*nvidia*' 'libcuda*' dkms 2>/dev/null || true",
      )
    assert.deepEqual(
      left
        .trim()
        .split('\n')
        .filter((line) => line.startsWith('ii')),
      ['ii  dkms'],
    )
  })

  it('is not restarted while HA manages one of its guests, and HA is not frozen if it would move the guest', async () => {
    const node = lab.node('pve1')
    await node.output("printf 'ct: 101\\n\\tstate started\\n' > /etc/pve/ha/resources.cfg")
    await refused(/HA manages guests of this node: 101/)
    await node.output(
      "printf 'node-affinity: gpu\\n\\tresources ct:101\\n\\tnodes pve1,pve2\\n' >/etc/pve/ha/rules.cfg",
    )
    await refused(/HA manages guests of this node: 101 \(rule \\"gpu\\": preferably on pve1, pve2\)/)
    await node.output("echo 'ha: shutdown_policy=migrate' > /etc/pve/datacenter.cfg")
    await refused(
      /HA would move the guests 101 .*: shutdown_policy is migrate/,
      '-e',
      'nvidia_host_ha=freeze',
    )
    await node.output('rm /etc/pve/ha/*.cfg /etc/pve/datacenter.cfg')
  })

  it('is not restarted while Ceph is not healthy, unless that is allowed or due to flags set for maintenance', async () => {
    const node = lab.node('pve1')
    await node.output("echo '[global]' >/etc/pve/ceph.conf")
    const health = (checks: Readonly<Record<string, string>>): Promise<() => Promise<unknown>> => {
      const all = Object.entries(checks).map(([code, message]) => [
        code,
        { severity: 'HEALTH_WARN', summary: { message, count: 1 }, muted: false },
      ])
      return program(
        'ceph',
        JSON.stringify({ status: 'HEALTH_WARN', checks: Object.fromEntries(all), mutes: [] }),
      )
    }
    const flags = { OSDMAP_FLAGS: 'noout,norebalance flag(s) set' }
    await health({ ...flags, OSD_DOWN: '1 osds down' })
    await refused(/Ceph is not healthy: HEALTH_WARN: 1 osds down/)
    const allowed = await play('--check', '-e', 'nvidia_host_ceph=allow')
    assert.match(allowed.text, /nvidia_host_ceph: allow overrides this: Ceph is not healthy/)
    assert.equal(outcomes(allowed.events).get(restart), 'changed')
    const remove = await health(flags)
    const flagged = await play('--check')
    assert.equal(outcomes(flagged.events).get(restart), 'changed', flagged.text)
    await remove()
    await node.output('rm /etc/pve/ceph.conf')
  })

  it('is not restarted while a backup or a replication runs, or a task of a type that gpuplay does not know', async () => {
    const node = lab.node('pve1')
    const pid = (await node.output('sleep 600 >/dev/null 2>&1 & echo $!')).trim()
    const started = (await node.output(`cut -d ' ' -f 22 /proc/${pid}/stat`)).trim()
    const hex = (number: string): string => Number(number).toString(16).toUpperCase().padStart(8, '0')
    for (const type of ['vzdump', 'vzsnapshot', 'of-tomorrow']) {
      const upid = `UPID:pve1:${hex(pid)}:${hex(started)}:68F0AAAA:${type}:101:root@pam:`
      await node.output(`mkdir -p /var/log/pve/tasks; echo '${upid} 0' >/var/log/pve/tasks/active`)
      await refused(new RegExp(`a task is running: ${type} of 101`))
    }
    await node.output('rm /var/log/pve/tasks/active; mkdir -p /var/lib/pve-manager')
    const state = `{"101":{"local/pve2":{"pid":${pid},"ptime":${started}}}}`
    await node.output(`echo '${state}' >/var/lib/pve-manager/pve-replication-state.json`)
    await refused(/a task is running: replication of 101 to pve2/)
    await node.output(`kill ${pid}`)
  })

  it('keeps its restart pending if there is no terminal for the question', async () => {
    const node = lab.node('pve1')
    const boot = await bootId()
    // A VM that was killed leaves its pid file; another process may have the pid.
    await node.output(
      'echo "name: killed" >/etc/pve/qemu-server/900.conf; mkdir -p /run/qemu-server; echo 1 >/run/qemu-server/900.pid',
    )
    const run = await play('-e', 'nvidia_host_reboot=ask')
    assert.equal(run.exitCode, 0, run.text)
    assert.match(run.text, /REBOOT PENDING: nouveau is loaded\. It stops CT 101 \(ct101\)\./)
    await node.output('rm /etc/pve/qemu-server/900.conf')
    assert.equal(await bootId(), boot)
  })

  it('is restarted and gets its driver when nothing prevents it', async () => {
    const boot = await bootId()
    const run = await play()
    assert.equal(run.exitCode, 0, run.text)
    assert.notEqual(await bootId(), boot)
    assert.equal(await lab.node('pve1').output('cat /sys/module/nvidia/version'), '580.95.05\n')
    assert.equal(await lab.node('pve1').output('pct status 101'), 'status: running\n')
    assert.equal(finished((await play()).events)?.hosts['pve1']?.changed, 0)
  })

  it('loses packages that were installed in addition to its driver, and keeps the driver', async () => {
    const node = lab.node('pve1')
    const pinned = await node.exec('apt-get -s install libcuda1')
    assert.match(pinned.stdout + pinned.stderr, /has no installation candidate/)
    await node.output(
      'rm /etc/apt/preferences.d/gpuplay-nvidia.pref; DEBIAN_FRONTEND=noninteractive apt-get -y -q install nvidia-smi libcuda1 </dev/null',
    )
    const told = await play()
    assert.equal(told.exitCode, 5, told.text)
    assert.match(told.text, /presence of an alternate driver installation/)
    assert.match(told.text, /driver packages are installed as well: libcuda1/)
    const run = await play('-e', 'nvidia_host_foreign_driver=remove')
    assert.equal(run.exitCode, 0, run.text)
    assert.match(await node.output('nvidia-smi'), /580\.95\.05/)
    assert.notEqual((await node.exec('dpkg -s libcuda1 2>/dev/null | grep -q "ok installed"')).code, 0)
    assert.equal(finished((await play()).events)?.hosts['pve1']?.changed, 0)
  })
})
