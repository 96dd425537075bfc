/**
 * Faults of the scripts that this project replaces and that other tests do not show: each is made on a node with two
 * kernels and two containers that are as declared.
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { holdDpkgLock } from '../lab/faults.ts'
import type { LabContainer } from '../lab/host.ts'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { kernels } from '../lab/topology.ts'
import { keysOf, outcomes } from '../whole/support/events.ts'
import { gpuplay, start } from '../whole/support/gpuplay.ts'
import { inventoryOf, site } from '../whole/support/site-runs.ts'

const name = `origin-faults-${process.pid}`
const nodes = 'playbooks/nodes.yml'
const containers = 'playbooks/containers.yml'
const verify = 'playbooks/verify.yml'

const driver = '580.95.05'
const runfile = `/var/cache/gpuplay/NVIDIA-Linux-x86_64-${driver}.run`
const download = "pve1 runfile_cache : Download the driver's .run to the node"
const configured = "ct102 lxc_passthrough : Pass the GPUs' device nodes to the container"
const toolkit = 'ct102 cuda_toolkit : Install the CUDA toolkit'

describe('a fault of older scripts:', { skip: whyNoLab() ?? false, timeout: 900_000 }, () => {
  let lab: Lab
  /** Unprivileged, with GPU 1. */
  let ct102: LabContainer

  before(async () => {
    lab = await Lab.up({
      name,
      nodes: 1,
      containers: 2,
      adjust: (spec) => ({ ...spec, kernels: [...kernels] }),
    })
    ct102 = lab.container(102)
    const run = await gpuplay(['run', site, '-i', inventoryOf(lab)])
    assert.equal(run.exitCode, 0, run.text)
    await lab.save('done')
  })
  after(() => Lab.down(name))
  beforeEach(() => lab.restore('done'))

  /** Expects success; returns the tasks that changed something, as `HOST ROLE : NAME`. */
  async function changes(playbook: string, limit: string, variables = {}): Promise<readonly string[]> {
    const words = ['run', playbook, '-i', inventoryOf(lab), '-l', limit, '-e', JSON.stringify(variables)]
    const { exitCode, text, events } = await gpuplay(words)
    assert.equal(exitCode, 0, text)
    return keysOf(outcomes(events), 'changed')
  }

  /** Expects this exit code and these texts. */
  async function said(
    playbook: string,
    limit: string,
    code: number,
    ...parts: readonly RegExp[]
  ): Promise<void> {
    const words = ['run', playbook, '-i', inventoryOf(lab), '-l', limit]
    const { exitCode, text } = await gpuplay(words, { output: 'plain' })
    assert.equal(exitCode, code, text)
    for (const part of parts) assert.match(text, part)
  }

  function node(command: string): Promise<string> {
    return lab.node('pve1').output(command)
  }

  it('majors, minors and paths that were written once and for all are replaced', async () => {
    const file = '/etc/pve/lxc/102.conf'
    const old = [
      'lxc.cgroup2.devices.allow: c 195:* rwm',
      'lxc.mount.entry: /dev/nvidia0 /dev/nvidia0 none bind,optional,create=file',
      'lxc.mount.entry: /dev/nvidia-uvm /dev/nvidia-uvm none bind,optional,create=file',
    ]
    const others = await node(`sed '/^dev/d' ${file}`)
    await lab.node('pve1').output(`cat >${file}`, { input: `${others}${old.join('\n')}\n` })
    assert.deepEqual(await changes(containers, 'ct102'), [configured])
    const now = await node(`cat ${file}`)
    assert.doesNotMatch(now, /195:\*|nvidia0/)
    assert.match(now, /^dev\d: \/dev\/nvidia1,/m)
    assert.deepEqual(await changes(verify, 'ct102'), [])
  })

  it('a device node of the second GPU that is missing is named, and made again', async () => {
    await node('rm /dev/nvidia1')
    await said(
      containers,
      'ct102',
      4,
      /^  error: pve1 lacks \/dev\/nvidia1 \(195:1\)$/m,
      /^    help: run nodes\.yml for pve1; it creates the device nodes, now and at every boot$/m,
    )
    assert.deepEqual(await changes(nodes, 'pve1,ct101,ct102'), ['pve1 nvidia_host : Load the driver'])
    assert.equal(await node('stat -c %Hr:%Lr /dev/nvidia1'), '195:1\n')
    assert.deepEqual(await changes(containers, 'ct102'), [])
  })

  it('trees of DKMS that an older driver left are named with the command that removes them', async () => {
    await node(
      `mkdir -p /usr/src/nvidia-535.247.01; echo 'BUILT_MODULE_NAME[0]="nvidia"' >/usr/src/nvidia-535.247.01/dkms.conf
       dkms add -m nvidia -v 535.247.01`,
    )
    await said(nodes, 'pve1,ct101,ct102', 0, /^warning +pve1 .*\/var\/lib\/dkms\/nvidia\/535\.247\.01/m)
    const task = 'pve1 nvidia_host : Find or remove what earlier drivers left'
    const remove = { nvidia_host_foreign_driver: 'remove' }
    const changed = await changes(nodes, 'pve1,ct101,ct102', remove)
    assert.ok(changed.includes(task), changed.join())
    assert.doesNotMatch(await node('dkms status'), /535/)
    assert.match(await node('dkms status'), new RegExp(`^nvidia/${driver}, \\S+, x86_64: installed$`, 'm'))
  })

  it('a part of a download in the cache is not used', async () => {
    await node(`truncate -s 1000 ${runfile}`)
    assert.deepEqual(await changes(nodes, 'pve1,ct101,ct102'), [download])
    await node(`cd /var/cache/gpuplay && sha256sum -c --quiet ${runfile}.sha256`)
    await node(`truncate -s 1000 ${runfile}; rm ${runfile}.sha256`)
    assert.deepEqual(await changes(nodes, 'pve1,ct101,ct102'), [download])
    await node(`cd /var/cache/gpuplay && sha256sum -c --quiet ${runfile}.sha256`)
  })

  it('a key of the CUDA repository that exists, and sources with another one, do not stop the toolkit', async () => {
    const address = 'https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64/'
    await ct102.output(
      `echo old >/usr/share/keyrings/cuda-archive-keyring.gpg
       echo 'deb [signed-by=/usr/share/keyrings/cuda.gpg] ${address} /' >/etc/apt/sources.list.d/cuda.list`,
    )
    const wish = { cuda_toolkit_version: '12.8', cuda_toolkit_packages: ['cuda-nvcc'] }
    const changed = await changes(containers, 'ct102', wish)
    assert.ok(changed.includes(toolkit), changed.join())
    await ct102.output('apt-get -qq update')
    assert.match(await ct102.output('bash -lc "nvcc --version"'), /release 12\.8/)
    assert.deepEqual(await changes(containers, 'ct102', wish), [])
  })

  it('a package manager that runs in the container is waited for, not killed', async () => {
    await ct102.output('apt-get -y -qq purge nvtop')
    const release = await holdDpkgLock(ct102)
    const words = ['run', containers, '-i', inventoryOf(lab), '-l', 'ct102']
    const run = await start([...words, '-e', '{"lxc_userspace_driver_nvtop": true}'])
    await ct102.output('until pgrep -x apt-get; do sleep 0.1; done; sleep 2; pgrep -x apt-get')
    // Fails if the holder of the lock was killed.
    await release()
    const { exitCode, text } = await run.ended
    assert.equal(exitCode, 0, text)
    assert.match(await ct102.output('nvtop --version'), /nvtop version/)
  })

  it('warnings of nvidia-smi on its standard error do not count as its answer', async () => {
    const noisy = `#!/bin/sh\\necho "WARNING: infoROM is corrupted at gpu 0000:01:00.0, 999.99" >&2\\nexec /usr/bin/nvidia-smi.real "$@"\\n`
    const wrap = `mv /usr/bin/nvidia-smi /usr/bin/nvidia-smi.real; printf '${noisy}' >/usr/bin/nvidia-smi; chmod 755 /usr/bin/nvidia-smi`
    await node(wrap)
    await ct102.output(wrap)
    assert.deepEqual(await changes(verify, 'pve1,ct101,ct102'), [])
  })

  it('a container that AppArmor does not confine is reported', async () => {
    await node("sed -i '1i lxc.apparmor.profile: unconfined' /etc/pve/lxc/102.conf")
    await said(
      verify,
      'ct102',
      0,
      /^warning +ct102 .*container 102: AppArmor does not confine it \(lxc\.apparmor\.profile: unconfined\)/m,
    )
  })

  it('every initramfs keeps nouveau, nvidiafb and nova from the cards', async () => {
    for (const kernel of kernels)
      for (const module of ['nouveau', 'nvidiafb', 'nova_core'])
        await node(`grep -qx 'blacklist ${module}' /boot/initrd.img-${kernel}`)
    await node('rm /etc/modprobe.d/gpuplay-*.conf; for i in /boot/initrd.img-*; do : >$i; done')
    const changed = await changes(nodes, 'pve1,ct101,ct102')
    assert.ok(
      changed.includes('pve1 nvidia_host : Prevent nouveau from binding to the cards'),
      changed.join(),
    )
    for (const kernel of kernels) await node(`grep -qx 'blacklist nouveau' /boot/initrd.img-${kernel}`)
  })

  it('an install script that brings its own driver gets none', async () => {
    const script = `curl -fsS -o /root/k.deb https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64/cuda-keyring_1.1-1_all.deb
      dpkg -i /root/k.deb && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get -y install cuda-drivers </dev/null`
    await ct102.exec('apt-get -y -qq install curl ca-certificates')
    const installed = await ct102.exec(script)
    assert.notEqual(installed.code, 0, installed.stdout)
    assert.match(installed.stderr, /cuda-drivers' has no installation candidate/)
    assert.match(
      await ct102.output('nvidia-smi'),
      new RegExp(`Driver Version: ${driver.replaceAll('.', '\\.')}`),
    )
    assert.deepEqual(await changes(verify, 'ct102'), [])
  })

  it('a run starts few processes of pct', async () => {
    await node(
      `mv /usr/sbin/pct /usr/sbin/pct.real
       printf '#!/bin/sh\\necho "$*" >>/run/pct-calls\\nexec /usr/sbin/pct.real "$@"\\n' >/usr/sbin/pct; chmod 755 /usr/sbin/pct`,
    )
    assert.deepEqual(await changes(site, 'pve1,ct101,ct102'), [])
    const calls = (await node('cat /run/pct-calls')).trim().split('\n')
    for (const ctid of [101, 102]) {
      const own = calls.filter((call) => call.includes(` ${ctid} `))
      assert.ok(own.length >= 1 && own.length <= 3, calls.join('\n'))
    }
  })
})
