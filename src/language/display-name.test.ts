import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../base/secret.ts'
import { Unknown } from '../base/unknown.ts'
import { displayName } from './display-name.ts'
import { report } from './testing/report.ts'
import { loadContents, playsOf } from './testing/playbooks.ts'
import { dataScope } from './testing/scopes.ts'

const [play] = playsOf({
  '/p/site.yml': `- name: Greet on {{ place }}
  hosts: all
  vars: { place: earth, who: nobody }
  tasks:
    - name: Greet {{ who }}
      command: "true"
`,
})
assert.ok(play)
const [task] = play.sections.flatMap(({ tasks }) => tasks)
assert.ok(task)

test('names of plays and tasks are rendered', () => {
  assert.equal(displayName(task.title, task.name, dataScope({ who: 'Ada' })), 'Greet Ada')
  assert.equal(displayName(play.title, play.name, dataScope({ place: 'Mars' })), 'Greet on Mars')
})

test('a name is shown unrendered if a variable in it is undefined, unknown or secret', () => {
  for (const scope of [{}, { who: new Unknown('later') }, { who: new Secret('x') }, { who: ['a'] }])
    assert.equal(displayName(task.title, task.name, dataScope(scope)), 'Greet {{ who }}')
})

test('an undeclared variable in a name is a mistake', () => {
  const { problems } = loadContents({
    '/p/site.yml':
      '- name: On {{ plaec }}\n  hosts: all\n  vars: { place: x }\n  tasks: [{ name: "To {{ whom }}", command: "true" }]\n',
  })
  assert.deepEqual(report(problems), [
    'site.yml:1:15 undefined-variable: "plaec" is not defined (did you mean "place"?)',
    'site.yml:4:26 undefined-variable: "whom" is not defined (set it in the inventory or under "vars", or register it in an earlier task)',
  ])
})
