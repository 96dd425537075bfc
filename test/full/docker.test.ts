/** The role container_runtime: Docker in a container, with the container's GPU. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { LabContainer, LabNode } from '../lab/host.ts'
import type { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { keysOf, outcomes } from '../whole/support/events.ts'
import { gpuplay } from '../whole/support/gpuplay.ts'
import { doneLab, inventoryOf } from '../whole/support/site-runs.ts'

const role = 'container_runtime'
const image = 'nvidia/cuda:12.8.1-base-ubuntu24.04'
const regenerate = `${role} : Generate the CDI specification of the GPUs`

describe('Docker in a container', { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  let lab: Lab
  let node: LabNode
  before(async () => {
    lab = await doneLab()
    node = lab.node('pve1')
  })

  /** Expects success; returns the tasks that changed something, as `HOST ROLE : NAME`. */
  async function changes(limit: string, ...words: readonly string[]): Promise<readonly string[]> {
    const { exitCode, text, events } = await gpuplay(
      [
        'run',
        'playbooks/site.yml',
        '-l',
        limit,
        '-e',
        'container_runtime=docker',
        ...words,
        '-i',
        inventoryOf(lab),
      ],
      { output: 'jsonl' },
    )
    assert.equal(exitCode, 0, text)
    return keysOf(outcomes(events), 'changed')
  }

  const inDocker = (container: LabContainer): Promise<{ code: number; stdout: string; stderr: string }> =>
    container.exec(`docker run --rm --gpus=all ${image} nvidia-smi -L`)

  it('is restarted once if it gets a GPU and Docker in one run', async () => {
    const words = ['-e', 'gpu_assignment=0']
    const restarts = async (...more: readonly string[]): Promise<readonly string[]> =>
      (await changes('ct102', ...words, ...more)).filter((key) => key.includes(' : Restart the container '))
    const once = ['ct102 lxc_passthrough : Restart the container if its devices have changed']
    assert.deepEqual(await restarts('--check'), once)
    assert.deepEqual(await restarts(), once)
    assert.match(await node.output('pct config 102'), /^features: nesting=1,keyctl=1$/m)
    assert.deepEqual(await changes('ct102', ...words), [])
    await lab.restore('done')
  })

  for (const [ctid, source] of [
    [102, 'docker'],
    [101, 'distribution'],
  ] as const)
    it(`works in the ${ctid === 102 ? 'un' : ''}privileged container with the packages of ${source}`, async () => {
      const container = lab.container(ctid)
      const words = ['-e', `container_runtime_source=${source}`]
      const changed = await changes(`ct${ctid}`, ...words)
      const restart = `ct${ctid} ${role} : Restart the container if it runs without these features`
      assert.equal(changed.filter((key) => key === restart).length, 1, changed.join('\n'))
      const features = ctid === 102 ? 'nesting=1,keyctl=1' : 'nesting=1'
      assert.match(await node.output(`pct config ${ctid}`), new RegExp(`^features: ${features}$`, 'm'))
      const config = await container.output('cat /etc/nvidia-container-runtime/config.toml')
      assert.match(config, ctid === 102 ? /^no-cgroups = true$/m : /^#no-cgroups = false$/m)
      await container.output(`docker pull ${image}`)
      const { stdout, stderr } = await inDocker(container)
      assert.match(stdout, /^GPU 0: .*UUID: GPU-/, stderr)
      assert.equal(stdout.trim().split('\n').length, 1)
      assert.deepEqual(await changes(`ct${ctid}`, ...words, '-e', `container_runtime_image=${image}`), [])
    })

  it('keeps its other settings, and is repaired, after a setting and the driver have changed', async () => {
    const container = lab.container(102)
    await container.output(
      `printf '{"log-driver": "journald", "features": {"buildkit": true}}' >/etc/docker/daemon.json
       sed -i s/580.95.05/570.124.06/ /etc/cdi/nvidia.yaml`,
    )
    const verify = ['run', 'playbooks/verify.yml', '-l', 'ct102', '-e', 'container_runtime=docker']
    const found = await gpuplay([...verify, '-i', inventoryOf(lab)], { output: 'plain' })
    assert.equal(found.exitCode, 7)
    assert.match(
      found.text,
      /CDI specification is not up to date: it names driver 570\.124\.06, and 580\.95\.05/,
    )
    const changed = await changes('ct102')
    assert.deepEqual(changed, [
      `ct102 ${role} : Configure NVIDIA's runtime and CDI in Docker`,
      `ct102 ${regenerate}`,
      `ct102 ${role} : Restart Docker`,
    ])
    const daemon: unknown = JSON.parse(await container.output('cat /run/docker-daemon.json'))
    assert.deepEqual(daemon, {
      'log-driver': 'journald',
      features: { buildkit: true, cdi: true },
      runtimes: { nvidia: { path: 'nvidia-container-runtime', args: [] } },
    })
    assert.equal((await inDocker(container)).code, 0)
  })

  it('gets another specification with another GPU', async () => {
    const assigned = ['-e', 'gpu_assignment=0']
    assert.ok((await changes('ct102', ...assigned)).includes(`ct102 ${regenerate}`))
    assert.equal((await inDocker(lab.container(102))).code, 0)
    assert.deepEqual(await changes('ct102', ...assigned), [])
  })
})
