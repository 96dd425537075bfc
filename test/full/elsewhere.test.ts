/** `delegate_to` and `async` on real hosts, with runs that are killed and connections that are cut. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { LabContainer, LabNode } from '../lab/host.ts'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { eventsOf } from '../whole/support/events.ts'
import { type Ended, gpuplay, start } from '../whole/support/gpuplay.ts'
import { inventoryOf } from '../whole/support/site-runs.ts'
import { problemsOf } from './support/roles-play.ts'

const name = `elsewhere-${process.pid}`

describe('tasks on other hosts and long programs', { skip: whyNoLab() ?? false, timeout: 300_000 }, () => {
  let lab: Lab
  let node: LabNode
  let ct101: LabContainer
  let folder: string

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gpuplay-elsewhere-'))
    lab = await Lab.up({ name, nodes: 1, containers: 2 })
    node = lab.node('pve1')
    ct101 = lab.container(101)
  })
  after(async () => {
    rmSync(folder, { recursive: true, force: true })
    await Lab.down(name)
  })

  function words(playbook: string, more: readonly string[] = []): readonly string[] {
    const file = join(folder, 'play.yml')
    writeFileSync(file, playbook)
    return ['run', file, '-i', inventoryOf(lab), ...more]
  }
  const messages = ({ events }: Ended): readonly string[] =>
    eventsOf(events, 'task.finished').flatMap(({ detail }) => detail.message ?? [])

  it('containers act on their node, at the same time, and a dry run names it', async () => {
    const playbook = `
- hosts: ct101:ct102
  tasks:
    - { name: Write, copy: { content: 'of {{ ctid }}', dest: '/root/of-{{ inventory_hostname }}' }, delegate_to: pve1 }
    - { name: Wait, command: sleep 3, delegate_to: '{{ node }}' }
    - { name: Read, command: { cmd: 'cat /root/of-{{ inventory_hostname }}', reads: true }, delegate_to: pve1, register: it }
    - debug: { msg: '{{ it.stdout }}' }
`
    const check = await gpuplay(words(playbook, ['--check']), { output: 'plain' })
    assert.match(check.text, /ct101 -> pve1 {2}Write/)
    const run = await gpuplay(words(playbook))
    assert.equal(run.exitCode, 0, `${problemsOf(run)}\n${run.text.slice(-1500)}`)
    assert.deepEqual([...messages(run)].sort(), ['of 101', 'of 102'])
    assert.equal(await node.output('cat /root/of-ct102'), 'of 102')
    const waits = eventsOf(run.events, 'action.finished').filter(({ task }) => task.name === 'Wait')
    assert.deepEqual(waits.map(({ host, on }) => `${host} on ${on}`).sort(), [
      'ct101 on pve1',
      'ct102 on pve1',
    ])
    const times = waits.map(({ time }) => Date.parse(time))
    assert.ok(Math.abs((times[0] ?? 0) - (times[1] ?? 0)) < 2500)
  })

  it('a handler that a delegated task has notified runs after the run was killed', async () => {
    const playbook = (last: string): string => `
- hosts: ct101
  tasks:
    - { name: Change, copy: { content: changed, dest: /root/changed }, delegate_to: pve1, notify: handler }
    - { name: Last, command: ${last}, delegate_to: pve1 }
  handlers:
    - { name: handler, command: touch /root/handled }
`
    const killed = await start(words(playbook('sleep 60')))
    await killed.seen('the change', (event) => event.type === 'action.finished' && event.on === 'pve1')
    killed.signal('SIGKILL')
    await killed.ended
    await node.output('pkill sleep || true')
    const run = await gpuplay(words(playbook("'true'")))
    assert.equal(run.exitCode, 0, `${problemsOf(run)}\n${run.text.slice(-1500)}`)
    await ct101.output('test -e /root/handled')
  })

  it('a program with async outlives the connection and the run, and is not started again', async () => {
    const playbook = `
- hosts: pve1
  tasks:
    - { name: Long, shell: { cmd: 'echo once >> /root/starts; sleep 12; echo said' }, async: 60, register: it }
    - debug: { msg: '{{ it.stdout }}' }
`
    const begun = 'until [ -e /root/starts ]; do sleep 0.1; done; sleep 1'
    const killed = await start(words(playbook))
    await node.output(begun)
    killed.signal('SIGKILL')
    await killed.ended
    const second = await start(words(playbook))
    await second.seen('the program', (event) => event.type === 'task.progress')
    await node.output("pkill -f '[s]shd: root@' || true")
    const ended = await second.ended
    assert.equal(ended.exitCode, 0, problemsOf(ended))
    assert.deepEqual(messages(ended), ['said'])
    assert.equal(await node.output('cat /root/starts'), 'once\n')
  })
})
