import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { scratchFolder } from '../../connection/testing/programs.ts'
import { gpuplay } from '../testing/command-line.ts'
import { customModule, folderWith } from '../testing/folder-with.ts'

const custom = {
  'modules/take-note.ts': customModule('take_note', 'Takes a note.'),
  'roles/web/modules/web_site.ts': customModule('web_site', 'Keeps a site.'),
}

describe('gpuplay modules', () => {
  test('lists custom modules of the folder and its roles after those of gpuplay, with their files', async () => {
    const { output, errors, exitCode } = await gpuplay(folderWith(custom), ['modules'])
    assert.deepEqual([errors, exitCode], ['', 0])
    const without = await gpuplay(scratchFolder(), ['modules'])
    assert.match(without.output, /^copy +\S.*\.$/m)
    assert.deepEqual(output.split('\n').slice(without.output.split('\n').length - 1), [
      `${'take_note'.padEnd(columnOf(output))}Takes a note. (modules/take-note.ts)`,
      `${'web_site'.padEnd(columnOf(output))}Keeps a site. (roles/web/modules/web_site.ts)`,
      '',
    ])
  })

  test('describes a custom module', async () => {
    const folder = folderWith(custom)
    const { output, exitCode } = await gpuplay(folder, ['modules', 'web_site'])
    assert.match(
      output,
      /^web_site: Keeps a site\.\nA custom module: roles\/web\/modules\/web_site\.ts\n\nARGUMENTS\n {2}text +string +The text\n/,
    )
    assert.equal(exitCode, 0)
    const { output: json } = await gpuplay(folder, ['modules', 'web_site', '--json'])
    const { name, file, args }: { name: unknown; file: unknown; args: unknown } = JSON.parse(json)
    assert.deepEqual(
      [name, file, args],
      [
        'web_site',
        'roles/web/modules/web_site.ts',
        {
          type: 'object',
          properties: { text: { type: 'string', description: 'The text' } },
          additionalProperties: false,
        },
      ],
    )
  })

  test('a custom module with a mistake is reported beside the list of the others', async () => {
    const folder = folderWith({ ...custom, 'modules/broken.ts': 'export default 1\n' })
    const { output, errors, exitCode } = await gpuplay(folder, ['modules', '--json'])
    const listed: readonly { readonly name: string }[] = JSON.parse(output)
    assert.deepEqual(
      ['copy', 'take_note', 'broken'].map((name) => listed.some((one) => one.name === name)),
      [true, true, false],
    )
    assert.match(errors, /^modules\/broken\.ts:1:1: error: the file exports no module\n/)
    assert.equal(exitCode, 2)
    assert.equal((await gpuplay(folder, ['modules', 'take_note'])).exitCode, 0)
  })

  test('describing a module does not run the code of others', async () => {
    const folder = folderWith({ ...custom, 'modules/broken.ts': "throw new Error('it ran')\n" })
    assert.deepEqual((await gpuplay(folder, ['modules', 'copy'])).errors, '')
    assert.match((await gpuplay(folder, ['modules', 'broken'])).errors, /it ran/)
  })

  test('an unknown name is a mistake, and names of custom modules are suggested', async () => {
    const { output, errors, exitCode } = await gpuplay(folderWith(custom), ['modules', 'take_nte'])
    assert.match(errors, /^error: there is no module "take_nte"\n {2}help: did you mean "take_note"\?\n/)
    assert.deepEqual([output, exitCode], ['', 2])
  })

  test('names are completed, also of custom modules', async () => {
    const { output, errors } = await gpuplay(folderWith(custom), ['__complete', 'modules', 'take'])
    assert.deepEqual([output, errors], ['take_note\tName of a module\n', ''])
  })
})

/** Where the summaries begin. */
function columnOf(output: string): number {
  return /^copy +/m.exec(output)?.[0].length ?? 0
}
