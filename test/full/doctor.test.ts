/** `doctor.yml` names causes and fixes, for all hosts and all checks, and changes nothing. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { lockContainer } from '../lab/faults.ts'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { snapshotDifferences } from '../lab/snapshot.ts'
import { kernels } from '../lab/topology.ts'
import { eventsOf } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { inventoryOf } from '../whole/support/site-runs.ts'
import { boot, bootWithoutNouveau, problemsOf, rolesRun } from './support/roles-play.ts'

const name = `doctor-${process.pid}`
const version = '580.95.05'
const [first, second] = ['0000:01:00.0', '0000:41:00.0']

describe('the doctor', { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  let lab: Lab

  before(async () => {
    lab = await Lab.up({ name, nodes: 1, containers: 2, adjust: (node) => ({ ...node, kernels }) })
    await bootWithoutNouveau(lab, kernels[0])
    const words = rolesRun(lab, {
      nodes: 'runfile_cache, nvidia_host',
      containers: 'lxc_passthrough, lxc_userspace_driver',
    })
    const run = await gpuplay(words())
    assert.equal(run.exitCode, 0, problemsOf(run))
    await lab.save('done')
  })
  after(() => Lab.down(name))

  function node(command: string): Promise<string> {
    return lab.node('pve1').output(command)
  }

  /** Runs it; expects that no file of any host has changed. */
  async function doctor(): Promise<Ended> {
    const words = ['run', 'playbooks/doctor.yml', '-i', inventoryOf(lab)]
    await gpuplay(words)
    const files = await lab.snapshotFiles()
    const run = await gpuplay(words)
    const changes = snapshotDifferences(files, await lab.snapshotFiles())
    assert.deepEqual(
      changes.filter((line) => !/:\/var\/lib\/gpuplay\/v1\/lease/.test(line)),
      [],
    )
    return run
  }

  it('finds nothing if nothing is wrong', async () => {
    const run = await gpuplay(['run', 'playbooks/doctor.yml', '-i', inventoryOf(lab), '-l', 'pve1:ct102'])
    assert.equal(run.exitCode, 0, problemsOf(run))
  })

  it('names every cause with its fix, whatever else is wrong', async () => {
    const next = kernels[1]
    await node(`dkms uninstall nvidia/${version} -k ${next}; dkms unbuild nvidia/${version} -k ${next}`)
    await node('echo "blacklist nvidia" >/etc/modprobe.d/guide.conf')
    await node('rm /dev/nvidia-uvm-tools')
    await lab.container(101).output('nvidia-uninstall --silent')
    await lockContainer(lab.container(102), 'backup')
    const run = await doctor()
    assert.equal(run.exitCode, 7, problemsOf(run))
    const found = problemsOf(run)
    for (const expected of [
      new RegExp(`kernel ${next}, which the next boot chooses, has no module of driver ${version}`),
      /guide\.conf/,
      /\/dev\/nvidia-uvm-tools/,
      /no user-space driver is installed/,
      /container 102 is locked \(lock: backup\)/,
    ])
      assert.match(found, expected)
    const findings = eventsOf(run.events, 'run.finished').flatMap(({ rows }) =>
      rows.flatMap((row) => row.findings ?? []),
    )
    assert.ok(findings.length > 2, found)
    for (const { fix, message } of findings) assert.notEqual(fix, undefined, message)
  })

  describe('on a node that is in order otherwise', () => {
    beforeEach(() => lab.restore('done'))

    /** Expects that it fails and says all of this. */
    async function names(...expected: readonly RegExp[]): Promise<void> {
      const run = await gpuplay(['run', 'playbooks/doctor.yml', '-i', inventoryOf(lab)], { output: 'plain' })
      assert.equal(run.exitCode, 7, run.text)
      const missing = expected.filter((each) => !each.test(run.text))
      assert.deepEqual(missing, [], run.text)
    }

    it('names HA, MIG, moved device numbers and what another installation left', async () => {
      await node(`
        mkdir -p /etc/pve/ha; printf 'ct: 101\\n\\tstate started\\n' >/etc/pve/ha/resources.cfg
        nvidia-smi -i ${first} -mig 1
        sed -i 's/^gpu ${second} 1 /gpu ${first} 1 /' /var/lib/gpuplay/v1/assignments/102
        ! /usr/local/lib/gpuplay/nvidia-driver check 102
        mkdir -p /usr/src/nvidia-current-525.147.05
        echo 'BUILT_MODULE_NAME[0]="nvidia-current"' >/usr/src/nvidia-current-525.147.05/dkms.conf
        dkms add -m nvidia-current -v 525.147.05
        echo 'options vfio-pci ids=10de:2d04' >/etc/modprobe.d/passthrough.conf`)
      await names(
        /HA may move container 101 to a node without its GPUs: no rule keeps it on pve1/,
        new RegExp(`the GPU at ${first} is in MIG mode`),
        /container 102 was held back at its start: \/dev\/nvidia1 is now card/,
        /containers\.yml -i \S+ -l ct102, which starts it/,
        /DKMS builds nvidia-current 525\.147\.05 for every new kernel, but that driver is not installed/,
        /passthrough\.conf:1: "options vfio-pci ids=10de:2d04"/,
      )
    })

    it('names Secure Boot without a key, a card of vfio-pci, and a driver from packages', async () => {
      const secure =
        'const f="/etc/lab/node.json",fs=require("fs"),n=JSON.parse(fs.readFileSync(f));n.secureBoot=true;fs.writeFileSync(f,JSON.stringify(n))'
      await node(`
        rm -f /var/lib/dkms/mok.* /etc/apt/preferences.d/gpuplay*
        sed -i 's/ main$/ main contrib non-free non-free-firmware/' /etc/apt/sources.list; apt-get -qq update
        DEBIAN_FRONTEND=noninteractive apt-get -qq -y install libcuda1 </dev/null
        /usr/lib/lab/node -e '${secure}'`)
      await boot(lab, kernels[0])
      await node(`echo vfio-pci >/sys/bus/pci/devices/${second}/driver_override; modprobe vfio-pci`)
      await names(
        /Secure Boot is on, but no enrolled key can sign the driver/,
        new RegExp(`${second}.* vfio-pci`),
        /an NVIDIA driver is installed from packages: .*libcuda1/,
      )
    })
  })
})
