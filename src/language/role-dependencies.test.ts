/** Dependencies of roles, their variables, and uses that repeat an earlier one. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Task } from './model.ts'
import { loadContents, playsOf } from './testing/playbooks.ts'
import { report } from './testing/report.ts'

const says = (text: string): string => `- debug: { msg: '${text}' }\n`

/** `app` needs `base`, which needs `common`. */
const files = {
  '/p/roles/common/tasks/main.yml': says('common {{common_level}}'),
  '/p/roles/common/defaults/main.yml': 'common_level: 1\n',
  '/p/roles/base/tasks/main.yml': says('base'),
  '/p/roles/base/meta/main.yml': 'galaxy_info: { author: Ann }\ndependencies: [common]\n',
  '/p/roles/base/defaults/main.yml': 'base_level: 1\n',
  '/p/roles/app/tasks/main.yml': says('app'),
  '/p/roles/app/meta/main.yml': 'dependencies:\n  - role: base\n    vars: { base_level: 2 }\n',
  '/p/roles/other/tasks/main.yml': says('other'),
  '/p/roles/other/meta/main.yml': 'dependencies: [{ name: common }]\n',
}

/** The tasks of the first play, without those that repeat others: `role: message`. */
function tasksOf(play: string, more: Readonly<Record<string, string>> = {}): readonly string[] {
  const [first] = playsOf({ ...files, '/p/site.yml': `- hosts: all\n${play}`, ...more })
  return (first?.sections ?? [])
    .flatMap(({ tasks }) => tasks.filter((task) => task.repeats === undefined))
    .map(shown)
}

function shown({ role, args, tags, when }: Task): string {
  const value = args.entries.get('msg')?.value
  const text =
    value?.kind === 'literal' ? String(value.value) : value?.kind === 'template' ? value.source : ''
  return [
    role?.role.name ?? 'play',
    text,
    ...tags.map((tag) => `#${tag}`),
    ...when.map(({ source }) => `if ${source}`),
  ].join(' ')
}

describe('dependencies of roles', () => {
  test('run before the role, each after its own', () => {
    assert.deepEqual(tasksOf('  roles: [app]\n'), ['common common {{common_level}}', 'base base', 'app app'])
    assert.deepEqual(tasksOf('  tasks: [{ import_role: { name: app } }]\n'), [
      'common common {{common_level}}',
      'base base',
      'app app',
    ])
  })

  test('inherit the keywords of the roles that need them', () => {
    const meta = 'dependencies:\n  - { role: common, when: common_level > 0, tags: c }\n'
    assert.deepEqual(
      tasksOf('  roles: [{ role: base, tags: b, when: base_level > 0 }]\n', {
        '/p/roles/base/meta/main.yml': meta,
      }),
      [
        'common common {{common_level}} #b #c if base_level > 0 if common_level > 0',
        'base base #b if base_level > 0',
      ],
    )
  })

  test('are found beside the role', () => {
    assert.deepEqual(
      tasksOf('  roles: [./own/one]\n', {
        '/p/own/one/meta/main.yml': 'dependencies: [two]\n',
        '/p/own/two/tasks/main.yml': says('two'),
      }),
      ['two two'],
    )
  })

  test('see the variables of the roles that need them, which see theirs', () => {
    const { problems } = loadContents({
      ...files,
      '/p/roles/common/tasks/main.yml': says('{{base_level}} {{door}} {{common_level}}'),
      '/p/roles/base/tasks/main.yml': says('{{common_level}} {{common_unit}}'),
      '/p/roles/common/vars/main.yml': 'common_unit: x\n',
      '/p/site.yml':
        '- hosts: all\n  roles: [{ role: base, door: 1 }]\n  tasks: [{ debug: { msg: "{{common_level}}" } }]\n',
    })
    assert.deepEqual(report(problems), [
      'site.yml:3:30 undefined-variable: "common_level" is not defined (set it in the inventory or under "vars", or register it in an earlier task)',
    ])
  })

  const mistakes: readonly (readonly [meta: string, message: string])[] = [
    [
      'dependencies: common\n',
      'main.yml:1:15 invalid-keyword: "dependencies" must be a list, not "common" (write a list: [common])',
    ],
    [
      'dependencies: [comon]\n',
      'main.yml:1:16 unknown-role: there is no role "comon" (did you mean "common"?)',
    ],
    [
      'dependencies: [{ src: git+https://host/x }]\n',
      'main.yml:1:18 invalid-role: gpuplay does not download roles (put the role into "roles" next to the playbook, and write "role: NAME")',
    ],
    [
      'dependencies: [{ tags: x }]\n',
      'main.yml:1:16 invalid-role: this entry does not name a role (add "role: NAME")',
    ],
    [
      'dependencies: [other]\n',
      'main.yml:1:16 cyclic-import: this role depends on itself: base -> other -> base',
    ],
    [
      'allow_duplicates: maybe\n',
      'main.yml:1:19 invalid-keyword: "allow_duplicates" must be true or false, not "maybe"',
    ],
  ]
  for (const [meta, message] of mistakes) {
    test(`${meta.trim()} is a mistake with a place`, () => {
      const { problems } = loadContents({
        ...files,
        '/p/roles/other/meta/main.yml': 'dependencies: [base]\n',
        '/p/roles/base/meta/main.yml': meta,
        '/p/site.yml': '- hosts: all\n  roles: [base]\n',
      })
      assert.deepEqual(report(problems), [message])
    })
  }
})

