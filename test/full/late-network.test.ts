/**
 * Containers like Ubuntu 24.04's that are not ready when they seem to be: the address, names and the package manager
 * come late, and downloads fail at first.
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { quote } from '../../src/base/shell.ts'
import { breakInternet, failFirstDownloads, requests } from '../lab/faults.ts'
import type { LabContainer } from '../lab/host.ts'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { changedCount, keysOf, outcomes } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { inventoryOf, site } from '../whole/support/site-runs.ts'
import { problemsOf } from './support/roles-play.ts'

const name = `late-network-${process.pid}`
/** Seconds until a container has its address. */
const addressAfter = 20

describe('site.yml with Ubuntu containers', { skip: whyNoLab() ?? false, timeout: 900_000 }, () => {
  let lab: Lab
  let ct101: LabContainer
  let ct102: LabContainer

  before(async () => {
    lab = await Lab.up({
      name,
      nodes: 1,
      containers: 2,
      adjust: (node) => ({
        ...node,
        containers: node.containers.map((one) => ({ ...one, os: 'ubuntu-24.04' as const, addressAfter })),
      }),
    })
    ct101 = lab.container(101)
    ct102 = lab.container(102)
  })
  after(() => Lab.down(name))

  function play(playbook: string, ...words: readonly string[]): Promise<Ended> {
    return gpuplay(['run', playbook, '-i', inventoryOf(lab), ...words])
  }

  it('waits for their addresses, repeats downloads that fail twice, and changes nothing afterwards', async () => {
    failFirstDownloads(ct101, 2)
    const run = await play(site)
    assert.equal(run.exitCode, 0, problemsOf(run))
    const failed = requests(lab.world).filter(({ status }) => status === 503)
    assert.deepEqual(
      failed.map(({ from }) => from.replace(/^::ffff:/, '')),
      [ct101.spec.address, ct101.spec.address],
    )
    assert.match(await ct101.output('bash -lc "nvcc --version"'), /release 12\.8/)
    assert.match(
      await ct101.output('cat /etc/apt/sources.list.d/cuda-*.list'),
      /compute\/cuda\/repos\/ubuntu2404\/x86_64\/ \/$/m,
    )
    for (const container of [ct101, ct102])
      assert.match(await container.output('nvidia-smi -L'), /^GPU 0: .*UUID: GPU-/)
    await lab.save('done')
    const second = await play(site)
    assert.equal(second.exitCode, 0, problemsOf(second))
    assert.equal(changedCount(second.events), 0)
  })

  describe('in the state after that', () => {
    const wanted = ['-e', 'cuda_toolkit_version=12.8', '-l', 'ct102'] as const
    const toolkit = 'ct102 cuda_toolkit : Install the CUDA toolkit'
    beforeEach(async () => {
      await lab.restore('done')
      for (const container of [ct101, ct102]) await container.output(untilAddress)
    })

    const untilAddress = 'until ip -4 addr show eth0 | grep -q inet; do sleep 0.5; done'

    /** In the background of the container, which does not wait for it. */
    const later = (container: LabContainer, script: string): Promise<string> =>
      container.output(`setsid sh -c ${quote(script)} </dev/null >/dev/null 2>&1 &`)

    async function installs(): Promise<void> {
      const run = await play('playbooks/containers.yml', ...wanted)
      assert.equal(run.exitCode, 0, problemsOf(run))
      assert.ok(keysOf(outcomes(run.events), 'changed').includes(toolkit), run.text)
      assert.match(await ct102.output('bash -lc "nvcc --version"'), /release 12\.8/)
    }

    it('waits for /etc/resolv.conf, which is written 25 s later', async () => {
      await later(
        ct102,
        'mv /etc/resolv.conf /etc/resolv.late; sleep 25; mv /etc/resolv.late /etc/resolv.conf',
      )
      await installs()
    })

    it('waits for a name server that fails for 25 s and is slow afterwards', async () => {
      const from = ct102.spec.address
      breakInternet(lab.world, [{ match: 'names:', from, kind: { answer: 2 } }])
      const slow = setTimeout(
        () => breakInternet(lab.world, [{ match: 'names:', from, kind: { delay: 3000 } }]),
        25_000,
      )
      await installs()
      clearTimeout(slow)
    })

    it('says that names cannot be resolved if they never are', async () => {
      await ct102.output('rm /etc/resolv.conf')
      const run = await play('playbooks/containers.yml', ...wanted)
      assert.equal(run.exitCode, 5, problemsOf(run))
      assert.match(problemsOf(run), /timed out after 90 s: container 102 cannot resolve names yet/)
      assert.match(problemsOf(run), /check its name server/)
    })

    it('waits for the end of the boot and for the package manager after a restart', async () => {
      // Debian and Ubuntu empty /tmp at boot, and start their daily updates soon after it.
      await ct102.output(
        `mkdir -p /etc/systemd/system/systemd-tmpfiles-setup.service.d; cd /etc/systemd/system
         printf '[Service]\\nExecStartPre=/bin/sleep 8\\n' >systemd-tmpfiles-setup.service.d/slow.conf
         printf 'D! /tmp 1777\\nD! /var/tmp 1777\\n' >/etc/tmpfiles.d/empty.conf
         printf '[Unit]\\nDefaultDependencies=no\\n[Service]\\nExecStart=/usr/local/sbin/daily\\n[Install]\\nWantedBy=sysinit.target\\n' >daily.service
         cat >/usr/local/sbin/daily; chmod +x /usr/local/sbin/daily; systemctl enable daily`,
        { input: holdsLock },
      )
      await ct102.output('nvidia-uninstall --silent')
      const run = await play('playbooks/containers.yml', ...wanted, '-e', 'gpu_assignment=0')
      assert.equal(run.exitCode, 0, problemsOf(run) || run.text)
      const changed = keysOf(outcomes(run.events), 'changed')
      assert.ok(changed.includes('ct102 lxc_passthrough : Restart the container if its devices have changed'))
      assert.ok(changed.includes(toolkit))
      assert.match(await ct102.output('cat /run/daily'), /^held$/m)
      assert.match(await ct102.output('nvidia-smi -L'), /^GPU 0: /)
      assert.equal((await play('playbooks/verify.yml', '-e', 'gpu_assignment=0', ...wanted)).exitCode, 0)
    })
  })
})

/** Holds the locks of dpkg and of apt's lists for 45 s from the boot on. */
const holdsLock = `#!/usr/bin/perl
use Fcntl;
$0 = "unattended-upgr";
for my $file ("/var/lib/dpkg/lock-frontend", "/var/lib/apt/lists/lock") {
	open my $held, ">>", $file or die $!;
	my $lock = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0);
	fcntl $held, F_SETLK, $lock or die $!;
	push @kept, $held;
}
open my $note, ">", "/run/daily"; print $note "held\\n"; close $note;
sleep 45;
`
