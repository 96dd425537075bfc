/**
 * The two JSON files of the Phoenix Hypervisor scripts and nothing else, on an empty node: templates, containers made of
 * them, and their GPUs.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Outcome } from '../../src/events/events.ts'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { eventsOf, keysOf, outcomes, outcomesById } from '../whole/support/events.ts'
import { type Ended, gpuplay, root } from '../whole/support/gpuplay.ts'
import { site } from '../whole/support/site-runs.ts'
import { phoenixFiles } from './support/phoenix-folder.ts'
import { problemsOf } from './support/roles-play.ts'
import { declareStorage } from './support/template-fleet.ts'

const name = `configs-${process.pid}`
const templates = 'playbooks/templates.yml'

describe('a Phoenix configuration', { skip: whyNoLab() ?? false, timeout: 1_500_000 }, () => {
  let lab: Lab
  let files: readonly string[]
  /** A dry run on the empty node. */
  let check: Ended

  before(async () => {
    lab = await Lab.up({ name, nodes: 1, containers: 0 })
    await declareStorage(lab)
    files = phoenixFiles(lab)
  })
  after(() => Lab.down(name))

  const node = (command: string): Promise<string> => lab.node('pve1').output(command)

  /** Expects success. */
  async function run(...words: readonly string[]): Promise<Ended> {
    const reach = ['--private-key', lab.privateKey, '-e', `known_hosts=${lab.knownHosts}`]
    const inventories = files.flatMap((file) => ['-i', file])
    const ended = await gpuplay(['run', ...words, ...inventories, ...reach], { deadline: 600_000 })
    assert.equal(ended.exitCode, 0, `${problemsOf(ended)}\n${ended.text.slice(-3000)}`)
    return ended
  }

  /** Tasks that changed something, by host and ID: both playbooks have the tasks of the nodes. */
  const changes = ({ events }: Ended): readonly string[] => keysOf(outcomesById(events), 'changed')

  /**
   * What a dry run predicts is changed, and what changes was predicted or is named with the reason why only the run can
   * know it.
   */
  function assertPredicted(check: Ended, real: Ended): void {
    const [predicted, happened] = [outcomesById(check.events), outcomesById(real.events)]
    const differ = [...predicted].filter(([key, outcome]) => {
      const then: Outcome | undefined = happened.get(key)
      return outcome !== 'unknown' && then !== undefined && (outcome === 'changed') !== (then === 'changed')
    })
    assert.deepEqual(differ, [])
    assert.deepEqual(
      changes(real).filter((key) => !predicted.has(key)),
      [],
    )
    const unknown = eventsOf(check.events, 'task.finished').filter(({ outcome }) => outcome === 'unknown')
    assert.deepEqual(
      unknown
        .filter(({ detail }) => (detail.why ?? '') === '')
        .map(({ host, task }) => `${host} ${task.name}`),
      [],
    )
  }

  it('is predicted on the empty node, as far as that can be known', async () => {
    check = await run(templates, site, '--check')
    assert.equal(await node('ls /etc/pve/lxc'), '')
    const all = outcomes(check.events)
    const hosts = ['template-base', 'template-gpu', 'template-docker', 'template-docker-gpu', 'ollama', 'web']
    assert.deepEqual(
      hosts.map((host) => `${host} ${all.get(`${host} lxc_container : Create the container`)}`),
      ['template-base changed', ...hosts.slice(1).map((host) => `${host} unknown`)],
    )
    assert.match(check.text, /only the run creates the container/)
  })

  it('becomes its templates and containers in one command, and the same command changes nothing more', async () => {
    const real = await run(templates, site)
    assertPredicted(check, real)
    const snapshots = await node('grep -A 1 "^\\[" /etc/pve/lxc/90?.conf')
    assert.equal(
      snapshots.replaceAll('/etc/pve/lxc/', ''),
      [
        '900.conf:[pre-configured]\n900.conf-#prepared by gpuplay, curl, wget, vim, htop, jq, git, rsync, s-tui, gnupg, locales',
        '901.conf:[pre-configured]\n901.conf-#prepared by gpuplay, driver 580.95.05, CUDA 12.8, curl, wget, vim, htop, jq, git, rsync, s-tui, gnupg, locales',
        '902.conf:[pre-configured]\n902.conf-#prepared by gpuplay, docker, curl, wget, vim, htop, jq, git, rsync, s-tui, gnupg, locales',
        '903.conf:[pre-configured]\n903.conf-#prepared by gpuplay, driver 580.95.05, CUDA 12.8, docker, curl, wget, vim, htop, jq, git, rsync, s-tui, gnupg, locales\n',
      ].join('\n--\n'),
    )
    assert.equal(await node('pct list | grep -c stopped'), '4\n')
    const config = await node('pct config 910')
    assert.match(config, /^cores: 4$/m)
    assert.match(config, /^memory: 4096$/m)
    assert.match(config, /^onboot: 1$/m)
    assert.match(config, /^rootfs: tank:\S+,size=32G$/m)
    assert.match(config, /^net0: name=eth0,bridge=vmbr0,(?=.*hwaddr=52:54:00:00:02:D2)(?=.*ip=\S+\.110\/)/m)
    assert.match(await node('pct exec 910 -- nvidia-smi -L'), /^GPU 0: [^\n]*\n$/)
    assert.match(await node('pct exec 910 -- /usr/local/cuda/bin/nvcc --version'), /release 12\.8/)
    assert.match(await node('pct exec 920 -- docker --version'), /Docker/)
    assert.doesNotMatch(await node('pct config 920'), /nvidia/)
    assert.deepEqual(changes(await run(templates, site)), [])
  })

  it('needs no connection on the node itself', async () => {
    const parts = ['bin', 'dist', 'roles', 'playbooks', 'schemas', 'package.json']
    const program = execFileSync('tar', ['-cz', '-C', root, ...parts], { maxBuffer: 1 << 28 })
    await node('rm -rf /root/gpuplay; mkdir -p /root/gpuplay/etc')
    await lab
      .node('pve1')
      .output('cd /root/gpuplay && base64 -d | tar -xz', { input: program.toString('base64') })
    for (const file of files) {
      await lab
        .node('pve1')
        .output(`cat >/root/gpuplay/etc/${basename(file)}`, { input: readFileSync(file, 'utf8') })
    }
    const { code, stdout } = await lab
      .node('pve1')
      .exec('cd /root/gpuplay && /usr/lib/lab/node bin/gpuplay run site.yml -i etc --output jsonl 2>&1')
    assert.equal(code, 0, stdout.slice(-3000))
    assert.match(stdout, /"type":"run\.finished"/)
    assert.doesNotMatch(stdout, /"outcome":"changed"/)
  })
})
