/** Three nodes one after the other, with reboots, handlers and a failure in the middle; and tasks that run once. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Event } from '../../src/events/events.ts'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { run as runProgram } from '../lab/process.ts'
import { eventsOf, finished } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { inventoryOf } from '../whole/support/site-runs.ts'

const name = `rolling-${process.pid}`

/** Changes a version and reboots; where that breaks, the old version comes back. */
const rolling = `
- name: Nodes
  hosts: nodes
  serial: 1
  vars: { version: "2", broken: none }
  tasks:
    - name: Replace the version
      block:
        - name: Write the version
          copy: { content: "{{ version }}\\n", dest: /root/version }
          notify: Note the change
          register: wrote
        - name: Reboot
          reboot: {}
          when: wrote.changed
        - name: Use the version
          command: "false"
          when: inventory_hostname == broken
      rescue:
        - name: Return to the old version
          copy: { content: "1\\n", dest: /root/version }
        - name: Stop here
          fail: { msg: "{{ failed_task.name }} failed: {{ failed_result.rc }}" }
      always:
        - name: Clean up
          command: touch /root/cleaned
  handlers:
    - name: Note the change
      command: touch /root/noted
- name: Containers
  hosts: containers
  after: node
  vars: { pause: 0 }
  tasks:
    - name: Take some time
      command: { cmd: "sleep {{ pause }}" }
    - name: Follow
      command: touch /root/followed
`

const once = `
- name: All
  hosts: all
  tasks:
    - name: Once
      shell: { cmd: "hostname | tee -a /root/once" }
      run_once: true
      register: ran
    - name: Everywhere
      copy: { content: "{{ ran.stdout }}\\n", dest: /root/ran-on }
`

const reached = `
- name: First contact
  hosts: pve3
  tasks:
    - block:
        - name: Needs the node
          stat: { path: /root }
      rescue:
        - name: Explain
          debug: { msg: "not reached: {{ failed_result.unreachable }}" }
      always:
        - name: Go on
          debug: { msg: "here" }
`

describe('a play over several nodes', { skip: whyNoLab() ?? false, timeout: 400_000 }, () => {
  let lab: Lab

  before(async () => {
    lab = await Lab.up({ name, nodes: 3, containers: 1 })
    writeFileSync(join(lab.instance.stateDir, 'rolling.yml'), rolling)
    writeFileSync(join(lab.instance.stateDir, 'once.yml'), once)
    writeFileSync(join(lab.instance.stateDir, 'reached.yml'), reached)
  })
  after(() => Lab.down(name))

  function play(file: string, ...words: readonly string[]): Promise<Ended> {
    return gpuplay(['run', join(lab.instance.stateDir, file), '-i', inventoryOf(lab), ...words])
  }

  /** Which of these files exist on a node, and its version. */
  async function state(node: string): Promise<string> {
    const look = 'cat /root/version 2>/dev/null; cd /root; ls noted cleaned 2>/dev/null; true'
    return (await lab.node(node).output(look)).trim().replaceAll('\n', ' ')
  }

  const steps = (events: readonly Event[], host: string): readonly string[] =>
    eventsOf(events, 'task.finished')
      .filter((event) => event.host === host)
      .map(({ task, outcome }) => `${task.name} ${outcome}`)

  it('stops at the first node that fails, which returns to the old state, and leaves the others as they are', async () => {
    const dry = await play('rolling.yml', '--check')
    assert.equal(dry.exitCode, 0, dry.text)
    assert.equal(eventsOf(dry.events, 'batch.started').length, 3)
    assert.ok(steps(dry.events, 'pve1').includes('Return to the old version unknown'))
    assert.equal(await state('pve1'), '')

    const run = await play('rolling.yml', '-e', 'broken=pve2', '-e', 'pause=20')
    assert.equal(run.exitCode, 7, run.text)
    assert.deepEqual(steps(run.events, 'pve1'), [
      'Write the version changed',
      'Reboot changed',
      'Use the version skipped',
      'Clean up changed',
      'Note the change changed',
    ])
    assert.deepEqual(steps(run.events, 'pve2'), [
      'Write the version changed',
      'Reboot changed',
      'Use the version failed',
      'Return to the old version changed',
      'Stop here failed',
      'Clean up changed',
    ])
    assert.deepEqual(await Promise.all(['pve1', 'pve2', 'pve3'].map((node) => state(node))), [
      '2 cleaned noted',
      '1 cleaned',
      '',
    ])
    const warnings = eventsOf(run.events, 'warning').map(({ message }) => message)
    assert.deepEqual(warnings, ['stopping the run: the only host of batch 2 of 3 failed; not started: pve3'])
    // A container follows as soon as its own node has finished, and is not stopped by another node.
    assert.deepEqual(
      eventsOf(run.events, 'task.finished').flatMap(({ task, host }) =>
        task.name === 'Follow' ? [host] : [],
      ),
      ['ct101'],
    )
    const { failures, hosts } = finished(run.events) ?? {}
    assert.deepEqual(
      failures?.map(({ host, task }) => `${host} ${task?.name}`),
      ['pve2 Use the version', 'pve2 Stop here'],
    )
    assert.equal(hosts?.['pve2']?.failed, 2)
  })

  it('finishes when it runs again, with the handler of the node that failed', async () => {
    const run = await play('rolling.yml')
    assert.equal(run.exitCode, 0, run.text)
    assert.deepEqual(await Promise.all(['pve1', 'pve2', 'pve3'].map((node) => state(node))), [
      '2 cleaned noted',
      '2 cleaned noted',
      '2 cleaned noted',
    ])
    const followed = eventsOf(run.events, 'task.finished').filter(({ task }) => task.name === 'Follow')
    assert.deepEqual(followed.map(({ host, outcome }) => `${host} ${outcome}`).sort(), [
      'ct101 changed',
      'ct201 changed',
      'ct301 changed',
    ])
  })

  it('rescues a node that cannot be reached from the start, as its dry run says', async () => {
    await runProgram([
      'ssh-keygen',
      '-q',
      '-t',
      'ed25519',
      '-N',
      '',
      '-f',
      join(lab.instance.stateDir, 'other'),
    ])
    const words = ['reached.yml', '-e', `private_key=${join(lab.instance.stateDir, 'other')}`] as const
    for (const more of [['--check'], []]) {
      const run = await play(...words, ...more)
      assert.equal(run.exitCode, 0, run.text)
      assert.deepEqual(steps(run.events, 'pve3'), ['Needs the node unreachable', 'Explain ok', 'Go on ok'])
      assert.equal(finished(run.events)?.hosts['pve3']?.rescued, 1)
    }
  })

  it('runs a task once for nodes and containers, also with one fork', async () => {
    const run = await play('once.yml', '--forks', '1')
    assert.equal(run.exitCode, 0, run.text)
    for (const host of ['pve1', 'pve2', 'pve3', 'ct101', 'ct301'])
      assert.equal(
        (await gpuplay(['exec', host, '-i', inventoryOf(lab), '--', 'cat', '/root/ran-on'])).text.includes(
          'pve1',
        ),
        true,
      )
    assert.equal(await lab.node('pve1').output('cat /root/once'), 'pve1\n')
    assert.equal((await lab.node('pve2').exec('test -e /root/once')).code, 1)
  })
})
