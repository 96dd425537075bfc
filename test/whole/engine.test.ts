/** The promises of the engine, independent of roles: leases, pending handlers, order, connections. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { RunningTask } from '../../src/events/events.ts'
import { slowReboots } from '../lab/faults.ts'
import type { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { eventsOf, keysOf, outcomes, spans } from './support/events.ts'
import { gpuplay, start, type Controller, type Ended } from './support/gpuplay.ts'
import { doneLab, inventoryOf } from './support/site-runs.ts'

describe('the engine', { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  let lab: Lab
  let folder: string

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gpuplay-engine-'))
    lab = await doneLab()
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  /** The command line that runs a playbook with this text. */
  function words(playbook: string, more: readonly string[]): readonly string[] {
    const file = join(mkdtempSync(join(folder, 'play-')), 'play.yml')
    writeFileSync(file, playbook)
    return ['run', file, '-i', inventoryOf(lab), ...more]
  }
  const play = (playbook: string, ...more: readonly string[]): Promise<Ended> =>
    gpuplay(words(playbook, more))
  const begin = (playbook: string, ...more: readonly string[]): Promise<Controller> =>
    start(words(playbook, more))
  const read = (playbook: string, ...more: readonly string[]): Promise<Ended> =>
    gpuplay(words(playbook, more), { output: 'plain' })
  /** The output of a command on one host. */
  const exec = (host: string, command: readonly string[], more: readonly string[] = []): Promise<Ended> =>
    gpuplay(['exec', host, '-i', inventoryOf(lab), ...more, '--', ...command])

  const warningOf = ({ events }: Ended, name: string): string =>
    eventsOf(events, 'warning').find(({ host }) => host === name)?.message ?? ''

  it('lets one run at a time change a host, and names the run that has the lease', async () => {
    const first = await begin(`
- hosts: pve1
  tasks:
    - { name: Take the host, command: 'true' }
    - { name: Keep it, command: sleep 30 }
`)
    await first.seen('the first action', (event) => event.type === 'action.finished')
    const touch = `
- hosts: pve1,pve2
  tasks:
    - { name: Touch, command: touch /root/touched }
`
    const second = await read(touch)
    assert.notEqual(second.exitCode, 0)
    assert.match(
      second.text,
      /^FAILED +pve1  Touch[^\n]*\n  error: another run of gpuplay is working on pve1: run \S+ of root on \S+ \(process \d+\)\n    help: wait until that run has finished, then run again$/m,
    )
    assert.match(second.text, /^changed +pve2  Touch/m)
    assert.equal((await lab.node('pve1').exec('test -e /root/touched')).code, 1)
    // Reading needs no lease.
    assert.equal((await play(touch, '--check')).exitCode, 0)
    first.signal('SIGKILL')
    await first.ended
    const third = await play(touch)
    assert.equal(third.exitCode, 0, third.text)
    assert.match(
      warningOf(third, 'pve1'),
      /: sleep 30 \(process \d+, running for \d+ s\)\. To stop it now: kill \d+$/,
    )
  })

  it('lists the running tasks on Ctrl-C and the running programs on a second one; the next run waits for those', async () => {
    const playbook = `
- hosts: pve1,ct201
  tasks:
    - { name: Work, shell: 'sleep 20; echo ended >> /root/ended' }
`
    const places = ['ct201 Work', 'pve1 Work']
    const first = await begin(playbook)
    for (const name of ['pve1', 'ct201'])
      await first.seen(`the task on ${name}`, (event) => event.type === 'task.started' && event.host === name)
    await delay(5000)
    first.signal('SIGINT')
    await first.seen('the list of running tasks', (event) => event.type === 'run.stopping')
    first.signal('SIGINT')
    const { exitCode, text, events } = await first.ended
    assert.equal(exitCode, 130, text)
    const named = (list: readonly RunningTask[]): readonly string[] =>
      list.map(({ host, task }) => `${host} ${task.name}`).sort((left, right) => left.localeCompare(right))
    assert.deepEqual(
      eventsOf(events, 'run.stopping').map(({ awaited }) => named(awaited)),
      [places],
    )
    assert.deepEqual(
      eventsOf(events, 'run.quit').map(({ running }) => named(running)),
      [places],
    )
    const next = await play(playbook)
    assert.equal(next.exitCode, 0, next.text)
    for (const name of ['pve1', 'ct201']) {
      assert.match(
        warningOf(next, name),
        /^waiting for a program that an interrupted run left running here: .*sleep 20/,
      )
      const [read] = (await exec(name, ['cat', '/root/ended'])).text.match(/(?: {2}ended\n)+/) ?? []
      assert.equal(read, '  ended\n  ended\n', name)
    }
  })

  it('runs a handler in the next run if the run that notified it failed', async () => {
    const playbook = `
- hosts: pve1
  handlers:
    - { name: Take note, command: touch /root/noted }
  tasks:
    - name: Write
      copy: { content: new, dest: /root/written, mode: '0600' }
      notify: Take note
    - { name: Stumble, command: test -e /root/stone-gone }
`
    const failed = await play(playbook)
    assert.equal(failed.exitCode, 7, failed.text)
    assert.equal((await lab.node('pve1').exec('test -e /root/noted')).code, 1)
    await lab.node('pve1').output('touch /root/stone-gone')
    const { exitCode, text, events } = await play(playbook)
    assert.equal(exitCode, 0, text)
    assert.equal(outcomes(events).get('pve1 Write'), 'ok')
    assert.deepEqual(
      eventsOf(events, 'handler.pending').map(({ host, handler }) => `${host} ${handler}`),
      ['pve1 Take note'],
    )
    assert.equal(outcomes(events).get('pve1 Take note'), 'changed')
    await lab.node('pve1').output('test -e /root/noted')
    const third = await play(playbook)
    assert.equal(outcomes(third.events).get('pve1 Take note'), undefined, 'the note was not removed')
  })

  it('starts with a container as soon as its own node is ready, with after: node', async () => {
    slowReboots(lab.node('pve2'), 5)
    const { exitCode, text, events } = await play(`
- name: Nodes
  hosts: nodes
  tasks:
    - { name: Restart, reboot: { reason: a test }, when: inventory_hostname == "pve2" }
- name: Containers
  hosts: containers
  after: node
  tasks:
    - { name: Work, command: 'true' }
`)
    assert.equal(exitCode, 0, text)
    const [reboot] = spans(events, 'reboot')
    assert.equal(reboot?.on, 'pve2')
    const ended = (host: string): number => {
      const found = eventsOf(events, 'task.finished').find(
        (event) => event.host === host && event.task.name === 'Work',
      )
      assert.equal(found?.outcome, 'changed', `${host}: ${text}`)
      return Date.parse(found?.time ?? '')
    }
    for (const host of ['ct101', 'ct102'])
      assert.ok(ended(host) < (reboot?.to ?? 0), `${host} waited for the other node`)
    for (const host of ['ct201', 'ct202'])
      assert.ok(ended(host) > (reboot?.to ?? 0), `${host} did not wait for its node`)
  })

  it('connects to a host through another, and with the program of OpenSSH', async () => {
    const [jump, target] = [lab.node('pve1').spec.address, lab.node('pve2').spec.address]
    const connection = ['printenv', 'SSH_CONNECTION']
    const direct = await exec('pve2', connection)
    assert.match(direct.text, new RegExp(`${lab.world.network.machine} \\d+ ${target} 22`))
    for (const kind of ['ssh', 'openssh']) {
      const through = await exec('pve2', connection, [
        '-e',
        `connection=${kind}`,
        '-e',
        `proxy_jump=root@${jump}`,
      ])
      assert.equal(through.exitCode, 0, `${kind}: ${through.text}`)
      assert.match(through.text, new RegExp(`${jump} \\d+ ${target} 22`), kind)
    }
    const openssh = await exec('pve2', connection, ['-e', 'connection=openssh'])
    assert.match(openssh.text, new RegExp(`${lab.world.network.machine} \\d+ ${target} 22`))
  })

  it('connects to containers through their node', async () => {
    const { exitCode, text } = await exec('ct101,ct202', ['hostname'])
    assert.equal(exitCode, 0, text)
    // Hosts are in the order of their answers.
    for (const name of ['ct101', 'ct202'])
      assert.match(text, new RegExp(`^${name} [|] exit 0\\n  ${name}$`, 'm'))
    assert.equal((await exec('ct202', ['cat', '/proc/self/uid_map'])).text.match(/100000/)?.[0], '100000')
  })

  it('becomes root with a password that is never shown', async () => {
    const password = 'correct horse, "battery" $taple'
    const node = lab.node('pve1')
    await node.output('useradd -m -s /bin/sh -G sudo ann && chpasswd', { input: `ann:${password}\n` })
    await node.output(
      'install -d -o ann -m 700 ~ann/.ssh && install -o ann -m 600 ~/.ssh/authorized_keys ~ann/.ssh/',
    )
    const playbook = `
- hosts: pve1
  tasks:
    - name: Write
      copy: { content: 'of root', dest: /etc/of-root, mode: '0600' }
    - name: Who
      command: id -un
      become: false
      register: who
    - { name: Tell, debug: { msg: 'the user is {{ who.stdout }}' } }
`
    const as = (given: string): readonly string[] => {
      const file = join(folder, `vars-${given.length}.yml`)
      writeFileSync(file, JSON.stringify({ user: 'ann', become: true, become_password: given }))
      return ['-e', `@${file}`]
    }
    const wrong = await read(playbook, ...as('wrong'))
    assert.equal(wrong.exitCode, 3, wrong.text)
    assert.match(wrong.text, /^  error: .*sudo.*password/im)
    assert.match(wrong.text, /^    help: .*become_password/m)
    const { exitCode, text } = await read(playbook, ...as(password), '-v', '-v', '-D')
    assert.equal(exitCode, 0, text)
    assert.match(text, /the user is ann/)
    assert.ok(
      !text.includes(password) && !text.includes(JSON.stringify(password)),
      'the output contains the password',
    )
    assert.equal(await node.output('stat -c %U:%a /etc/of-root'), 'root:600\n')
    assert.equal((await node.exec(`grep -rF 'battery' /var/lib/gpuplay /tmp /var/tmp`)).code, 1)
  })

  it('continues an installation after all connections to the node are lost', async () => {
    const node = lab.node('pve1')
    await node.output('echo 4 >/etc/lab/installer-seconds')
    const limit = ['-l', 'pve1,ct101,ct102', '-e', 'nvidia_driver_version=590.48.01']
    const controller = await start(['run', 'playbooks/nodes.yml', '-i', inventoryOf(lab), ...limit])
    await controller.seen(
      'the installation',
      (event) => event.type === 'task.progress' && event.task.name.endsWith(': Install the driver'),
    )
    await node.output('sleep 1; systemctl stop ssh; pkill -KILL -x sshd; systemctl start ssh')
    const { exitCode, text, events } = await controller.ended
    await node.output('rm /etc/lab/installer-seconds')
    assert.equal(exitCode, 0, text.slice(-3000))
    assert.ok(keysOf(outcomes(events), 'changed').includes('pve1 nvidia_host : Install the driver'))
    assert.equal((await node.output('cat /sys/module/nvidia/version')).trim(), '590.48.01')
    const started = await node.output('grep -c "^creation time" /var/log/nvidia-installer.log')
    assert.equal(started.trim(), '1', 'the installation started again')
  })
})
