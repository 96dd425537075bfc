/**
 * The roles runfile_cache and nvidia_host on a node of the lab: from nouveau to a driver, to another driver,
 * and refusals.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { attempt } from '../lab/process.ts'

const skip = whyNoLab() ?? false
const name = `nvidia-host-${process.pid}`
const root = fileURLToPath(new URL('../..', import.meta.url))
/** Runs the sources, because the build may be outdated. */
const entry = `import { main } from ${JSON.stringify(join(root, 'src/cli/main.ts'))}; await main(process.argv.slice(1))`

/** The containers are part of the run, as in site.yml, but have no tasks. */
const playbook = `
- hosts: nodes
  roles: [runfile_cache, nvidia_host]
- hosts: containers
  after: node
  tasks:
    - debug: { msg: here }
`

interface Run {
  readonly exitCode: number
  /** Outcomes by the task's name without its role. */
  readonly outcomes: ReadonlyMap<string, string>
  /** All output. */
  readonly text: string
}

describe('nvidia_host', { skip, timeout: 400_000 }, () => {
  let lab: Lab

  before(async () => {
    lab = await Lab.up({ name, nodes: 1, containers: 2 })
    writeFileSync(join(lab.instance.stateDir, 'nodes.yml'), playbook)
  })
  after(() => Lab.down(name))

  /** Runs the playbook with additional arguments. */
  async function play(...words: readonly string[]): Promise<Run> {
    const inventory = join(lab.instance.stateDir, 'inventory.yaml')
    const argv = [
      'run',
      join(lab.instance.stateDir, 'nodes.yml'),
      '-i',
      inventory,
      '--output',
      'jsonl',
      ...words,
    ]
    const node = ['--import', 'tsx', '--input-type=module', '-e', entry, '--']
    const { code, stdout, stderr } = await attempt([process.execPath, ...node, ...argv])
    const outcomes = new Map<string, string>()
    for (const line of stdout.split('\n').filter((text) => text.startsWith('{'))) {
      const event: { type?: string; task?: { name: string }; outcome?: string } = JSON.parse(line)
      if (event.type !== 'task.finished' || event.task === undefined || event.outcome === undefined) continue
      const task = event.task.name.replace(/^\w+ : /, '')
      if (outcomes.get(task) !== 'changed') outcomes.set(task, event.outcome)
    }
    return { exitCode: code, outcomes, text: stdout + stderr }
  }

  function tasks({ outcomes }: Run, wanted: string): readonly string[] {
    return [...outcomes].flatMap(([task, outcome]) => (outcome === wanted ? [task] : []))
  }

  async function loaded(): Promise<string> {
    return (await lab.node('pve1').output('cat /sys/module/nvidia/version')).trim()
  }

  const persistence = 'Set persistence mode and power limits'
  let predicted: Run

  it('lists all changes on a new node, except the settings of GPUs without a driver', async () => {
    predicted = await play('--check')
    assert.equal(predicted.exitCode, 0, predicted.text)
    // Headers for the kernel are known only after the package lists are fetched.
    const headers = 'Install kernel headers, DKMS and build tools'
    assert.deepEqual(tasks(predicted, 'unknown'), [
      headers,
      'Install nvtop',
      "Run NVIDIA's persistence daemon",
      persistence,
    ])
    assert.ok(tasks(predicted, 'changed').includes('Reboot the node to release the cards from nouveau'))
    assert.ok(tasks(predicted, 'changed').includes('Load the driver'))
    assert.equal(await lab.node('pve1').output('ls /var/cache/gpuplay 2>/dev/null | wc -l'), '0\n')
  })

  it('makes these changes, restarts the node once, and leaves a driver, device nodes and DKMS', async () => {
    const run = await play()
    assert.equal(run.exitCode, 0, run.text)
    const changed = tasks(run, 'changed')
    const allowed = [...tasks(predicted, 'changed'), ...tasks(predicted, 'unknown')]
    assert.deepEqual(
      tasks(predicted, 'changed').filter((task) => !changed.includes(task)),
      [],
    )
    assert.deepEqual(
      changed.filter((task) => !allowed.includes(task)),
      [],
    )
    assert.equal(await loaded(), '580.95.05')
    const node = lab.node('pve1')
    assert.match(await node.output('dkms status'), /^nvidia\/580\.95\.05, \S+, x86_64: installed$/m)
    const uvm = (await node.output('awk \'$2 == "nvidia-uvm" { print $1 }\' /proc/devices')).trim()
    assert.equal(
      await node.output('stat -c "%n %Hr:%Lr %a" /dev/nvidia0 /dev/nvidia1 /dev/nvidiactl /dev/nvidia-uvm'),
      `/dev/nvidia0 195:0 666\n/dev/nvidia1 195:1 666\n/dev/nvidiactl 195:255 666\n/dev/nvidia-uvm ${uvm}:0 666\n`,
    )
  })

  it('changes nothing in a second run', async () => {
    const run = await play()
    assert.equal(run.exitCode, 0, run.text)
    assert.deepEqual(tasks(run, 'changed'), [])
  })

  it('creates the device nodes at every boot, without failed units', async () => {
    await lab.reboot('pve1')
    const node = lab.node('pve1')
    await node.exec('systemctl is-system-running --wait')
    assert.equal((await node.output('systemctl is-active gpuplay-nvidia.service')).trim(), 'active')
    assert.equal((await node.output('systemctl --failed --no-legend')).trim(), '')
    assert.equal(await node.output('ls /dev | grep -c "^nvidia"'), '5\n')
    assert.equal((await node.output('systemctl is-active gpuplay-nvidia-persistenced')).trim(), 'active')
    const modes = 'nvidia-smi --query-gpu=persistence_mode --format=csv,noheader'
    assert.equal(await node.output(modes), 'Enabled\nEnabled\n')
    assert.deepEqual(tasks(await play(), 'changed'), [])
  })

  it('stops the persistence daemon, and loads the modules for displays, on request', async () => {
    const node = lab.node('pve1')
    const wanted = ['-e', 'nvidia_host_persistence=false', '-e', 'nvidia_host_graphics=true'] as const
    const run = await play(...wanted)
    assert.equal(run.exitCode, 0, run.text)
    assert.notEqual((await node.exec('systemctl is-active gpuplay-nvidia-persistenced')).code, 0)
    assert.equal(await node.output('stat -c %Hr:%Lr /dev/nvidia-modeset'), '195:254\n')
    assert.match(await node.output('lsmod'), /^nvidia_drm /m)
    assert.deepEqual(tasks(await play(...wanted), 'changed'), [])
    await lab.reboot('pve1')
    await node.exec('systemctl is-system-running --wait')
    assert.equal(await node.output('stat -c %Hr:%Lr /dev/nvidia-modeset'), '195:254\n')
    assert.equal((await play()).exitCode, 0)
    assert.equal((await node.output('systemctl is-active gpuplay-nvidia-persistenced')).trim(), 'active')
  })

  it('warns if no repository offers nvtop, and installs everything else', async () => {
    const pin = 'Package: nvtop\\nPin: version *\\nPin-Priority: -1\\n'
    await lab
      .node('pve1')
      .output(`apt-get -y -qq purge nvtop gcc; printf '${pin}' >/etc/apt/preferences.d/no-nvtop.pref`)
    const run = await play()
    assert.equal(run.exitCode, 0, run.text)
    assert.match(run.text, /not installed, because no repository offers it: nvtop/)
    assert.deepEqual(tasks(run, 'changed'), ['Install kernel headers, DKMS and build tools'])
    assert.deepEqual(tasks(await play(), 'changed'), [])
    await lab.node('pve1').output('rm /etc/apt/preferences.d/no-nvtop.pref')
    assert.deepEqual(tasks(await play(), 'changed'), ['Install nvtop'])
  })

  it('refuses to replace the driver of a container that is not part of the run', async () => {
    await lab.node('pve1').output('pct set 101 --dev0 /dev/nvidia0 --dev1 /dev/nvidia-uvm; pct reboot 101')
    const run = await play('-e', 'nvidia_driver_version=590.48.01', '-l', 'pve1')
    assert.equal(run.exitCode, 4, run.text)
    assert.match(run.text, /container 101 \(ct101\) has a GPU and is running/)
    assert.equal(await loaded(), '580.95.05')
  })

  it('replaces the driver without restarting the node, and starts the container with the new numbers', async () => {
    const boot = await lab.node('pve1').output('cat /proc/sys/kernel/random/boot_id')
    const run = await play('-e', 'nvidia_driver_version=590.48.01')
    assert.equal(run.exitCode, 0, run.text)
    assert.equal(await loaded(), '590.48.01')
    assert.equal(await lab.node('pve1').output('cat /proc/sys/kernel/random/boot_id'), boot)
    const major = 'stat -c %Hr /dev/nvidia-uvm'
    assert.equal((await lab.container(101).exec(major)).stdout, await lab.node('pve1').output(major))
  })

  it('keeps a driver that a program uses, reports the restart as pending, and restarts only with permission', async () => {
    const busy =
      'cp /bin/sleep /usr/local/bin/gpu-load; setsid /usr/local/bin/gpu-load 600 >/dev/null 2>&1 </dev/null &'
    await lab.node('pve1').output(busy)
    const back = ['-e', 'nvidia_driver_version=580.95.05'] as const
    const pending = await play(...back, '-e', 'nvidia_host_reboot=never')
    assert.equal(pending.exitCode, 0, pending.text)
    assert.match(pending.text, /REBOOT PENDING: driver 590\.48\.01 is loaded, 580\.95\.05 is installed/)
    assert.equal(await loaded(), '590.48.01')
    const run = await play(...back)
    assert.equal(run.exitCode, 0, run.text)
    assert.deepEqual(tasks(run, 'changed'), ['Reboot the node if the driver cannot be loaded otherwise'])
    assert.equal(await loaded(), '580.95.05')
  })

  it('refuses a version that does not exist or does not support the cards, before any change', async () => {
    const missing = await play('-e', 'nvidia_driver_version=599.99.99')
    assert.equal(missing.exitCode, 5, missing.text)
    assert.match(missing.text, /status 404/)
    const old = await play('-e', 'nvidia_driver_version=550.144.03')
    assert.equal(old.exitCode, 2, old.text)
    assert.match(old.text, /driver 550\.144\.03 does not support every GPU of this node/)
    for (const refused of [missing, old]) assert.doesNotMatch(refused.text, /"outcome":"changed"/)
  })
})
