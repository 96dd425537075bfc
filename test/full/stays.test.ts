/**
 * No container that ran stays down: drivers are exchanged on a node with two running containers, and something goes wrong. Each test
 * starts with driver 580.95.05 and wants 590.48.01.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { after, before, beforeEach, describe, it, test } from 'node:test'
import { parse } from 'yaml'
import { lockContainer } from '../lab/faults.ts'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { eventsOf } from '../whole/support/events.ts'
import { type Ended, gpuplay, root, start } from '../whole/support/gpuplay.ts'
import { inventoryOf } from '../whole/support/site-runs.ts'
import { problemsOf, rolesRun } from './support/roles-play.ts'

const name = `stays-${process.pid}`
const old = '580.95.05'
const wanted = '590.48.01'
const exchange = ['-e', `nvidia_driver_version=${wanted}`] as const
/** Entries for containers that gpuplay stopped and has not started yet. */
const owed = 'ls /var/lib/gpuplay/v1/guests-to-start 2>/dev/null | tr "\\n" " "'

test('the time limits of the roles have their documented defaults', () => {
  for (const [name, value] of [
    ['nvidia_host_shutdown_timeout', 120],
    ['nvidia_host_force_stop', false],
    ['nvidia_host_lock_timeout', 60],
    ['nvidia_host_reboot_timeout', 900],
    ['nvidia_host_install_timeout', 3600],
    ['lxc_passthrough_shutdown_timeout', 120],
    ['lxc_passthrough_force_stop', false],
  ] as const) {
    const role = name.startsWith('nvidia_host') ? 'nvidia_host' : 'lxc_passthrough'
    const defaults: Readonly<Record<string, unknown>> = parse(
      readFileSync(join(root, `roles/${role}/defaults/main.yml`), 'utf8'),
    )
    assert.equal(defaults[name], value)
  }
})

