import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, it } from 'node:test'
import { InputError } from '../../base/errors.ts'
import { diskFiles } from '../../language/read-files.ts'
import { folderOfTests } from '../testing/local-run.ts'
import { loadCustomModule } from './load-custom-module.ts'

/** Writes a line into a file if it is not there. */
const notes = `import { actions, done, type Host, type Module, type Plan } from 'gpuplay/module'
import { lineOf } from './lib/line.ts'

const args = {
  type: 'object',
  additionalProperties: false,
  required: ['path', 'text'],
  properties: {
    path: { type: 'string', description: 'The file' },
    text: { type: 'string', description: 'The note' },
  },
} as const

interface Args {
  readonly path: string
  readonly text: string
}

export default {
  name: 'take_note',
  summary: 'Notes something.',
  args,
  result: { type: 'object', properties: { noted: { type: 'string' } } },
  probe: (given: Args, host: Host): Promise<string | undefined> => host.text(given.path),
  plan(given: Args, seen: string | undefined): Plan {
    if (seen === lineOf(given.text)) return done()
    return actions([{ kind: 'writeFile', path: given.path, content: { kind: 'text', text: lineOf(given.text) } }])
  },
  report: ({ text }: Args) => ({ noted: text }),
} satisfies Module<Args, string | undefined>
`
const line = 'export function lineOf(text: string): string {\n  return `${text}\\n`\n}\n'

describe('a module in TypeScript', () => {
  const folder = folderOfTests()
  const noted = join(folder.path, 'noted')
  const play = `- hosts: localhost
  tasks:
    - name: note
      take_note: { path: ${noted}, text: hello }
      register: note
    - name: say
      debug: { msg: "{{note.noted}}" }
`
  beforeEach(() => {
    folder.write('modules/take-note.ts', notes)
    folder.write('modules/lib/line.ts', line)
  })

  const problemsOf = async (text: string): Promise<readonly string[]> => {
    folder.write('modules/take-note.ts', text)
    try {
      await folder.run(play)
      return []
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      return error.problems.map(({ message, where, hint }) =>
        [
          `${where?.line ?? '?'}:${where?.column ?? '?'} ${message.replaceAll(`${folder.path}/`, '')}`,
          hint ?? [],
        ]
          .flat()
          .join(' | '),
      )
    }
  }

  it('next to the playbook works like one of gpuplay, in dry runs and runs', async () => {
    const dry = await folder.run(play, { check: true })
    assert.equal(dry.outcomes['note'], 'changed')
    assert.equal(existsSync(noted), false)
    const run = await folder.run(play)
    assert.deepEqual(run.outcomes, { note: 'changed', say: 'ok' })
    assert.deepEqual(run.messages, ['hello'])
    assert.equal(readFileSync(noted, 'utf8'), 'hello\n')
    assert.equal((await folder.run(play)).outcomes['note'], 'ok')
  })

  it('in a role works, too', async () => {
    folder.write(
      'roles/noting/modules/role_note.ts',
      notes.replace('take_note', 'role_note').replace('./lib', './'),
    )
    folder.write('roles/noting/modules/line.ts', line)
    folder.write('roles/noting/tasks/main.yml', `- name: role\n  role_note: { path: ${noted}, text: role }\n`)
    const run = await folder.run('- hosts: localhost\n  roles: [noting]\n')
    assert.equal(run.outcomes['noting : role'] ?? run.outcomes['role'], 'changed')
    assert.equal(readFileSync(noted, 'utf8'), 'role\n')
  })

  it('is read only if a task names it', async () => {
    folder.write('modules/broken.ts', 'export default {{')
    const run = await folder.run('- hosts: localhost\n  tasks:\n    - debug: { msg: hi }\n')
    assert.equal(run.exitCode, 0)
  })

  it('has its arguments checked when the playbook loads', async () => {
    folder.write('modules/take-note.ts', notes)
    await assert.rejects(
      folder.run('- hosts: localhost\n  tasks:\n    - take_note: { path: /x, txt: y }\n'),
      (error) => error instanceof InputError && error.problems.some(({ message }) => /txt/.test(message)),
    )
  })

  for (const [what, change, wanted] of [
    ['cannot be parsed', [/satisfies .*/, '}'], /^\d+:\d+ cannot read modules\/take-note.ts: /],
    [
      'throws',
      ['const args', "throw new Error('early')\nconst args"],
      /^4:1 cannot load .*take-note.ts: early$/,
    ],
    [
      'exports nothing',
      ['export default', 'export const own ='],
      /^1:1 the file exports no module \| write `export/,
    ],
    [
      'has another name',
      ["'take_note'", "'notes'"],
      /^20:3 the module must have the name of its file: "take_note"$/,
    ],
    ['has no plan', ['plan(given', 'planned(given'], /the module has no plan$/],
    ['has an unknown part', ['  args,\n', "  args,\n  become: 'root',\n"], /^23:3 modules have no "become"$/],
    [
      'wants to run programs',
      ['  args,\n', "  args,\n  runs: 'x',\n"],
      /^23:3 modules have no "runs" \| only command/,
    ],
    [
      'has an argument without a description',
      [", description: 'The note'", ''],
      /^10:5 the argument text has no desc/,
    ],
    [
      'has an invalid schema',
      ["type: 'string', description: 'The note'", "type: 'word'"],
      /^22:3 args is not a valid JSON/,
    ],
    [
      'names a missing argument',
      ['  args,\n', "  args,\n  mayBeSecret: ['key'],\n"],
      /mayBeSecret names "key", which is no/,
    ],
    [
      'imports Node',
      ['import { lineOf }', "import 'node:fs'\nimport { lineOf }"],
      /^2:\d+ a module cannot import "node:fs"/,
    ],
    [
      'imports a missing file',
      ['./lib/line.ts', './lib/none.ts'],
      /^2:\d+ there is no file modules\/lib\/none.ts$/,
    ],
    [
      'imports dynamically',
      ['const args', "void import('./lib/line.ts')\nconst args"],
      /^4:6 a module cannot import while it runs/,
    ],
    [
      'uses the process',
      ['const args', 'process.exit(3)\nconst args'],
      /^4:1 cannot load .*: Cannot read prop/,
    ],
  ] as const) {
    it(`that ${what} is a mistake with its place`, async () => {
      const problems = await problemsOf(notes.replace(change[0], change[1]))
      assert.ok(
        problems.some((text) => wanted.test(text)),
        problems.join('\n'),
      )
    })
  }

  it('cannot have the name of another one', async () => {
    folder.write('modules/copy.ts', notes)
    folder.write('roles/a/modules/take_note.ts', notes)
    const playbook = `- hosts: localhost\n  tasks:\n    - take_note: {}\n    - copy: { content: x, dest: ${noted} }\n`
    await assert.rejects(folder.run(playbook), (error) => {
      assert.ok(error instanceof InputError)
      assert.deepEqual(
        error.problems.map(({ message }) => message.replaceAll(`${folder.path}/`, '')),
        [
          'modules/take-note.ts has the name of the module in roles/a/modules/take_note.ts',
          'modules/copy.ts has the name of a module of gpuplay',
        ],
      )
      return true
    })
  })
})

it('a module is loaded from a relative path, too', () => {
  const files = {
    ...diskFiles,
    read: () => ({ kind: 'text', text: notes.replace(/^import .*line.*$/m, '') }) as const,
  }
  const { module, problems } = loadCustomModule('modules/take-note.ts', 'take_note', files)
  assert.deepEqual(problems, [])
  assert.equal(module?.name, 'take_note')
})
