/**
 * `templates.yml` and `site.yml` on empty nodes: the templates 900 to 903 of the notes that the project began with,
 * clones that need only their own GPUs, and an upgrade.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { changedCount, eventsOf, keysOf, outcomes } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { site } from '../whole/support/site-runs.ts'
import { problemsOf } from './support/roles-play.ts'
import { declareStorage, type Fleet, templateFleet } from './support/template-fleet.ts'

const name = `templates-${process.pid}`
const templates = 'playbooks/templates.yml'

describe('templates', { skip: whyNoLab() ?? false, timeout: 1_500_000 }, () => {
  let lab: Lab
  let fleet: Fleet

  before(async () => {
    lab = await Lab.up({ name, nodes: 2, containers: 0 })
    await declareStorage(lab)
    fleet = templateFleet(lab)
  })
  after(() => Lab.down(name))

  const node = (command: string): Promise<string> => lab.node('pve1').output(command)
  const inside = (ctid: number, command: string): Promise<string> =>
    node(`pct exec ${ctid} -- sh -c '${command}'`)

  /** Expects success. */
  async function run(version: string, ...words: readonly string[]): Promise<Ended> {
    const ended = await gpuplay(['run', ...words, ...fleet.words(version)], { deadline: 600_000 })
    assert.equal(ended.exitCode, 0, `${problemsOf(ended)}\n${ended.text.slice(-3000)}`)
    return ended
  }

  const changes = ({ events }: Ended): readonly string[] => keysOf(outcomes(events), 'changed')
  const descriptions = async (): Promise<string> =>
    (await node('grep -A 1 "^\\[" /etc/pve/lxc/90?.conf')).replaceAll('/etc/pve/lxc/', '')

  it('and their clones are predicted on an empty node, as far as that can be known', async () => {
    const check = await run('580.95.05', templates, site, '--check')
    assert.equal(await node('ls /etc/pve/lxc'), '')
    const all = outcomes(check.events)
    const made = ['base', 'docker', 'gpu', 'both', 'web', 'far-base', 'far-gpu', 'far'].map(
      (host) => `${host} ${all.get(`${host} lxc_container : Create the container`)}`,
    )
    assert.deepEqual(made, [
      'base changed',
      'docker unknown',
      'gpu unknown',
      'both unknown',
      'web unknown',
      'far-base changed',
      'far-gpu unknown',
      'far unknown',
    ])
    assert.equal(all.get('base lxc_template_finish : Take the snapshot that clones are made of'), 'unknown')
    assert.match(check.text, /only the run creates the container/)
  })

  it('are built in order on both nodes, cloned, and verified, in one command', async () => {
    const ended = await run('580.95.05', templates, site)
    assert.equal(
      await descriptions(),
      [
        '900.conf:[prepared]\n900.conf-#prepared by gpuplay',
        '901.conf:[prepared]\n901.conf-#prepared by gpuplay, driver 580.95.05, CUDA 12.8, cuda-nvcc',
        '902.conf:[prepared]\n902.conf-#prepared by gpuplay, docker',
        '903.conf:[prepared]\n903.conf-#prepared by gpuplay, driver 580.95.05, CUDA 12.8, cuda-nvcc, docker\n',
      ].join('\n--\n'),
    )
    assert.doesNotMatch(await node('cat /etc/pve/lxc/90?.conf'), /nvidia/)
    assert.equal(await node('pct list | grep -c stopped'), '4\n')
    // A clone needs its own assignment, and nothing that is slow.
    assert.deepEqual(
      changes(ended).filter((key) => key.startsWith('web ')),
      [
        'web container_runtime : Generate the CDI specification of the GPUs',
        'web lxc_container : Create the container',
        "web lxc_passthrough : Pass the GPUs' device nodes to the container",
        'web lxc_passthrough : Restart the container if its devices have changed',
        'web lxc_userspace_driver : Note the version of the user-space driver on the node',
      ],
    )
    assert.match(await inside(910, 'nvidia-smi -L'), /^GPU 0: [^\n]*\n$/)
    assert.equal(
      await inside(910, 'hostname; ls /dev/nvidia1; ls /dev/nvidia0 2>/dev/null || command -v docker'),
      'web\n/dev/nvidia1\n/bin/docker\n',
    )
    const far = lab.node('pve2')
    assert.match(await far.output('cat /etc/pve/lxc/951.conf'), /^template: 1$/m)
    assert.match(
      await far.output('cat /etc/pve/lxc/960.conf'),
      /^rootfs: tank:basevol-951-disk-0\/subvol-960/m,
    )
    assert.match(await far.output('pct exec 960 -- nvidia-smi -L'), /^GPU 0: /)
  })

  it('change nothing when they are run again', async () => {
    assert.equal(changedCount((await run('580.95.05', templates, site)).events), 0)
  })

  it('are prepared again after an upgrade of the nodes, and leave their clones alone', async () => {
    fleet.undeclare('both', 'container_runtime')
    const ended = await run('590.48.01', templates)
    assert.match(
      await descriptions(),
      /903\.conf-#prepared by gpuplay, driver 590\.48\.01, CUDA 12\.8, cuda-nvcc$/m,
    )
    // Nothing is removed from a template, and one that was converted stays as it is.
    assert.deepEqual(
      eventsOf(ended.events, 'warning')
        .map(({ host, message }) => `${host ?? ''}: ${message.slice(0, 66)}`)
        .sort(),
      [
        'both: container 903 keeps what is no longer declared for it: docker. For',
        'far-gpu: template 951 stays as it is (prepared by gpuplay, driver 580.95.05',
      ],
    )
    assert.deepEqual(
      changes(ended).filter((key) => /^(base|docker|web) /.test(key)),
      [],
      'without a driver, a template stays as it is',
    )
    assert.equal(
      await inside(910, 'readlink /usr/lib/x86_64-linux-gnu/libcuda.so.1'),
      'libcuda.so.580.95.05\n',
    )
    fleet.add('fresh', { ctid: 911, source: 903, gpu: '0' })
    const second = await run('590.48.01', templates, site)
    assert.deepEqual(
      changes(second).filter((key) => /^fresh .*(Install|CUDA)/.test(key)),
      [],
    )
    assert.match(await inside(911, 'nvidia-smi'), /590\.48\.01/)
    assert.match(await inside(910, 'nvidia-smi'), /590\.48\.01/)
    assert.equal(changedCount((await run('590.48.01', templates, site)).events), 0)
  })
})