describe('a container that ran', { skip: whyNoLab() ?? false, timeout: 900_000 }, () => {
  let lab: Lab
  let words: ReturnType<typeof rolesRun>

  before(async () => {
    lab = await Lab.up({ name, nodes: 1, containers: 2 })
    words = rolesRun(lab, { nodes: 'runfile_cache, nvidia_host', containers: 'lxc_passthrough' })
    const run = await gpuplay(words())
    assert.equal(run.exitCode, 0, problemsOf(run))
    await lab.save('old')
  })
  after(() => Lab.down(name))
  beforeEach(async () => {
    await lab.restore('old')
    assert.equal(await states(), 'running running')
  })

  function node(command: string): Promise<string> {
    return lab.node('pve1').output(command)
  }

  async function states(): Promise<string> {
    const printed = await node('pct status 101; pct status 102')
    return printed.trim().replaceAll('status: ', '').replaceAll('\n', ' ')
  }

  async function loaded(): Promise<string> {
    return (await node('cat /sys/module/nvidia/version 2>/dev/null || true')).trim()
  }

  /** The first process of a container: the same if the container was not stopped. */
  async function init(ctid: number): Promise<string> {
    return node(`lxc-info -n ${ctid} -pH`)
  }

  /** Expects that the run has failed with this message, and that both containers run again with this driver. */
  async function failedAndBack(run: Ended, message: RegExp, driver: string): Promise<void> {
    assert.notEqual(run.exitCode, 0, problemsOf(run))
    assert.match(problemsOf(run), message)
    assert.equal(await states(), 'running running', problemsOf(run))
    assert.equal(await loaded(), driver)
    assert.equal(await node(owed), '')
  }

  it('is not stopped while another container of the exchange is locked', async () => {
    const before = await init(101)
    await lockContainer(lab.container(102), 'backup')
    const run = await gpuplay(words(...exchange, '-e', 'nvidia_host_lock_timeout=2'))
    await failedAndBack(run, /container 102 is locked \(lock: backup\)/, old)
    assert.equal(await init(101), before)
    await lockContainer(lab.container(102), undefined)
    const next = await gpuplay(words(...exchange))
    assert.equal(next.exitCode, 0, problemsOf(next))
    assert.equal(await loaded(), wanted)
  })

  it('is started again if another one does not stop in time, and so is that one when it has stopped', async () => {
    const unit = '[Service]\\nExecStart=/bin/sleep infinity\\nExecStop=/bin/sleep 8\\nTimeoutStopSec=60\\n'
    const slow = `printf '${unit}' >/etc/systemd/system/slow.service; systemctl daemon-reload; systemctl start slow`
    const made = await lab.container(102).exec(slow)
    assert.equal(made.code, 0, made.stderr)
    const run = await gpuplay(words(...exchange, '-e', 'nvidia_host_shutdown_timeout=2'))
    await failedAndBack(run, /cannot shut down container 102/, old)
    const again = await lab.container(102).exec('systemctl start slow')
    assert.equal(again.code, 0, again.stderr)
    const next = await gpuplay(words(...exchange))
    assert.equal(next.exitCode, 0, problemsOf(next))
    assert.equal(await loaded(), wanted)
    assert.equal(await states(), 'running running')
  })

  it('is killed only if that is asked for', async () => {
    const unit = '[Service]\\nExecStart=/bin/sleep infinity\\nExecStop=/bin/sleep 600\\nTimeoutStopSec=900\\n'
    const stuck = `printf '${unit}' >/etc/systemd/system/slow.service; systemctl daemon-reload; systemctl start slow`
    assert.equal((await lab.container(102).exec(stuck)).code, 0)
    const forced = ['-e', 'nvidia_host_shutdown_timeout=2', '-e', 'nvidia_host_force_stop=true']
    const run = await gpuplay(words(...exchange, ...forced))
    assert.equal(run.exitCode, 0, problemsOf(run))
    assert.equal(await loaded(), wanted)
    assert.equal(await states(), 'running running')
  })

  const moments: readonly (readonly [string, string])[] = [
    ['the first has stopped', 'pct status 101 | grep -q stopped'],
    ['both have stopped', 'pct status 101 | grep -q stopped && pct status 102 | grep -q stopped'],
    ['the old driver is unloaded', '[ ! -d /sys/module/nvidia ]'],
    ['the new driver is loaded', `grep -qx ${wanted} /sys/module/nvidia/version 2>/dev/null`],
    [
      'the first has started again',
      `grep -qx ${wanted} /sys/module/nvidia/version 2>/dev/null && pct status 101 | grep -q running`,
    ],
  ]
  for (const [moment, condition] of moments) {
    it(`runs again after a run that was killed when ${moment}`, async () => {
      const run = await start(words(...exchange))
      const wait = `for i in $(seq 2000); do if ${condition}; then exit 0; fi; sleep 0.03; done; exit 1`
      const reached = await lab.node('pve1').exec(wait)
      run.signal('SIGKILL')
      const { text } = await run.ended
      assert.equal(reached.code, 0, text.slice(-3000))
      // A run that wants neither this driver nor any change of containers, as far as it can.
      const next = await gpuplay(
        words('-l', 'pve1', '-e', `nvidia_driver_version=${(await loaded()) || old}`),
      )
      assert.equal(await states(), 'running running', problemsOf(next))
      assert.equal(await node(owed), '')
      const last = await gpuplay(words(...exchange))
      assert.equal(last.exitCode, 0, problemsOf(last))
      assert.equal(await states(), 'running running', problemsOf(last))
      assert.equal(await loaded(), wanted)
      assert.equal(await node(owed), '')
    })
  }

  it('runs again with the old driver if the new one cannot be loaded', async () => {
    const refuses = `#!/bin/sh
if [ "$1" = nvidia ] && [ "$(modinfo -F version nvidia)" = ${wanted} ]; then
	echo "modprobe: ERROR: could not insert 'nvidia': No such device" >&2
	exit 1
fi
exec /usr/sbin/modprobe "$@"
`
    const file = join(lab.instance.stateDir, 'modprobe')
    writeFileSync(file, refuses)
    const encoded = Buffer.from(refuses).toString('base64')
    await node(`echo ${encoded} | base64 -d >/usr/local/sbin/modprobe; chmod +x /usr/local/sbin/modprobe`)
    const run = await gpuplay(words(...exchange))
    await failedAndBack(run, /could not insert 'nvidia': No such device[^]*driver 580\.95\.05 is back/, old)
    assert.match(await node('nvidia-smi'), /580\.95\.05/)
    assert.match(await node('dkms status'), /^nvidia\/580\.95\.05, \S+ x86_64: installed$/m)
    await node('rm /usr/local/sbin/modprobe')
    const next = await gpuplay(words(...exchange))
    assert.equal(next.exitCode, 0, problemsOf(next))
    assert.equal(await loaded(), wanted)
  })

  it('keeps its driver if the installation fails after it has removed the old one', async () => {
    // A file where the installer creates a directory.
    await node(`: >/usr/src/nvidia-${wanted}`)
    const run = await gpuplay(words(...exchange))
    await failedAndBack(run, /driver 580\.95\.05 is back/, old)
    const logs = eventsOf(run.events, 'program.log').map(({ path, text }) => [basename(path), text] as const)
    assert.deepEqual(
      logs.map(([name]) => name),
      ['nvidia-installer.log.failed', 'nvidia-installer.log'],
    )
    assert.match(logs[0]?.[1] ?? '', /ERROR: /)
    assert.doesNotMatch(logs[1]?.[1] ?? '', /ERROR/)
    assert.match(await node('nvidia-smi'), /580\.95\.05/)
    assert.match(await node('dkms status'), /^nvidia\/580\.95\.05, \S+ x86_64: installed$/m)
    assert.equal((await gpuplay(words())).exitCode, 0)
  })

  it('is started by the next run if it could not be started', async () => {
    const lowers = '/var/lib/vz/images/101/lowers'
    await node(`sed -i 's/mode=0666/mode=0660/' /etc/pve/lxc/101.conf; mv ${lowers} ${lowers}.gone`)
    const run = await gpuplay(words('-l', 'ct101', '-e', 'lxc_passthrough_mode="0660"'))
    assert.equal(run.exitCode, 6, problemsOf(run))
    assert.equal(await states(), 'stopped running')
    const still = await gpuplay(words('-l', 'ct101', '-e', 'lxc_passthrough_mode="0660"'))
    assert.equal(still.exitCode, 6, problemsOf(still))
    await node(`mv ${lowers}.gone ${lowers}`)
    const next = await gpuplay(words('-l', 'ct101', '-e', 'lxc_passthrough_mode="0660"'))
    assert.equal(next.exitCode, 0, problemsOf(next))
    assert.equal(await states(), 'running running')
    assert.equal(await node(owed), '')
  })

  it('is named while it is stopped and its user space is older than the module', async () => {
    const file = join(lab.instance.stateDir, 'userspace.yml')
    writeFileSync(file, '- hosts: containers\n  roles: [lxc_userspace_driver]\n')
    const installed = await gpuplay(['run', file, '-i', inventoryOf(lab), '-l', 'ct102'])
    assert.equal(installed.exitCode, 0, problemsOf(installed))
    assert.equal(await node('cat /var/lib/gpuplay/v1/userspace/102'), `${old}\n`)
    await node('pct shutdown 102')
    const run = await gpuplay(words(...exchange))
    assert.equal(run.exitCode, 0, problemsOf(run))
    assert.match(
      problemsOf(run),
      /container 102 is stopped: its user space stays 580\.95\.05, the module becomes 590/,
    )
    assert.equal(await states(), 'running stopped')
    const verify = await gpuplay([
      'run',
      'playbooks/verify.yml',
      '-i',
      inventoryOf(lab),
      '-l',
      'ct102',
      ...exchange,
    ])
    assert.equal(verify.exitCode, 0, problemsOf(verify))
    assert.match(verify.text, /OLD USER SPACE 580\.95\.05, module 590\.48\.01/)
    await node('pct start 102')
    const journal = await node('journalctl -q --no-pager -t nvidia-driver')
    assert.match(journal, /container 102: user space 580\.95\.05, module 590\.48\.01: run containers\.yml/)
  })

  it('finds nvidia-persistenced running after an exchange, and the new driver in the initramfs', async () => {
    const unit = '[Service]\\nType=forking\\nExecStart=/usr/bin/nvidia-persistenced\\n'
    await node(
      `printf '${unit}' >/etc/systemd/system/nvidia-persistenced.service; systemctl daemon-reload; systemctl stop gpuplay-nvidia-persistenced; systemctl start nvidia-persistenced`,
    )
    const daemon = async (): Promise<string> =>
      (await node('systemctl is-active nvidia-persistenced || true')).trim()
    assert.equal(await daemon(), 'active')
    await node(
      'mkdir -p /etc/initramfs-tools; echo nvidia >/etc/initramfs-tools/modules; update-initramfs -u -k all',
    )
    const image = 'lsinitramfs /boot/initrd.img-*'
    assert.match(await node(`${image}; cat /boot/initrd.img-*`), /\/nvidia\.ko\n[^]*nvidia\.ko 580\.95\.05/)
    const run = await gpuplay(words(...exchange))
    assert.equal(run.exitCode, 0, problemsOf(run))
    assert.equal(await loaded(), wanted)
    const journal = await node('journalctl -q --no-pager -u nvidia-persistenced')
    assert.equal(await daemon(), 'active', journal)
    const images = await node('cat /boot/initrd.img-*')
    assert.match(images, /590\.48\.01/)
    assert.doesNotMatch(images, /580\.95\.05/)
  })
})
