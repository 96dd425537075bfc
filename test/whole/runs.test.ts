/** The logs of runs on the controller: of the site's runs, of a run that is killed, and on a full disk. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { readEvent } from '../../src/events/read-event.ts'
import { whyNoLab } from '../lab/machine.ts'
import { run as runProgram } from '../lab/process.ts'
import { eventsOf } from './support/events.ts'
import { gpuplay, start } from './support/gpuplay.ts'
import { siteRuns, type SiteRuns } from './support/site-runs.ts'

describe('the logs of the runs of a site', { skip: whyNoLab() ?? false, timeout: 300_000 }, () => {
  let site: SiteRuns
  before(async () => {
    site = await siteRuns()
  })

  it('list the dry run, the run and the second run with their results', async () => {
    const { text } = await gpuplay(['runs', '-i', site.inventory])
    const all = text.trimEnd().split('\n')
    const lines = [site.check, site.real, site.second].map(
      ({ events }) => all.find((line) => line.startsWith(events[0]?.run ?? '?')) ?? '',
    )
    const results = lines.map((line) => line.replace(/^.* and \d+ more {2}(.*?) +gpuplay run .*$/, '$1'))
    assert.match(results[0] ?? '', /^dry run, nothing was changed: \d+ would change/)
    assert.match(results[1] ?? '', /^done: \d+ changed$/)
    assert.match(results[2] ?? '', /^everything is as declared: 0 changed$/)
    assert.match(lines[0] ?? '', / --check /)
  })

  it('have every event of the run, and what the installer wrote on nodes and in containers', async () => {
    const folder = join(dirname(site.inventory), '.gpuplay', 'runs')
    const [name = ''] = readdirSync(folder).filter((file) => file.startsWith(site.real.events[0]?.run ?? '?'))
    assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600)
    const lines = readFileSync(join(folder, name), 'utf8').trimEnd().split('\n')
    assert.deepEqual(lines.map(readEvent), site.real.events)
    const logs = eventsOf(site.real.events, 'program.log').filter(({ path }) =>
      path.endsWith('installer.log'),
    )
    assert.deepEqual([...new Set(logs.map(({ on }) => on))].sort(), [
      'ct101',
      'ct102',
      'ct201',
      'ct202',
      'pve1',
      'pve2',
    ])
    for (const { text } of logs)
      assert.match(text, /nvidia-installer log file '\/var\/log\/nvidia-installer\.log'/)
    const { text } = await gpuplay(['runs', '-i', site.inventory, '-vv', 'show', name.replace('.jsonl', '')])
    assert.match(text, /^log {7}pve1 {2}\/var\/log\/nvidia-installer\.log$/m)
  })
})

describe('the log of a run', { skip: whyNoLab() ?? false, timeout: 120_000 }, () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gpuplay-runs-'))
    writeFileSync(join(folder, 'hosts.yml'), 'all: { hosts: { here: { connection: local } } }\n')
    writeFileSync(
      join(folder, 'slow.yml'),
      '- hosts: here\n  gather_facts: false\n  tasks:\n' +
        '    - debug: { msg: said }\n    - command: { argv: [sleep, "60"], creates: /nonexistent }\n',
    )
    writeFileSync(
      join(folder, 'long.yml'),
      '- hosts: here\n  gather_facts: false\n  tasks:\n' +
        '    - debug: { msg: "{{item}} of a list that fills the disk" }\n      loop: [1, 2, 3, 4, 5, 6, 7, 8, 9]\n'.repeat(
          9,
        ),
    )
  })
  after(() => rmSync(folder, { recursive: true, force: true }))
  const words = (playbook: string): readonly string[] => [
    'run',
    join(folder, playbook),
    '-i',
    join(folder, 'hosts.yml'),
  ]

  it('is readable after gpuplay was killed', async () => {
    const controller = await start(words('slow.yml'))
    await controller.seen('the first task', ({ type }) => type === 'task.finished')
    controller.signal('SIGKILL')
    await controller.ended
    const { text } = await gpuplay(['runs', '-i', join(folder, 'hosts.yml')])
    assert.match(text, / not finished: killed, or still running +gpuplay run /m)
    const [name = ''] = readdirSync(join(folder, '.gpuplay', 'runs'))
    const again = await gpuplay(['runs', '-i', join(folder, 'hosts.yml'), 'show', name.replace('.jsonl', '')])
    assert.match(again.text, /said/)
  })

  it('is incomplete on a full disk: a warning, and the run goes on', async () => {
    const logs = join(folder, '.gpuplay', 'runs')
    mkdirSync(logs, { recursive: true })
    await runProgram(['mount', '-t', 'tmpfs', '-o', 'size=8k', 'full', logs])
    try {
      const { exitCode, text } = await gpuplay(words('long.yml'), { output: 'plain' })
      assert.equal(exitCode, 0, text)
      assert.match(text, /^everything is as declared: 0 changed/m)
      assert.match(
        text,
        /^warning: the record of this run is incomplete: cannot write .*: no space left on device$/m,
      )
    } finally {
      await runProgram(['umount', logs])
    }
  })
})
