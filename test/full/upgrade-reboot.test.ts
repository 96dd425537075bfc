/**
 * `upgrade.yml` and `rollback.yml` where a program uses the driver, so that a node has to reboot: on a node with the driver
 * of a `.run`, and on one with Debian's packages. Also a change of the type of the kernel modules.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { changedCount, eventsOf, keysOf, outcomes } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { inventoryOf, site } from '../whole/support/site-runs.ts'
import { problemsOf } from './support/roles-play.ts'

const name = `upgrade-reboot-${process.pid}`
const versions = {
  old: { pve1: '580.95.05', pve2: '535.247.01' },
  new: { pve1: '590.48.01', pve2: '535.261.03' },
} as const
type NodeName = keyof typeof versions.old
const nodes = ['pve1', 'pve2'] as const
const ctids = { pve1: 101, pve2: 201 } as const
const sources =
  "sed -i 's/ main$/ main contrib non-free non-free-firmware/' /etc/apt/sources.list; apt-get -qq update"

describe('an upgrade with a reboot', { skip: whyNoLab() ?? false, timeout: 900_000 }, () => {
  let lab: Lab

  before(async () => {
    lab = await Lab.up({
      name,
      nodes: 2,
      containers: 1,
      gpusPerNode: 1,
      // A generation for which both types of kernel modules, and both branches of Debian, are made.
      adjust: (node) => ({ ...node, gpus: node.gpus.map((gpu) => ({ ...gpu, deviceId: '2504' })) }),
    })
    for (const which of ['old', 'new'] as const) {
      const hosts = {
        pve1: { nvidia_driver_version: versions[which].pve1 },
        pve2: { nvidia_driver_version: versions[which].pve2, nvidia_host_source: 'apt' },
        ct101: { cuda_toolkit_packages: ['cuda-nvcc'] },
        // Debian's drivers are older than the toolkit, which is a warning.
        ct201: { cuda_toolkit_packages: ['cuda-nvcc'] },
      }
      writeFileSync(inventory(which), JSON.stringify({ all: { hosts } }))
    }
    await lab.node('pve2').output(sources)
    const run = await gpuplay(['run', site, '-i', inventoryOf(lab), '-i', inventory('old')])
    assert.equal(run.exitCode, 0, problemsOf(run))
    await fleetHas('old', 'old')
  })
  after(() => Lab.down(name))

  function inventory(which: keyof typeof versions): string {
    return join(lab.instance.stateDir, `${which}.yaml`)
  }

  function play(playbook: string, ...more: readonly string[]): Promise<Ended> {
    return gpuplay(['run', playbook, '-i', inventoryOf(lab), '-i', inventory('new'), ...more])
  }

  function use(node: NodeName): Promise<string> {
    return lab
      .node(node)
      .output('ln -sf /bin/sleep /tmp/gpu-load; setsid /tmp/gpu-load 600 >/dev/null 2>&1 </dev/null &')
  }

  async function fleetHas(pve1: keyof typeof versions, pve2: keyof typeof versions): Promise<void> {
    for (const [node, version] of [
      ['pve1', versions[pve1].pve1],
      ['pve2', versions[pve2].pve2],
    ] as const) {
      const host = lab.node(node)
      assert.equal(await host.output('cat /sys/module/nvidia/version'), `${version}\n`)
      assert.equal(await host.output(`pct status ${ctids[node]}`), 'status: running\n')
      const answer = await lab.container(ctids[node]).output('nvidia-smi')
      assert.ok(answer.includes(version), `${version}: ${answer}`)
    }
  }

  /** The exit status of `gpuplay status`, and the states of its rows that are off. */
  async function status(): Promise<readonly [code: number, off: readonly string[]]> {
    const words = ['status', '-i', inventoryOf(lab), '-i', inventory('new'), '--output', 'json']
    const { exitCode, text } = await gpuplay(words)
    const { hosts }: { readonly hosts: readonly { readonly host: string; readonly state: string }[] } =
      JSON.parse(text)
    return [exitCode, hosts.flatMap(({ host, state }) => (state === 'ok' ? [] : [`${host} ${state}`]))]
  }

  /** Which of the nodes reboot meanwhile. */
  async function rebooted(during: () => Promise<Ended>): Promise<readonly [Ended, readonly NodeName[]]> {
    const ids = (): Promise<readonly string[]> => Promise.all(nodes.map((node) => lab.node(node).bootId()))
    const then = await ids()
    const ended = await during()
    const now = await ids()
    return [ended, nodes.filter((_, index) => then[index] !== now[index])]
  }

  async function unchanged(playbook: string, ...more: readonly string[]): Promise<void> {
    const again = await play(playbook, ...more)
    assert.equal(again.exitCode, 0, problemsOf(again))
    assert.equal(changedCount(again.events), 0, again.text)
  }

  it('stops at a node that may not reboot, which keeps the driver that its containers have', async () => {
    await use('pve1')
    const [run, boots] = await rebooted(() => play('upgrade.yml', '-e', 'nvidia_host_reboot=never'))
    assert.equal(run.exitCode, 7, problemsOf(run))
    assert.deepEqual(boots, [])
    assert.match(problemsOf(run), /REBOOT PENDING: driver 580\.95\.05 is loaded, 590\.48\.01 is installed/)
    const stop = eventsOf(run.events, 'warning').find(({ message }) => message.startsWith('stopping the run'))
    assert.match(stop?.message ?? '', /not started: pve2, ct201$/)
    await fleetHas('old', 'old')
    assert.deepEqual(await status(), [8, ['pve1 reboot-pending', 'pve2 drift']])
  })

  it('reboots that node in the run that goes on, as its dry run says, and upgrades the packages of the next', async () => {
    const dry = await play('upgrade.yml', '--check')
    assert.equal(dry.exitCode, 0, problemsOf(dry))
    const [run, boots] = await rebooted(() => play('upgrade.yml'))
    assert.equal(run.exitCode, 0, problemsOf(run))
    assert.deepEqual(boots, ['pve1'])
    const changed = keysOf(outcomes(run.events), 'changed')
    const predicted = keysOf(outcomes(dry.events), 'changed')
    assert.deepEqual(
      predicted.filter((key) => !changed.includes(key)),
      [],
    )
    assert.ok(
      predicted.includes('pve1 nvidia_host : Reboot the node if the driver cannot be loaded otherwise'),
    )
    assert.ok(predicted.includes('pve2 nvidia_host : Install the driver from packages'))
    await fleetHas('new', 'new')
    assert.deepEqual(await status(), [0, []])
    await unchanged('upgrade.yml')
  })

  it('is undone by a rollback that reboots the node whose packages are in use', async () => {
    await use('pve2')
    const [run, boots] = await rebooted(() => play('rollback.yml'))
    assert.equal(run.exitCode, 0, problemsOf(run))
    assert.deepEqual(boots, ['pve2'])
    await fleetHas('old', 'old')
    assert.deepEqual(await status(), [8, ['pve1 drift', 'pve2 drift']])
    await unchanged('rollback.yml')
  })

  /** Of the loaded driver of pve1. */
  async function loadedType(): Promise<'open' | 'proprietary'> {
    return /Open Kernel Module/.test(await lab.node('pve1').output('cat /proc/driver/nvidia/version'))
      ? 'open'
      : 'proprietary'
  }

  it('loads another type of kernel modules of the same version, with a reboot only where one is needed', async () => {
    const given = (type: string): readonly string[] => [
      'upgrade.yml',
      '-l',
      'pve1:ct101',
      '-e',
      `nvidia_driver_version=${versions.old.pve1}`,
      '-e',
      `nvidia_host_module_type=${type}`,
    ]
    const [playbook = '', ...proprietary] = given('proprietary')
    assert.equal(await loadedType(), 'open')
    const dry = await play(playbook, ...proprietary, '--check')
    assert.equal(dry.exitCode, 0, problemsOf(dry))
    const predicted = keysOf(outcomes(dry.events), 'changed')
    assert.ok(predicted.includes('pve1 nvidia_host : Load the driver'), predicted.join('\n'))
    const [run, boots] = await rebooted(() => play(playbook, ...proprietary))
    assert.equal(run.exitCode, 0, problemsOf(run))
    assert.deepEqual(boots, [])
    assert.equal(await loadedType(), 'proprietary')
    await unchanged(playbook, ...proprietary)
    await use('pve1')
    const [, ...open] = given('open')
    const [second, reboots] = await rebooted(() => play(playbook, ...open))
    assert.equal(second.exitCode, 0, problemsOf(second))
    assert.deepEqual(reboots, ['pve1'])
    assert.equal(await loadedType(), 'open')
    await fleetHas('old', 'old')
    await unchanged(playbook, ...open)
  })
})