describe('a role runs once in a play for the same variables', () => {
  const roles: readonly (readonly [roles: string, tasks: readonly string[]])[] = [
    ['[common, common]', ['common']],
    ['[base, other]', ['common', 'base', 'other']],
    ['[common, { role: common, common_level: 1 }]', ['common', 'common']],
    ['[{ role: common, common_level: 2 }, { role: common, vars: { common_level: 2 } }]', ['common']],
    ['[{ role: common, common_level: 2 }, { role: common, common_level: 3 }]', ['common', 'common']],
    ['[common, { role: common, become: true }]', ['common', 'common']],
    // The first one may be left out.
    ['[{ role: common, when: common_level > 1 }, common]', ['common', 'common']],
    ['[common, { role: common, when: common_level > 1 }]', ['common']],
    // It gets another value from the role that needs it.
    ['[{ role: base, common_level: 2 }, other]', ['common', 'base', 'common', 'other']],
    ['[{ role: base, base_level: 2 }, other]', ['common', 'base', 'other']],
  ]
  for (const [list, expected] of roles) {
    test(list, () => {
      const names = tasksOf(`  roles: ${list}\n`).map((line) => line.split(' ')[0])
      assert.deepEqual(names, expected)
    })
  }

  test('unless its meta/main.yml allows duplicates', () => {
    const more = { '/p/roles/common/meta/main.yml': 'allow_duplicates: true\n' }
    assert.equal(tasksOf('  roles: [common, common]\n', more).length, 2)
  })

  test('an imported role runs as often as it is written, but what it needs runs once', () => {
    const twice = '  tasks: [{ import_role: { name: base } }, { import_role: { name: base } }]\n'
    assert.deepEqual(tasksOf(twice), ['common common {{common_level}}', 'base base', 'base base'])
  })

  test('a role in a block may be skipped by a failure, so it counts for no later one', () => {
    const block =
      '  tasks:\n    - block: [{ import_role: { name: other } }]\n      rescue: [{ import_role: { name: base } }]\n    - import_role: { name: base }\n'
    assert.deepEqual(
      tasksOf(block).map((line) => line.split(' ')[0]),
      ['common', 'other', 'common', 'base', 'common', 'base'],
    )
  })

  test('in another play it runs again', () => {
    const plays = playsOf({
      ...files,
      '/p/site.yml': '- { hosts: all, roles: [common] }\n- { hosts: all, roles: [common] }\n',
    })
    assert.deepEqual(
      plays.map(({ sections }) => sections[0]?.tasks[0]?.repeats),
      [undefined, undefined],
    )
  })
})

describe('tasks_from', () => {
  const more = { '/p/roles/common/tasks/remove.yml': says('removed') }

  test('names another file of tasks', () => {
    for (const name of ['remove', 'remove.yml'])
      assert.deepEqual(tasksOf(`  tasks: [{ import_role: { name: common, tasks_from: ${name} } }]\n`, more), [
        'common removed',
      ])
  })

  const mistakes: readonly (readonly [line: string, message: string])[] = [
    [
      'import_role: { name: common, tasks_from: remvoe }',
      'missing-file: the role "common" has no tasks/remvoe (did you mean "remove"?)',
    ],
    [
      'import_role: { name: common, tasks_form: remove }',
      'unknown-argument: "import_role" has no argument "tasks_form" (did you mean "tasks_from"?)',
    ],
    [
      'import_role: { name: common, public: true }',
      'unknown-argument: "import_role" has no argument "public" (leave it out: the variables of a role are only visible in it)',
    ],
  ]
  for (const [line, message] of mistakes) {
    test(line, () => {
      const { problems } = loadContents({
        ...files,
        ...more,
        '/p/site.yml': `- hosts: all\n  tasks: [{ ${line} }]\n`,
      })
      assert.deepEqual(
        report(problems).map((found) => found.replace(/^\S+ /, '')),
        [message],
      )
    })
  }
})
