/** The roles for containers with unusual variables and with obstacles. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { quote } from '../../src/base/shell.ts'
import type { LabContainer, LabNode } from '../lab/host.ts'
import type { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { keysOf, outcomes } from './support/events.ts'
import { gpuplay, type Ended } from './support/gpuplay.ts'
import { doneLab, inventoryOf } from './support/site-runs.ts'

const containers = 'playbooks/containers.yml'
const verify = 'playbooks/verify.yml'

const configured = "lxc_passthrough : Pass the GPUs' device nodes to the container"
const restarted = 'lxc_passthrough : Restart the container if its devices have changed'
const userspace = 'lxc_userspace_driver : Install the user-space driver that matches the node'
const services = 'lxc_userspace_driver : Restart services that use the GPU'
const toolkit = 'cuda_toolkit : Install the CUDA toolkit'

describe('the roles of containers', { skip: whyNoLab() ?? false, timeout: 300_000 }, () => {
  let lab: Lab
  let node: LabNode
  /** Privileged, with the toolkit and GPU 0. */
  let ct101: LabContainer
  /** Unprivileged, with GPU 1. */
  let ct102: LabContainer
  let folder: string

  before(async () => {
    lab = await doneLab()
    node = lab.node('pve1')
    ct101 = lab.container(101)
    ct102 = lab.container(102)
    folder = mkdtempSync(join(tmpdir(), 'gpuplay-containers-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  interface Play {
    readonly playbook?: string
    readonly limit: string
    readonly variables?: Readonly<Record<string, unknown>>
    readonly inventory?: string
    readonly output?: 'plain' | 'jsonl'
  }

  const play = (given: Play): Promise<Ended> => {
    const { playbook = containers, limit, variables = {}, inventory = inventoryOf(lab), output } = given
    const words = ['run', playbook, '-i', inventory, '-l', limit, '-e', JSON.stringify(variables)]
    return gpuplay(words, output === undefined ? {} : { output })
  }

  /** Expects success; returns the tasks that changed something, as `HOST ROLE : NAME`. */
  async function changes(given: Play): Promise<readonly string[]> {
    const { exitCode, text, events } = await play(given)
    assert.equal(exitCode, 0, text)
    return keysOf(outcomes(events), 'changed')
  }

  /** Expects this exit code and these texts. */
  async function said(given: Play, code: number, ...sentences: readonly RegExp[]): Promise<void> {
    const { exitCode, text } = await play({ ...given, output: 'plain' })
    assert.equal(exitCode, code, text)
    for (const sentence of sentences) assert.match(text, sentence)
  }

  /** The lab's inventory with other variables for containers: `vars` by name, each instead of the default. */
  function inventoryWith(wishes: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
    let text = readFileSync(inventoryOf(lab), 'utf8')
    for (const [name, wish] of Object.entries(wishes)) {
      for (const [key, value] of Object.entries(wish)) {
        const host = new RegExp(`(\\n( +)${name}:\\n)((?:\\2 .*\\n)*)`)
        text = text.replace(host, (_, head: string, indent: string, body: string) => {
          const others = body.replace(new RegExp(`^ +${key}:.*\\n`, 'm'), '')
          return `${head}${indent}  ${key}: ${JSON.stringify(value)}\n${others}`
        })
      }
    }
    const file = join(folder, 'inventory.yaml')
    writeFileSync(file, text)
    return file
  }

  const config = (ctid: number): Promise<string> => node.output(`cat /etc/pve/lxc/${ctid}.conf`)

  async function visible(container: LabContainer): Promise<readonly (string | undefined)[]> {
    const { stdout } = await container.exec('nvidia-smi -L')
    return [...stdout.matchAll(/UUID: (GPU-[0-9a-f-]+)/g)].map(([, uuid]) => uuid)
  }

  const uuids = (): readonly string[] => node.spec.gpus.map(({ uuid }) => uuid)

  it('refuse to change a container that HA manages', async () => {
    await node.output(
      "mkdir -p /etc/pve/ha && printf 'ct: 101\\n\\tstate started\\n' >/etc/pve/ha/resources.cfg",
    )
    const old = await config(101)
    assert.deepEqual(await changes({ limit: 'ct101' }), [])
    await said(
      { limit: 'ct101', variables: { gpu_assignment: '1' } },
      4,
      /^  error: container 101 is managed by HA, which may move it to a node without this GPU$/m,
      /^    help: suspend HA for it: ha-manager set ct:101 --state ignored$/m,
    )
    assert.equal(await config(101), old)
    await node.output('rm /etc/pve/ha/resources.cfg')
  })

  it('report a restart without permission as pending, and restart later', async () => {
    const wish = { gpu_assignment: 'all', lxc_passthrough_restart: 'never' }
    const first = await play({ limit: 'ct101', variables: wish })
    assert.equal(first.exitCode, 0, first.text)
    assert.deepEqual(keysOf(outcomes(first.events), 'changed'), [`ct101 ${configured}`])
    assert.match(
      first.text,
      /restart container 101 to apply its configuration: it does not have \/dev\/nvidia1 yet/,
    )
    assert.deepEqual(await visible(ct101), [uuids()[0]])
    const later = { gpu_assignment: 'all' }
    assert.deepEqual(await changes({ limit: 'ct101', variables: later }), [`ct101 ${restarted}`])
    assert.deepEqual(await visible(ct101), uuids())
  })

  it('keep changes that others make to a configuration while they wait for its lock', async () => {
    await changes({ limit: 'ct101' })
    const file = '/etc/pve/lxc/101.conf'
    const rewrite = (edit: string): string => `text=$(sed ${edit} ${file}) && printf '%s\n' "$text" >${file}`
    const lock = '/run/lock/lxc/pve-config-101.lock'
    const waited = `grep -q -e "-> FLOCK .*:$(stat -c %i ${lock}) " /proc/locks`
    const holder = `touch /run/held; i=0; until ${waited} || [ $i = 300 ]; do sleep 0.1; i=$((i + 1)); done; ${waited} && { ${rewrite('"1i tags: theirs"')}; }`
    await node.output(
      `mkdir -p /run/lock/lxc; setsid flock ${lock} sh -c ${quote(holder)} </dev/null >/dev/null 2>&1 & until [ -e /run/held ]; do sleep 0.1; done`,
    )
    const { exitCode, text } = await play({ limit: 'ct101', variables: { gpu_assignment: 'all' } })
    assert.equal(exitCode, 0, text)
    assert.match(await config(101), /^tags: theirs$/m)
    assert.match(await config(101), /nvidia1/)
    await node.output(`rm /run/held; ${rewrite("'/^tags: theirs/d'")}`)
    await changes({ limit: 'ct101' })
  })

  it('refuse an exclusive GPU for a second container until the first no longer has it', async () => {
    await changes({ limit: 'ct101' })
    const exclusive = { lxc_passthrough_exclusive: true }
    await said(
      {
        limit: 'ct101',
        variables: { ...exclusive, gpu_assignment: '1', lxc_passthrough_lock_timeout: 1 },
      },
      4,
      /container 102 is configured with \/dev\/nvidia1, and lxc_passthrough_exclusive prevents container 101 from sharing it/,
    )
    assert.deepEqual(await visible(ct101), [uuids()[0]])
    const inventory = inventoryWith({ ct101: { gpu_assignment: '1' }, ct102: { gpu_assignment: 'none' } })
    await changes({ limit: 'ct101,ct102', variables: exclusive, inventory })
    assert.deepEqual([await visible(ct101), await visible(ct102)], [[uuids()[1]], []])
    await changes({ limit: 'ct101' })
    await changes({ limit: 'ct102' })
  })

  it('get nvtop on request', async () => {
    const given = { limit: 'ct102', variables: { lxc_userspace_driver_nvtop: true } }
    assert.deepEqual(await changes(given), ['ct102 lxc_userspace_driver : Install nvtop'])
    assert.match(await ct102.output('nvtop --version'), /nvtop version/)
    assert.deepEqual(await changes(given), [])
  })

  it('restart the services that use the GPU after its user-space driver has changed', async () => {
    const unit = '[Service]\nExecStart=/bin/sleep infinity\n'
    await ct102.output('cat >/etc/systemd/system/gpu-app.service && systemctl daemon-reload', { input: unit })
    await ct102.output('systemctl start gpu-app; nvidia-uninstall --silent')
    const process = (): Promise<string> => ct102.output('systemctl show -P MainPID gpu-app')
    const old = await process()
    const given = {
      limit: 'ct102',
      variables: { lxc_userspace_driver_restart_services: ['gpu-app.service'] },
    }
    assert.deepEqual(await changes(given), [`ct102 ${userspace}`, `ct102 ${services}`])
    const fresh = await process()
    assert.notEqual(fresh, old)
    assert.deepEqual(await changes(given), [])
    assert.equal(await process(), fresh)
  })

  it('install OpenGL and Vulkan on request, and do not remove them later', async () => {
    await node.output('modprobe nvidia-drm; nvidia-modprobe -m')
    const library = 'test -e /usr/lib/x86_64-linux-gnu/libGLX_nvidia.so.0'
    assert.equal((await ct102.exec(library)).code, 1)
    const capabilities = ['compute', 'utility', 'video', 'graphics']
    const given = { limit: 'ct102', variables: { lxc_userspace_driver_capabilities: capabilities } }
    const passed = [`ct102 ${configured}`, `ct102 ${restarted}`]
    assert.deepEqual(await changes(given), [...passed, `ct102 ${userspace}`])
    await ct102.output(library)
    assert.deepEqual(await visible(ct102), [uuids()[1]])
    assert.deepEqual(await changes({ limit: 'ct102' }), passed)
    await ct102.output(library)
  })

  it('prevent apt from installing a driver, unless configured otherwise', async () => {
    const candidate = async (): Promise<string | undefined> =>
      /Candidate: (.*)/.exec(await ct102.output('apt-cache policy nvidia-smi'))?.[1]
    assert.equal(await candidate(), '(none)')
    const free = { limit: 'ct102', variables: { lxc_userspace_driver_pin_apt: false } }
    const pin = 'ct102 lxc_userspace_driver : Prevent apt from installing another driver'
    assert.deepEqual(await changes(free), [pin])
    assert.match((await candidate()) ?? '', /^\d/)
    assert.deepEqual(await changes({ limit: 'ct102' }), [pin])
  })

  it('reinstall a deleted compiler, as the verification suggests', async () => {
    await ct101.output('rm /usr/local/cuda-12.8/bin/nvcc')
    await said(
      { playbook: verify, limit: 'ct101' },
      7,
      /^ 1 CUDA 12\.8 is required, but its nvcc does not run\n +fix +gpuplay run containers\.yml -i \S+ -l ct101$/m,
    )
    assert.deepEqual(await changes({ limit: 'ct101' }), [`ct101 ${toolkit}`])
    assert.deepEqual(await changes({ playbook: verify, limit: 'ct101' }), [])
  })

  it('install a download program, although sources are contradictory and a foreign one does not answer', async () => {
    const address = 'https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64/'
    // gpuplay does not change a foreign repository that does not answer.
    await ct101.output(
      `echo 'deb http://debian.mirror.test/gone bookworm main' >/etc/apt/sources.list.d/gone.list`,
    )
    assert.match(
      (await ct101.exec('apt-get -qq update')).stderr,
      /^E: The repository .*\/gone bookworm Release/m,
    )
    await ct101.output(`apt-get -y -qq purge cuda-keyring 'cuda-toolkit*' wget; rm -rf /var/lib/apt/lists/*
      echo 'deb [signed-by=/a.gpg] ${address} /' >/etc/apt/sources.list.d/a.list
      echo 'deb ${address} /' >/etc/apt/sources.list.d/b.list`)
    assert.deepEqual(await changes({ limit: 'ct101' }), [`ct101 ${toolkit}`])
    assert.match(await ct101.output('bash -lc "nvcc --version"'), /release 12\.8/)
    assert.deepEqual(await changes({ limit: 'ct101' }), [])
    await ct101.output('rm /etc/apt/sources.list.d/gone.list')
  })

  it('list in the table the containers with a GPU that the inventory does not have', async () => {
    const inventory = join(folder, 'nodes.yaml')
    writeFileSync(inventory, readFileSync(inventoryOf(lab), 'utf8').replace(/\n {4}containers:\n[^]*$/, '\n'))
    await said(
      { playbook: verify, limit: 'pve1', inventory },
      0,
      /^warning +pve1 +container 101 \(ct101\) of pve1 has a GPU, but is not in the inventory/m,
      /^  \(CT 101\) +nvidia0 +UNMANAGED$/m,
      /^  \(CT 102\) +nvidia1 +UNMANAGED$/m,
    )
  })

  it('report another driver version than the node’s as a mistake, before connecting', async () => {
    const inventory = inventoryWith({ ct102: { nvidia_driver_version: '590.48.01' } })
    await said(
      { limit: 'ct102', inventory },
      2,
      /inventory\.yaml:\d+:\d+: error: ct102 requests driver 590\.48\.01, but its node pve1 has 580\.95\.05$/m,
      /no host was contacted, nothing was changed$/m,
    )
  })
})
