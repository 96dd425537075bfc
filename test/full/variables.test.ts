/**
 * Values of the roles' variables that no other test shows, each from a node and two containers that are as declared. The
 * cards are of a generation that both types of kernel modules support.
 */
import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { requests, slowReboots } from '../lab/faults.ts'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { gpuplay } from '../whole/support/gpuplay.ts'
import { inventoryOf, site } from '../whole/support/site-runs.ts'
import { containerVariables } from './support/container-variables.ts'
import { startProxy } from './support/proxy.ts'
import { variablePlays } from './support/variable-plays.ts'

const name = `variables-${process.pid}`
const nodes = 'playbooks/nodes.yml'
const all = 'pve1,ct101,ct102'

const driver = '580.95.05'
const other = '590.48.01'
const runfile = (version: string): string => `NVIDIA-Linux-x86_64-${version}.run`
const mirror = 'https://download.nvidia.com/XFree86/Linux-x86_64'

describe('the variable', { skip: whyNoLab() ?? false, timeout: 1_500_000 }, () => {
  let lab: Lab
  let folder: string

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gpuplay-variables-'))
    lab = await Lab.up({
      name,
      nodes: 1,
      containers: 2,
      adjust: (spec) => ({
        ...spec,
        gpus: spec.gpus.map((gpu) => ({ ...gpu, model: 'NVIDIA GeForce RTX 2080', deviceId: '1e82' })),
      }),
    })
    const run = await gpuplay(['run', site, '-i', inventoryOf(lab)])
    assert.equal(run.exitCode, 0, run.text)
    await lab.save('done')
  })
  after(async () => {
    rmSync(folder, { recursive: true, force: true })
    await Lab.down(name)
  })
  beforeEach(() => lab.restore('done'))

  const plays = variablePlays(() => lab)
  const { play, changes, refused, node } = plays

  describe('of runfile_cache:', () => {
    let cache: string

    before(() => {
      cache = join(folder, 'cache.yml')
      writeFileSync(cache, '- hosts: nodes\n  gather_facts: false\n  roles: [runfile_cache]\n')
    })

    /** Downloads to another directory, and expects that the file arrives from this address. */
    async function arrives(variables: Readonly<Record<string, unknown>>, address: string): Promise<void> {
      const directory = '/srv/drivers'
      const known = requests(lab.world).length
      const given = {
        playbook: cache,
        limit: 'pve1',
        variables: { runfile_cache_dir: directory, ...variables },
      }
      assert.equal((await changes(given)).length, 1)
      await node(`cd ${directory} && sha256sum -c --quiet ${runfile(driver)}.sha256`)
      const asked = requests(lab.world)
        .slice(known)
        .map((request) => JSON.stringify(request))
        .join('\n')
      assert.ok(address === '' ? !asked.includes('.run') : asked.includes(address), asked)
      assert.deepEqual(await changes(given), [])
      await node(`rm -r ${directory}`)
    }

    it('nvidia_runfile_url, runfile_cache_dir and a mirror as runfile_cache_source say where it comes from', async () => {
      await arrives(
        { nvidia_runfile_url: `${mirror}/${driver}/${runfile(driver)}` },
        `${driver}/${runfile(driver)}`,
      )
      await arrives({ runfile_cache_source: mirror }, `${driver}/${runfile(driver)}`)
    })

    it('runfile_cache_source: controller uploads runfile_cache_file', async () => {
      const file = join(folder, 'driver.run')
      copyFileSync(lab.world.path('nodes/pve1/disk/upper/var/cache/gpuplay', runfile(driver)), file)
      const [sum = ''] = (await node(`sha256sum /var/cache/gpuplay/${runfile(driver)}`)).split(' ')
      const source = {
        runfile_cache_source: 'controller',
        runfile_cache_file: file,
        runfile_cache_sha256: sum,
      }
      await arrives(source, '')
    })

    it('runfile_cache_keep keeps the loaded driver and the newest ones', async () => {
      const files = async (): Promise<string> => node('ls /var/cache/gpuplay | grep "run$" | tr "\\n" " "')
      const download = async (version: string, keep: number): Promise<string> => {
        const variables = { nvidia_driver_version: version, runfile_cache_keep: keep }
        await changes({ playbook: cache, limit: 'pve1', variables })
        return files()
      }
      assert.equal(await download(other, 3), `${runfile(driver)} ${runfile(other)} `)
      assert.equal(await download('570.124.06', 2), `${runfile('570.124.06')} ${runfile(driver)} `)
      assert.equal(await download(driver, 1), `${runfile(driver)} `)
    })
  })

  describe('of nvidia_host:', () => {
    it('nvidia_host_nvtop: false installs no nvtop', async () => {
      await node('apt-get -y -qq purge nvtop')
      const given = { playbook: nodes, limit: all, variables: { nvidia_host_nvtop: false } }
      assert.deepEqual(await changes(given), [])
    })

    it('nvidia_host_pin_apt: false lets apt install a driver', async () => {
      const given = { playbook: nodes, limit: all, variables: { nvidia_host_pin_apt: false } }
      assert.deepEqual(await changes(given), [
        'pve1 nvidia_host : Prevent apt from installing another driver',
      ])
      assert.match(await node('apt-cache policy libcuda1'), /Candidate: \d/)
      assert.deepEqual(await changes(given), [])
    })

    it('nvidia_host_power_limit sets the limit of one card, now and at every boot', async () => {
      const given = {
        playbook: nodes,
        limit: all,
        variables: { nvidia_host_power_limit: { '0000:41:00.0': 150 } },
      }
      assert.deepEqual(await changes(given), [
        'pve1 nvidia_host : Configure the GPU settings for boot',
        'pve1 nvidia_host : Set persistence mode and power limits',
      ])
      const limits = (): Promise<string> => node('nvidia-smi --query-gpu=power.limit --format=csv,noheader')
      const set = await limits()
      assert.match(set, /^(?!150\.00 W).*\n150\.00 W\n$/)
      await lab.reboot('pve1')
      await lab.node('pve1').exec('systemctl is-system-running --wait')
      assert.equal(await limits(), set)
      assert.deepEqual(await changes(given), [])
    })

    it('nvidia_host_module_type: proprietary replaces the open modules', async () => {
      const license = (): Promise<string> => node('modinfo -F license nvidia')
      assert.match(await license(), /GPL/)
      const given = { playbook: nodes, limit: all, variables: { nvidia_host_module_type: 'proprietary' } }
      assert.ok((await changes(given)).includes('pve1 nvidia_host : Install the driver'))
      assert.equal(await license(), 'NVIDIA\n')
      assert.deepEqual(await changes(given), [])
      // `auto` keeps a type that works.
      assert.deepEqual(await changes({ ...given, variables: {} }), [])
    })

    it('nvidia_host_reload: false leaves the exchange to a reboot', async () => {
      const variables = {
        nvidia_driver_version: other,
        nvidia_host_reload: false,
        nvidia_host_reboot: 'never',
      }
      const run = await play({ playbook: nodes, limit: all, variables })
      assert.equal(run.exitCode, 0, run.text)
      assert.match(run.text, /REBOOT PENDING: driver 580\.95\.05 is loaded, 590\.48\.01 is installed/)
      assert.equal(await node('cat /sys/module/nvidia/version'), `${driver}\n`)
      assert.equal(await node('pct status 101'), 'status: running\n')
    })

    it('nvidia_host_unmanaged_guests: allow exchanges the driver under containers outside the run', async () => {
      const variables = { nvidia_driver_version: other, nvidia_host_unmanaged_guests: 'allow' }
      const limit = { playbook: nodes, limit: 'pve1' }
      await refused(
        { ...limit, variables: { nvidia_driver_version: other } },
        4,
        /would break containers that are not part of this run/,
      )
      const predicted = await play({ ...limit, variables, check: true })
      assert.equal(predicted.exitCode, 0, predicted.text)
      const run = await play({ ...limit, variables })
      assert.equal(run.exitCode, 0, run.text)
      assert.equal(await node('cat /sys/module/nvidia/version'), `${other}\n`, run.text)
    })

    it('nvidia_host_reboot_timeout limits the wait for the node, and nvidia_host_ha: freeze keeps its guests there', async () => {
      await node("mkdir -p /etc/pve/ha; printf 'ct: 101\\n\\tstate started\\n' >/etc/pve/ha/resources.cfg")
      const variables = { nvidia_driver_version: other, nvidia_host_reload: false }
      await refused({ playbook: nodes, limit: all, variables }, 6, /HA manages guests of this node: 101/)
      slowReboots(lab.node('pve1'), 60)
      await refused(
        {
          playbook: nodes,
          limit: all,
          variables: { ...variables, nvidia_host_ha: 'freeze', nvidia_host_reboot_timeout: 30 },
        },
        6,
        /pve1 did not come back within 30 s of its reboot/,
      )
    })

    it('nvidia_host_install_timeout ends an installation that hangs', async () => {
      await node(
        `mv /usr/sbin/dkms /usr/sbin/dkms.real
         printf '#!/bin/sh\\nif [ "$1" != status ] && mkdir /run/hung 2>/dev/null; then exec sleep 300; fi\\nexec /usr/sbin/dkms.real "$@"\\n' >/usr/sbin/dkms
         chmod 755 /usr/sbin/dkms`,
      )
      const variables = { nvidia_driver_version: other, nvidia_host_install_timeout: 60 }
      await refused({ playbook: nodes, limit: all, variables }, 5, /60 s/)
      assert.equal(await node('cat /sys/module/nvidia/version'), `${driver}\n`)
      // The driver is still known to be gpuplay's, although the last installer was that of another version.
      const uninstall = await play({ playbook: 'playbooks/uninstall.yml', limit: all, variables: {} })
      assert.equal(uninstall.exitCode, 0, uninstall.text)
      assert.equal(await node('ls -d /var/lib/nvidia/log /sys/module/nvidia 2>/dev/null || true'), '')
    })
  })

  containerVariables(plays)

  it('gpuplay_proxy is used for every download, of node and container', async () => {
    await startProxy(lab.node('pve1'))
    const { address } = lab.node('pve1').spec
    await node('rm -r /var/cache/gpuplay; apt-get -y -qq purge nvtop; rm -rf /var/lib/apt/lists/*')
    await lab.container(102).output('rm -rf /var/lib/apt/lists/*')
    const variables = {
      gpuplay_proxy: `http://${address}:3128`,
      cuda_toolkit_version: '12.8',
      cuda_toolkit_packages: ['cuda-nvcc'],
      lxc_userspace_driver_nvtop: true,
    }
    const known = requests(lab.world).length
    const changed = await changes({ playbook: site, limit: 'pve1,ct101,ct102', variables })
    assert.ok(changed.includes('ct102 cuda_toolkit : Install the CUDA toolkit'), changed.join())
    const used = await node('cat /run/proxy.log')
    for (const wanted of [
      'CONNECT download.nvidia.com:443',
      'CONNECT developer.download.nvidia.com:443',
      'GET http://debian.mirror.test/',
    ])
      assert.ok(used.includes(wanted), used)
    const asked = requests(lab.world).slice(known)
    assert.deepEqual(
      asked.filter((request) => request.from !== address),
      [],
      'requests that do not come from the proxy',
    )
  })
})
