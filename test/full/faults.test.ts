/**
 * Common faults: each is reported with a helpful message and its exit code. After it is fixed, the same run
 * completes the work.
 */
import assert from 'node:assert/strict'
import { appendFileSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import {
  breakInternet,
  changeHostKey,
  emptyDisk,
  fillDisk,
  holdDpkgLock,
  lockContainer,
} from '../lab/faults.ts'
import type { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { run as runProgram } from '../lab/process.ts'
import { gpuplay, type Ended } from '../whole/support/gpuplay.ts'
import { doneLab, inventoryOf } from '../whole/support/site-runs.ts'

const nodes = 'playbooks/nodes.yml'
const containers = 'playbooks/containers.yml'
const verify = 'playbooks/verify.yml'

describe('reports', { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  let lab: Lab
  let folder: string
  /** Whether the hosts are in the state after site.yml. */
  let clean = false

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gpuplay-faults-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))
  beforeEach(async () => {
    if (!clean) lab = await doneLab()
    clean = false
  })
  afterEach(() => breakInternet(lab.world, []))

  const play = (playbook: string, limit: string, ...words: readonly string[]): Promise<Ended> =>
    gpuplay(['run', playbook, '-i', inventoryOf(lab), '--limit', limit, ...words], { output: 'plain' })

  /** Expects this exit code and these texts. */
  function said({ exitCode, text }: Ended, code: number, ...sentences: readonly RegExp[]): void {
    assert.equal(exitCode, code, text)
    for (const sentence of sentences) assert.match(text, sentence)
  }

  /** Expects the run to succeed and the verification to find nothing. */
  async function recovers(playbook: string, limit: string, ...words: readonly string[]): Promise<void> {
    said(await play(playbook, limit, ...(playbook === verify ? [] : [verify]), ...words), 0)
    clean = true
  }

  it('a host key that has changed', async () => {
    const known = join(folder, 'known_hosts')
    copyFileSync(lab.knownHosts, known)
    const { address } = lab.node('pve2').spec
    const words = ['-e', `known_hosts=${known}`]
    const key = await changeHostKey(lab.node('pve2'))
    const refused = await play(verify, 'pve1,pve2,ct201', ...words)
    said(
      refused,
      3,
      /^UNREACHABLE pve2\n  error: the host key of 10\.\S+ does not match \S+known_hosts line 2: the host sent ssh-ed25519 SHA256:\S+, the file has ssh-ed25519 SHA256:/m,
      /^    help: someone may be intercepting the connection\. If the host was reinstalled, run `ssh-keygen -f \S+ -R \S+`, then `ssh root@/m,
      /^FAILED +ct201\n  error: its node pve2 failed\n    help: fix pve2, then run again$/m,
      // Other hosts continue.
      /^ok +pve1  verify : Check the node's GPUs/m,
      /^could not reach pve2 \(exit 3\)/m,
    )
    const cure =
      /`(ssh-keygen -f \S+ -R \S+)`/.exec(refused.text)?.[1] ?? assert.fail('the hint contains no command')
    await runProgram(['/bin/sh', '-c', cure])
    said(
      await play(verify, 'pve2', ...words),
      3,
      /error: the host key of \S+ is not known \(ssh-ed25519 SHA256:/,
    )
    appendFileSync(known, `${address} ${key}\n`)
    await recovers(verify, 'pve2,ct201', ...words)
    clean = false
  })

  it('a key that the host does not accept', async () => {
    const key = join(folder, 'other')
    await runProgram(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key])
    said(
      await play(verify, 'pve2,ct201', '-e', `private_key=${key}`),
      3,
      /^UNREACHABLE pve2\n  error: \S+ (refuses|refused) /m,
      /^    help: .*authorized_keys/m,
    )
    await recovers(verify, 'pve2,ct201')
  })

  it('a host that is down', async () => {
    const node = lab.node('pve2')
    await node.powerOff()
    said(
      await play(verify, 'pve1,pve2,ct201', '--connect-timeout', '3'),
      3,
      /^UNREACHABLE pve2\n  error: (no route to )?\S+ port 22( refused the connection| did not answer|$)/m,
      /^    help: check that /m,
      /^FAILED +ct201\n  error: its node pve2 failed$/m,
      /^ok +pve1  verify : Check the node's GPUs/m,
    )
    await node.powerOn()
    // Its guests start with it.
    await node.output('systemctl is-system-running --wait')
    await recovers('playbooks/site.yml', 'pve2,ct201,ct202')
  })

  it('a container that does not exist', async () => {
    const config = await lab.node('pve1').output('cat /etc/pve/lxc/102.conf; mv /etc/pve/lxc/102.conf /root/')
    assert.match(config, /^hostname: ct102$/m)
    said(
      await play(containers, 'pve1,ct101,ct102'),
      3,
      /^FAILED +ct102  lxc_passthrough : Look up the assigned GPUs\n  error: pve1 has no container 102\n    help: compare `pct list` on pve1 with node and ctid in the inventory/m,
      /^ok +ct101  lxc_passthrough : Look up the assigned GPUs/m,
    )
    await lab.node('pve1').output('mv /root/102.conf /etc/pve/lxc/')
    await recovers(containers, 'ct102')
  })

  it('a container locked by a backup', async () => {
    const container = lab.container(101)
    await lockContainer(container, 'backup')
    // As the Phoenix files write it.
    const words = ['-e', '{"gpu_assignment": "0, 1"}']
    said(
      await play(containers, 'ct101', ...words, '-e', '{lxc_passthrough_lock_timeout: 1}'),
      4,
      /^  error: timed out after 1 s: container 101 is locked \(lock: backup\): Proxmox is working on it\n    help: .*pct unlock 101/m,
    )
    assert.doesNotMatch(await lab.node('pve1').output('cat /etc/pve/lxc/101.conf'), /nvidia1/)
    await lockContainer(container, undefined)
    await recovers(containers, 'ct101', ...words)
    assert.match(await container.output('ls /dev'), /^nvidia0\nnvidia1$/m)
    await recovers(containers, 'ct101')
  })

  it('a full disk of a container', async () => {
    await lab.container(102).output('nvidia-uninstall --silent')
    await fillDisk(lab.node('pve1'), 'guests')
    said(
      await play(containers, 'ct102'),
      5,
      /^  error: container 102 has \d+ [KM]iB free, but the driver needs about \d+ [KM]iB\n    help: enlarge its disk \(pct resize 102 rootfs \+4G\), or free some space$/m,
    )
    await emptyDisk(lab.node('pve1'))
    await recovers(containers, 'ct102')
  })

  it('a disk that fills up while the driver is copied', async () => {
    const container = lab.container(102)
    // df reports enough room, but no file fits.
    const work = '/var/lib/gpuplay/v1/work'
    await container.output(
      `nvidia-uninstall --silent; mkdir -p ${work}; mount -t tmpfs -o size=64m,mode=700,nr_inodes=1 none ${work}`,
    )
    said(
      await play(containers, 'ct102'),
      5,
      /^  error: cannot copy \S+\/NVIDIA-\S+\.run into container 102: failed to create file: No space left on device\n    help: free some space there, then run again$/m,
    )
    assert.equal(await container.output(`ls -A ${work}`), '', 'a file remains')
    await container.output(`umount ${work}`)
    await recovers(containers, 'ct102')
  })

  it('a wrong checksum', async () => {
    const node = lab.node('pve1')
    const [sum = ''] = (await node.output('sha256sum /var/cache/gpuplay/*.run')).split(' ')
    await node.output('rm -r /var/cache/gpuplay')
    breakInternet(lab.world, [{ match: '.run', kind: { corrupt: true } }])
    said(
      await play(nodes, 'pve1', '-e', `runfile_cache_sha256=${sum}`),
      5,
      new RegExp(
        `^  error: cannot download https://\\S+580\\.95\\.05\\.run: its sha256 is [0-9a-f]{64}, expected ${sum}\n    help: .*the download was discarded$`,
        'm',
      ),
    )
    assert.equal(await node.output('ls -A /var/cache/gpuplay'), '', 'a partial file remains')
    breakInternet(lab.world, [])
    await recovers(nodes, 'pve1')
  })

  it('another running package manager', async () => {
    const node = lab.node('pve1')
    const playbook = join(folder, 'nvtop.yml')
    const lines = ['- name: P', '  hosts: pve1', '  tasks:', '    - name: Install nvtop']
    lines.push('      apt: { name: nvtop, lock_timeout: 1 }', '      exit_code: 5', '')
    writeFileSync(playbook, lines.join('\n'))
    await node.output('apt-get -y -qq purge nvtop')
    const release = await holdDpkgLock(node)
    said(
      await play(playbook, 'pve1'),
      5,
      /^  error: cannot install nvtop: .*the package manager is in use: process \d+ \(unattended-upgr\) holds \/var\/lib\/dpkg\/lock-frontend\n    help: wait until it has finished .*, then run again$/m,
    )
    await release()
    said(await play(playbook, 'pve1'), 0)
    clean = true
  })

  it('a repository that answers 503', async () => {
    await lab.node('pve1').output('apt-get -y -qq purge nvtop; rm -rf /var/lib/apt/lists/*')
    breakInternet(lab.world, [{ match: 'debian.mirror.test', kind: { answer: 503 } }])
    said(
      await play(nodes, 'pve1'),
      5,
      /^  error: cannot update the package lists: .*a repository answered 503 \(Service Unavailable\): http:\/\/debian\.mirror\.test\/\S+\n    help: the server or the proxy failed: retry later$/m,
    )
    breakInternet(lab.world, [])
    await recovers(nodes, 'pve1')
  })
})
