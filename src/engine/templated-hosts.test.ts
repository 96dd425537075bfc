/** `hosts` from `-e` and the variables of the play. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InputError } from '../base/errors.ts'
import { report } from '../language/testing/report.ts'
import { folderOfTests } from './testing/local-run.ts'

describe('templated hosts', () => {
  const folder = folderOfTests()
  const inventories = [folder.write('hosts.ini', '[web]\nw1\nw2\n[db]\nd1\n[all:vars]\nconnection=local\n')]

  const hostsOf = async (hosts: string, ...extraVars: readonly string[]): Promise<readonly string[]> => {
    const playbook = `- hosts: ${hosts}\n  vars: { own: d1 }\n  tasks: [{ debug: { msg: x } }]\n`
    const { events } = await folder.run(playbook, { inventories, extraVars, check: true })
    return events.flatMap((event) => (event.type === 'play.started' ? [event.play, ...event.hosts] : []))
  }

  const cases: readonly (readonly [hosts: string, extra: string, found: readonly string[]])[] = [
    ['"{{ target }}"', 'target=web', ['web', 'w1', 'w2']],
    ['"{{ target }}:!w1"', 'target=web', ['web:!w1', 'w2']],
    ['"{{ target }}"', '{"target": ["w2", "db"]}', ['w2,db', 'w2', 'd1']],
    ['"{{default target own}}"', 'x=1', ['d1', 'd1']],
    ['"{{default target own}}"', 'target=w1', ['w1', 'w1']],
    [`!cel 'defined(target) ? target : "db"'`, 'x=1', ['db', 'd1']],
    ['[w1, "{{ own }}"]', 'own=w2', ['w1,w2', 'w1', 'w2']],
  ]
  for (const [hosts, extra, found] of cases) {
    test(`${hosts} with -e ${extra}`, async () => assert.deepEqual(await hostsOf(hosts, extra), found))
  }

  const mistakes: readonly (readonly [extra: string, message: string])[] = [
    [
      'x=1',
      'site.yml:1:13 undefined-variable: "target" is not defined (pass it with -e target=HOSTS; "hosts" sees only -e and the variables of the play)',
    ],
    [
      'target=""',
      'site.yml:1:10 no-hosts: "hosts" names no hosts (name hosts or groups; "all" means every host)',
    ],
    [
      'target=7',
      'site.yml:1:10 no-hosts: "hosts" must become text or a list of texts, not 7 (write names of hosts or groups)',
    ],
  ]
  for (const [extra, message] of mistakes) {
    test(`-e ${extra} is a mistake before any connection`, async () => {
      await assert.rejects(hostsOf('"{{target}}"', extra), (error) => {
        assert.ok(error instanceof InputError)
        assert.deepEqual(report(error.problems), [message])
        return true
      })
    })
  }
})
