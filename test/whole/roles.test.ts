/** The roles on hosts that have drifted or whose declaration has changed: their changes and refusals. */
import assert from 'node:assert/strict'
import { before, beforeEach, describe, it } from 'node:test'
import type { LabContainer, LabNode } from '../lab/host.ts'
import type { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { eventsOf, keysOf, outcomes, spans } from './support/events.ts'
import { gpuplay, type Ended } from './support/gpuplay.ts'
import { doneLab, inventoryOf } from './support/site-runs.ts'

const site = 'playbooks/site.yml'
const containers = 'playbooks/containers.yml'
const verify = 'playbooks/verify.yml'

const configured = "lxc_passthrough : Pass the GPUs' device nodes to the container"
const restarted = 'lxc_passthrough : Restart the container if its devices have changed'
const userspace = 'lxc_userspace_driver : Install the user-space driver that matches the node'
const toolkit = 'cuda_toolkit : Install the CUDA toolkit'

describe('the roles', { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  let lab: Lab
  let node: LabNode
  /** Privileged, with the toolkit. */
  let ct101: LabContainer
  /** Unprivileged. */
  let ct102: LabContainer

  async function begin(): Promise<void> {
    lab = await doneLab()
    node = lab.node('pve1')
    ct101 = lab.container(101)
    ct102 = lab.container(102)
  }

  const start = (words: readonly string[], output: 'plain' | 'jsonl'): Promise<Ended> =>
    gpuplay(['run', ...words, '-i', inventoryOf(lab)], { output })

  /** Expects success; returns the tasks that changed something, as `HOST ROLE : NAME`. */
  async function changes(
    playbook: string,
    limit: string,
    ...words: readonly string[]
  ): Promise<readonly string[]> {
    const { exitCode, text, events } = await start([playbook, '-l', limit, ...words], 'jsonl')
    assert.equal(exitCode, 0, text)
    return keysOf(outcomes(events), 'changed')
  }

  /** Expects this exit code and these texts; returns the output. */
  async function said(
    words: readonly string[],
    code: number,
    ...sentences: readonly RegExp[]
  ): Promise<string> {
    const { exitCode, text } = await start(words, 'plain')
    assert.equal(exitCode, code, text)
    for (const sentence of sentences) assert.match(text, sentence)
    return text
  }

  const config = (ctid: number): Promise<string> => node.output(`cat /etc/pve/lxc/${ctid}.conf`)

  /** The lines of the configuration's current section that give the container NVIDIA's devices. */
  async function gpuLines(ctid: number): Promise<readonly string[]> {
    const [own = ''] = (await config(ctid)).split(/^\[/m)
    const lines = own.split('\n')
    return lines.filter(
      (line) => /^(dev\d+|lxc\.mount\.entry): .*nvidia/.test(line) || /allow: c /.test(line),
    )
  }

  async function visible(container: LabContainer): Promise<readonly (string | undefined)[]> {
    const { stdout } = await container.exec('nvidia-smi -L')
    return [...stdout.matchAll(/UUID: (GPU-[0-9a-f-]+)/g)].map(([, uuid]) => uuid)
  }

  async function isClosed(container: LabContainer, minor: number): Promise<boolean> {
    const forge = `mknod /root/forged c 195 ${minor} && head -c 1 /root/forged; rm -f /root/forged`
    return (await container.exec(forge)).stderr.includes('Operation not permitted')
  }

  const uuids = (): readonly string[] => node.spec.gpus.map(({ uuid }) => uuid)

  describe('change the GPUs of a container:', () => {
    before(begin)

    it('to another index, without the lines of the old one, after one restart', async () => {
      const changed = await changes(containers, 'ct101', '-e', 'gpu_assignment=1')
      assert.deepEqual(changed, [`ct101 ${configured}`, `ct101 ${restarted}`])
      const lines = (await gpuLines(101)).join('\n')
      assert.match(lines, /\/dev\/nvidia1,/)
      assert.doesNotMatch(lines, /\/dev\/nvidia0/)
      assert.deepEqual(await visible(ct101), [uuids()[1]])
      assert.ok(await isClosed(ct101, 0))
      assert.deepEqual(await changes(containers, 'ct101', '-e', 'gpu_assignment=1'), [])
    })

    it('to none', async () => {
      assert.deepEqual(await changes(containers, 'ct101', '-e', 'gpu_assignment=none'), [
        `ct101 ${configured}`,
        `ct101 ${restarted}`,
      ])
      assert.deepEqual(await gpuLines(101), [])
      assert.deepEqual(await visible(ct101), [])
      assert.ok((await isClosed(ct101, 0)) && (await isClosed(ct101, 1)))
    })

    it('to all', async () => {
      await changes(containers, 'ct101', '-e', 'gpu_assignment=all')
      assert.deepEqual(await visible(ct101), uuids())
    })

    it('to one by its UUID', async () => {
      await changes(containers, 'ct101', '-e', `gpu_assignment=${uuids()[0]}`)
      assert.deepEqual(await visible(ct101), [uuids()[0]])
      assert.ok(await isClosed(ct101, 1))
    })

    it('but refuse one that does not exist, listing the existing ones', async () => {
      const text = await said(
        [containers, '-l', 'ct101', '-e', 'gpu_assignment=7'],
        2,
        /^  error: pve1 has no GPU 7$/m,
      )
      for (const [index, { pci, uuid, model }] of node.spec.gpus.entries())
        assert.ok(text.includes(`${index} (${pci}, ${uuid}, ${model})`), text)
    })
  })

  describe('keep foreign parts of a configuration:', () => {
    before(begin)

    it('while they change devN to raw LXC lines and back, with exact minors and the majors of this boot', async () => {
      await changes(containers, 'ct102', '-e', 'lxc_passthrough_style=lxc')
      const major = (await node.output(`awk '$2 == "nvidia-uvm" { print $1 }' /proc/devices`)).trim()
      const entries = [
        [`195:255`, 'nvidiactl'],
        [`${major}:0`, 'nvidia-uvm'],
        [`${major}:1`, 'nvidia-uvm-tools'],
        [`195:1`, 'nvidia1'],
      ]
      assert.deepEqual(
        await gpuLines(102),
        entries.flatMap(([number, name]) => [
          `lxc.cgroup2.devices.allow: c ${number} rw`,
          `lxc.mount.entry: /dev/${name} dev/${name} none bind,create=file 0 0`,
        ]),
      )
      assert.deepEqual(await visible(ct102), [uuids()[1]])
      await changes(containers, 'ct102')
      const names = ['nvidiactl', 'nvidia-uvm', 'nvidia-uvm-tools', 'nvidia1']
      assert.deepEqual(
        await gpuLines(102),
        names.map((name, index) => `dev${index}: /dev/${name},gid=0,mode=0666,uid=0`),
      )
    })

    it('comments, foreign devices and snapshots, byte for byte', async () => {
      const foreign = [
        'lxc.cgroup2.devices.allow: c 226:128 rw',
        'lxc.mount.entry: /dev/null dev/lab-null none bind,optional,create=file 0 0',
      ]
      const comments = ['#The one of the cellar.', '#Ask before it is restarted%3A Ann']
      const snapshot = [
        '[before]',
        '#taken when all was well',
        'arch: amd64',
        'dev0: /dev/nvidia0',
        'hostname: ct102',
        'rootfs: local:102/vm-102-disk-0.raw,size=8G',
        'snaptime: 1700000000',
        'lxc.cgroup2.devices.allow: c 195:0 rw',
        'lxc.mount.entry: /dev/nvidia0 dev/nvidia0 none bind,create=file 0 0',
        '',
      ]
      const old = (await config(102)).trimEnd().split('\n')
      const text = [...comments, ...old, ...foreign, '', ...snapshot].join('\n')
      await node.output('cat >/etc/pve/lxc/102.conf', { input: text })
      const before = await config(102)
      await changes(containers, 'ct102', '-e', 'gpu_assignment=0')
      const after = await config(102)
      assert.match(after, /^dev3: \/dev\/nvidia0,gid=0,mode=0666,uid=0$/m)
      const others = (config: string): readonly string[] => {
        const [own = '', ...sections] = config.split(/^(?=\[)/m)
        return [own.replaceAll(/^dev\d: \/dev\/nvidia.*\n/gm, ''), ...sections]
      }
      assert.deepEqual(others(after), others(before))
      assert.ok(after.endsWith(snapshot.join('\n')), after)
      assert.deepEqual(await visible(ct102), [uuids()[0]])
    })

    it('the state of a stopped container, which is configured and not started', async () => {
      await node.output('pct stop 102')
      await said(
        [containers, '-l', 'ct102', '-e', 'gpu_assignment=1'],
        0,
        /^ok +ct102  lxc_passthrough : Restart .*\n +the container is configured, but stays stopped$/m,
        /^ +user-space driver pending: the container is stopped$/m,
      )
      assert.match(await config(102), /^dev3: \/dev\/nvidia1,/m)
      assert.equal(await node.output('pct status 102'), 'status: stopped\n')
      await said([verify, '-l', 'ct102', '-e', 'gpu_assignment=1'], 0, /^ +ct102 102 .* STOPPED$/m)
    })
  })

  describe('correct drift:', () => {
    beforeEach(begin)

    it('another version of the user-space driver, found by verify and replaced', async () => {
      const version = '570.124.06'
      const file = `NVIDIA-Linux-x86_64-${version}.run`
      const address = `https://us.download.nvidia.com/XFree86/Linux-x86_64/${version}/${file}`
      await node.output(`cd /root && curl -fsSO ${address} && pct push 102 ${file} /root/${file}`)
      const flags = '--silent --no-kernel-module --no-nouveau-check --no-nvidia-modprobe --no-x-check'
      await ct102.output(`nvidia-uninstall --silent; sh /root/${file} ${flags}; rm /root/${file}`)
      await said(
        [verify, '-l', 'ct101,ct102'],
        7,
        /^FAILED ct102 \(CT 102 on pve1\): 1 finding$/m,
        /^ 1 user-space driver 570\.124\.06, kernel module 580\.95\.05 \(nvidia-smi exit 18\)\n   cause  the node was upgraded, but this container was not\n   fix    gpuplay run containers\.yml -i \S+ -l ct102$/m,
        /^  ct102 102 +580\.95\.05  570\.124\.06 .* DRIFT user space older than module$/m,
        /^  ct101 101 .* ok$/m,
        /^1 problem$/m,
      )
      assert.deepEqual(await changes(containers, 'ct102'), [`ct102 ${userspace}`])
      assert.deepEqual(await changes(verify, 'ct101,ct102'), [])
    })

    it('contradictory apt sources for CUDA, keeping a copy', async () => {
      const old = '/etc/apt/sources.list.d/old.list'
      const source =
        'deb [signed-by=/usr/share/keyrings/other.gpg] https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64/ /'
      await ct101.output(`apt-get -y -qq purge cuda-toolkit-12-8; echo '${source}' >${old}`)
      assert.match((await ct101.exec('apt-get update')).stderr, /Conflicting values set for option Signed-By/)
      assert.deepEqual(await changes(containers, 'ct101'), [`ct101 ${toolkit}`])
      await ct101.output('apt-get -qq update')
      assert.match(await ct101.output('bash -lc "nvcc --version"'), /release 12\.8/)
      assert.equal(await ct101.output('cat /var/lib/gpuplay/v1/backups/*old.list*'), `${source}\n`)
    })

    it('a driver that was installed from packages: refused, or purged with permission', async () => {
      await ct102.output(
        'nvidia-uninstall --silent; rm /etc/apt/preferences.d/*; apt-get -y -qq install nvidia-smi libcuda1',
      )
      await said(
        [containers, '-l', 'ct102'],
        5,
        /^  error: container 102 has a driver from packages, which conflicts with one from a \.run: libcuda1, libnvidia-ml1, nvidia-installer-cleanup, nvidia-smi$/m,
        /^    help: remove them yourself, set lxc_userspace_driver_foreign: remove to purge exactly these, or /m,
      )
      await ct102.output('dpkg -s libcuda1 nvidia-smi')
      assert.deepEqual(await changes(containers, 'ct102', '-e', 'lxc_userspace_driver_foreign=remove'), [
        `ct102 ${userspace}`,
      ])
      assert.equal((await ct102.exec('dpkg -s libcuda1')).code, 1)
      assert.deepEqual(await changes(verify, 'ct102'), [])
    })

    it('device nodes that a user of the container cannot open, found by verify', async () => {
      await changes(containers, 'ct102', '-e', 'lxc_passthrough_mode=0600')
      const closed =
        /1 nvidia-smi exits with status 4 for the user nobody: no permission to open the device nodes\n +cause +other users may not open the device nodes: see lxc_passthrough_mode$/m
      await said([verify, '-l', 'ct102'], 7, closed)
      // With root as the user, the verification succeeds.
      assert.deepEqual(await changes(verify, 'ct102', '-e', 'verify_user='), [])
      await changes(containers, 'ct102')
      assert.deepEqual(await changes(verify, 'ct102'), [])
    })
  })

  it('replace the driver of a node and its containers without restarting the node', async () => {
    await begin()
    const boot = await node.bootId()
    const version = ['-e', 'nvidia_driver_version=590.48.01']
    const { exitCode, text, events } = await start([site, '-l', 'pve1,ct101,ct102', ...version], 'jsonl')
    assert.equal(exitCode, 0, text)
    assert.deepEqual(spans(events, 'reboot'), [])
    assert.equal(await node.bootId(), boot)
    const changed = keysOf(outcomes(events), 'changed')
    for (const container of ['ct101', 'ct102']) assert.ok(changed.includes(`${container} ${userspace}`))
    const [row] = eventsOf(events, 'run.finished').flatMap(({ rows }) => rows)
    assert.deepEqual(row?.cells.slice(0, 4), ['pve1', '590.48.01', '590.48.01', '590.48.01'])
    for (const [index, container] of [ct101, ct102].entries()) {
      assert.deepEqual(await visible(container), [uuids()[index]])
      assert.match(await container.output('nvidia-smi'), /Driver Version: 590\.48\.01/)
    }
    assert.deepEqual(await changes(site, 'pve1,ct101,ct102', ...version), [])
  })
})
