/** `uninstall.yml` leaves a node and its containers as they were before `site.yml`, but for what its header lists. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { LabContainer, LabNode } from '../lab/host.ts'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import type { FileSnapshot } from '../lab/snapshot.ts'
import { changedCount, keysOf, outcomes } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { stateDifferences } from '../whole/support/same-state.ts'
import { inventoryOf, site } from '../whole/support/site-runs.ts'
import { boot, problemsOf } from './support/roles-play.ts'

const name = `uninstall-${process.pid}`
const old = '580.95.05'
const ctids = [101, 102, 103] as const

/** What stays besides the files of packages, as the header of the playbook lists it. */
const stays: readonly RegExp[] = [
  // Made by the scripts of packages.
  /:\/etc\/modules: absent /,
  /:\/etc\/rcS\.d\/S\d+kmod: absent /,
  /^pve1:\/usr\/lib\/modules\/[^/]+\/build: absent /,
  /101:\/etc\/systemd\/system\/multi-user\.target\.wants\/docker\.service: absent /,
  /101:\/(etc\/alternatives|usr\/local)\/cuda(-12)?: absent /,
  // Repositories and settings of Docker and the CUDA toolkit.
  /101:\/etc\/apt\/(keyrings|sources\.list\.d)\/(docker|nvidia-container-toolkit)\.(asc|sources): absent /,
  /101:\/etc\/(docker\/daemon\.json|nvidia-container-runtime\/config\.toml): absent /,
  /101:\/etc\/profile\.d\/gpuplay-cuda\.sh: absent /,
  /^pve1:\/var\/cache\/gpuplay\//,
  /:\/var\/lib\/gpuplay\//,
  /:\/var\/log\//,
  // Indexes of apt and dpkg, and the mount points of initramfs-tools: nothing that a package or gpuplay owns.
  /:\/var\/lib\/(apt|dpkg|initramfs-tools)\//,
  // Written by each `update-initramfs` and `depmod`, with the same content but for times.
  /^pve1:\/boot\/initrd\.img-/,
  /^pve1:\/usr\/lib\/modules\/[^/]+\/modules\./,
  // Compared by lines.
  /^pve1:\/var\/lib\/pve-cluster\/files\/nodes\/pve1\/lxc\/\d+\.conf: file /,
]

/** The packages that stay: those that `site.yml` asks apt for. They bring others with them. */
const askedOf: readonly string[] = [
  'pve1: dkms gcc libc6-dev make nvtop proxmox-default-headers proxmox-headers-6.8 proxmox-headers-6.8.12-9-pve',
  'pve1 container 101: containerd.io cuda-keyring cuda-nvcc-12-8 curl docker-buildx-plugin docker-ce docker-ce-cli docker-compose-plugin kmod nvidia-container-toolkit',
  'pve1 container 102: kmod',
  'pve1 container 103: kmod',
]

/** The state of a host before `site.yml`. */
interface Fresh {
  readonly packages: ReadonlySet<string>
  readonly manual: ReadonlySet<string>
}

