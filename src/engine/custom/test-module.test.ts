import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InputError } from '../../base/errors.ts'
import { diskFiles } from '../../language/read-files.ts'
import { dependenciesIn, folderOfTests, plainRequest } from '../testing/local-run.ts'
import { testModule, type TestedCase } from './test-module.ts'

const head = `import { actions, done, type Host, type Module, type Plan, type Run } from 'gpuplay/module'
interface Args { readonly path: string }
const args = {
  type: 'object',
  required: ['path'],
  properties: { path: { type: 'string', description: 'The file' } },
} as const
`

/** A module that writes "x" into a file, with another plan. */
function noteWith(plan: string, more = ''): string {
  return `${head}let calls = 0
export default {
  name: 'note',
  summary: 'Writes a file.',
  args,
  result: { type: 'object', properties: { count: { type: 'integer' } } },
  probe: (given: Args, host: Host) => host.text(given.path),
  plan({ path }: Args, seen: string | undefined): Plan {
    calls += 1
    if (seen === 'x' || calls < 0) return done()
    ${plan}
  },
  ${more}
} satisfies Module<Args, string | undefined>
`
}

const writes = "return actions([{ kind: 'writeFile', path, content: { kind: 'text', text: 'x' } }])"
const shell = (line: string, effects: string): string =>
  `return actions([{ kind: 'run', argv: ['sh', '-c', ${line}, 'sh', path], effects: ${effects} } satisfies Run])`

describe('the test of a module', () => {
  const folder = folderOfTests()
  folder.write('watched/kept', 'kept')
  const test = async (module: string, cases: string): Promise<readonly TestedCase[]> => {
    folder.write('modules/note.cases.yml', `watch: [${folder.path}/watched]\ncases:\n${cases}`)
    return testModule({
      path: folder.write('modules/note.ts', module),
      host: 'localhost',
      files: diskFiles,
      prepare: async (request) => ({
        request: { ...plainRequest, inventories: ['localhost,'], ...request },
        dependencies: dependenciesIn(folder.path),
      }),
      tested: () => undefined,
    })
  }
  const path = `${folder.path}/watched/note`
  const fresh = `  - says: a note\n    setup: rm -f ${path}\n    args: { path: ${path} }\n`

  it('accepts a module that keeps the rules', async () => {
    const results = await test(
      noteWith(writes, 'report: () => ({ count: 1 }),'),
      `${fresh}  - says: again\n    args: { path: ${path} }\n    dry: ok\n`,
    )
    assert.deepEqual(results, [
      { says: 'a note', broken: [] },
      { says: 'again', broken: [] },
    ])
  })

  for (const [what, module, broken] of [
    [
      'changes what no action declares',
      noteWith(
        shell(
          "'printf x >$1; : >$1.other'",
          "[{ kind: 'file', name: path, becomes: { kind: 'file', text: 'x' } }]",
        ),
      ),
      [/^the run changed what no action declares: .*\/note\.other$/],
    ],
    [
      'does not converge',
      noteWith("return actions([{ kind: 'writeFile', path, content: { kind: 'text', text: 'y' } }])"),
      [/^the outcome of the run is failed, not changed: did not converge/, /second run/],
    ],
    [
      'is not pure',
      noteWith(
        "return actions([{ kind: 'writeFile', path, content: { kind: 'text', text: 'x' }, label: `${calls}` }])",
      ),
      [/^plan is not pure/],
    ],
    [
      'has another result than declared',
      noteWith(writes, "report: () => ({ count: 'one' }),"),
      [/^the result does not match its schema: "count" must be/],
    ],
  ] as const) {
    it(`names the rule of a module that ${what}`, async () => {
      const [result] = await test(module, fresh)
      assert.equal(result?.broken.length, broken.length, result?.broken.join('\n'))
      for (const [index, wanted] of broken.entries()) assert.match(result?.broken[index] ?? '', wanted)
    })
  }

  it('compares failures, and reports a wrong expectation', async () => {
    const refusing = noteWith("throw new Error('never')").replace(
      "throw new Error('never')",
      "return { ...done(), refusal: { code: 'not-here', message: 'not here' } }",
    )
    const failed = `${fresh}    dry: failed\n    problem: not-here\n`
    assert.deepEqual((await test(refusing, failed))[0]?.broken, [])
    const [other] = await test(refusing, failed.replace('problem: not-here', 'problem: elsewhere'))
    assert.match(other?.broken[0] ?? '', /^the dry run failed with not-here, not elsewhere$/)
  })

  it('needs cases, which are checked with their places', async () => {
    await assert.rejects(test(noteWith(writes), '  - says: x\n    arg: {}\n'), (error) => {
      assert.ok(error instanceof InputError)
      assert.ok(error.problems.some(({ where }) => where?.line === 4))
      return true
    })
  })
})