describe('a node that gpuplay has left', { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  let lab: Lab
  let fresh: FileSnapshot
  let hosts: ReadonlyMap<string, LabNode | LabContainer>
  let packages: ReadonlyMap<string, Fresh>
  let configurations: string

  before(async () => {
    lab = await Lab.up({ name, nodes: 1, containers: ctids.length })
    const more = { ct101: { container_runtime: 'docker', cuda_toolkit_packages: ['cuda-nvcc'] } }
    writeFileSync(join(lab.instance.stateDir, 'more.yaml'), JSON.stringify({ all: { hosts: more } }))
    hosts = new Map<string, LabNode | LabContainer>([
      ['pve1', lab.node('pve1')],
      ...ctids.map((ctid) => [`pve1 container ${ctid}`, lab.container(ctid)] as const),
    ])
    await boot(lab)
    packages = new Map(
      await Promise.all([...hosts].map(async ([at, host]) => [at, await readPackages(host)] as const)),
    )
    configurations = await readConfigurations()
    fresh = await lab.snapshotFiles()
    const run = await gpuplay(siteWords())
    assert.equal(run.exitCode, 0, problemsOf(run))
  })
  after(() => Lab.down(name))

  function siteWords(): readonly string[] {
    return ['run', site, ...inventories()]
  }

  function inventories(): readonly string[] {
    return ['-i', inventoryOf(lab), '-i', join(lab.instance.stateDir, 'more.yaml')]
  }

  function uninstall(...more: readonly string[]): Promise<Ended> {
    return gpuplay(['run', 'playbooks/uninstall.yml', ...inventories(), ...more])
  }

  function readConfigurations(): Promise<string> {
    return lab.node('pve1').output('cd /etc/pve/lxc && grep -H "" *.conf')
  }

  async function readPackages(host: LabNode | LabContainer): Promise<Fresh> {
    const [all, manual] = await Promise.all([
      host.output("dpkg-query -W -f '${Package}\\n'"),
      host.output('apt-mark showmanual'),
    ])
    return { packages: new Set(lines(all)), manual: new Set(lines(manual)) }
  }

  /** Names of packages that `site.yml` has asked apt for, and `HOST:PATH` of all files that came with any package. */
  async function newPackages(): Promise<{
    readonly asked: readonly string[]
    readonly files: ReadonlySet<string>
  }> {
    const found = await Promise.all(
      [...hosts].map(async ([at, host]) => {
        const then = packages.get(at)
        const now = await readPackages(host)
        const added = [...now.packages].filter((one) => then?.packages.has(one) === false)
        const listed = added.length === 0 ? '' : await host.output(`dpkg -L ${added.join(' ')}`)
        const asked = [...now.manual].filter((one) => then?.manual.has(one) === false).sort()
        return {
          asked: `${at}: ${asked.join(' ')}`,
          // The directories of the root are links to those of /usr.
          files: lines(listed).map((path) => `${at}:${path.replace(/^\/(?=(lib|bin|sbin)\/)/, '/usr/')}`),
        }
      }),
    )
    return {
      asked: found.map(({ asked }) => asked),
      files: new Set(found.flatMap(({ files }) => files)),
    }
  }

  it('is refused as long as a container outside the run has a GPU', async () => {
    const run = await uninstall('-l', 'pve1:ct101')
    assert.equal(run.exitCode, 4, problemsOf(run))
    assert.match(problemsOf(run), /container 102 \(ct102\) has a GPU/)
    assert.equal(await lab.node('pve1').output('cat /sys/module/nvidia/version'), `${old}\n`)
    assert.ok((await lab.container(102).output('nvidia-smi')).includes(old))
    assert.equal((await gpuplay(siteWords())).exitCode, 0)
  })

  it('is as before the first run after the next boot, but for the list, and its dry run says so', async () => {
    // As `-e container_runtime=docker` has left it.
    await lab.container(101).output('echo cdiVersion: 0.5.0 >/etc/cdi/nvidia.yaml')
    const installed = await lab.snapshotFiles()
    const dry = await uninstall('--check')
    assert.equal(dry.exitCode, 0, problemsOf(dry))
    assert.deepEqual(stateDifferences(installed, await lab.snapshotFiles()), [])
    const run = await uninstall()
    assert.equal(run.exitCode, 0, problemsOf(run))
    const changed = keysOf(outcomes(run.events), 'changed')
    const maybe = keysOf(outcomes(dry.events), 'unknown')
    const predicted = keysOf(outcomes(dry.events), 'changed')
    assert.deepEqual(
      predicted.filter((key) => !changed.includes(key)),
      [],
    )
    assert.deepEqual(
      changed.filter((key) => !predicted.includes(key) && !maybe.includes(key)),
      [],
    )
    for (const ctid of ctids)
      assert.equal(await lab.node('pve1').output(`pct status ${ctid}`), 'status: running\n')
    assert.equal(changedCount((await uninstall()).events), 0)
    await boot(lab)
    const { asked, files } = await newPackages()
    assert.deepEqual(asked, askedOf)
    const changes = stateDifferences(fresh, await lab.snapshotFiles())
    assert.deepEqual(
      changes.filter(
        (line) => !stays.some((pattern) => pattern.test(line)) && !files.has(line.replace(/: .*/, '')),
      ),
      [],
    )
    const [then, now] = [lines(configurations), lines(await readConfigurations())]
    assert.deepEqual(
      then.filter((line) => !now.includes(line)),
      [],
    )
    assert.deepEqual(
      now.filter((line) => !then.includes(line)),
      ['101.conf:features: nesting=1'],
    )
  })

  it('loses its cache where that is asked for', async () => {
    const run = await uninstall('-e', 'uninstall_cache=true')
    assert.equal(run.exitCode, 0, problemsOf(run))
    assert.equal((await lab.node('pve1').exec('test -e /var/cache/gpuplay')).code, 1)
  })

  it('keeps a driver that somebody else has installed', async () => {
    const own = join(lab.instance.stateDir, 'own.yml')
    writeFileSync(own, '- hosts: nodes\n  roles: [runfile_cache]\n')
    const cached = await gpuplay(['run', own, '-i', inventoryOf(lab)])
    assert.equal(cached.exitCode, 0, problemsOf(cached))
    const node = lab.node('pve1')
    await node.output(
      `rmmod nouveau; sh /var/cache/gpuplay/NVIDIA-Linux-x86_64-${old}.run --silent --dkms --no-x-check && modprobe nvidia`,
    )
    const run = await uninstall()
    assert.equal(run.exitCode, 0, problemsOf(run))
    assert.match(problemsOf(run), new RegExp(`driver ${old} stays: gpuplay has not installed it`))
    assert.equal(await node.output('cat /sys/module/nvidia/version'), `${old}\n`)
    assert.match(await node.output('cat /var/lib/nvidia/log'), new RegExp(old))
  })
})

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}
