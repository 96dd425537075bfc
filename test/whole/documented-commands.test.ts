/**
 * Every command of the documentation is one that gpuplay or npm has: names, options and their values, and
 * playbooks. Nothing runs: test/full/guide.test.ts and test/full/testing-page.test.ts run the commands of
 * whole pages.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { type Application, type Command, run } from '@stricli/core'
import { createApplication } from '../../src/cli/application.ts'
import type { Context } from '../../src/cli/context.ts'
import { words } from '../../src/modules/support/words.ts'
import { pages } from '../../site/pages.ts'
import { repository } from './command-line.ts'
import { partsOf, readPage } from './support/markdown.ts'

/** A command line, as a page has it. */
interface Documented {
  readonly page: string
  readonly line: string
  /** In a sentence, a command may lack its arguments: `gpuplay test-module`. */
  readonly sentence: boolean
}

const manifest: { readonly scripts: Readonly<Record<string, string>> } = JSON.parse(
  readFileSync(join(repository, 'package.json'), 'utf8'),
)
const playbooks = readdirSync(join(repository, 'playbooks'))

function documented(page: string): readonly Documented[] {
  const { root } = readPage(readFileSync(join(repository, page), 'utf8'))
  const blocks = partsOf(root, 'code')
    .filter(({ lang }) => lang === null || lang === undefined || lang === 'sh')
    .flatMap(({ value = '' }) => value.split('\n').map((line) => ({ page, line, sentence: false })))
  const sentences = partsOf(root, 'inlineCode').map(({ value = '' }) => ({
    page,
    line: value,
    sentence: true,
  }))
  return [...blocks, ...sentences]
}

const all = [...new Set(['README.md', ...pages.map(({ source }) => source)])].flatMap(documented)

/** The words after the name of the program; undefined for other lines. */
function wordsAfter(program: RegExp, line: string): readonly string[] | undefined {
  const [start] = program.exec(line) ?? []
  if (start === undefined) return undefined
  // Without comments, the next command and redirections.
  const rest = line
    .slice(start.length)
    .replace(/(^|\s)(?:#|&&|\||>).*/, '')
    .trim()
  return words(rest) ?? []
}

/** Runs stricli on the words with commands that do nothing. */
async function mistake(given: readonly string[]): Promise<string> {
  let errors = ''
  const stream = { write: (text: string) => void (errors += text), getColorDepth: () => 1 }
  const application: Application<Context> = createApplication(given, { version: '0', shipped: repository })
  const silent = { write: () => undefined, getColorDepth: () => 1 }
  const context = { process: { stdout: silent, stderr: stream } } as unknown as Context
  await run({ ...application, root: idle(application.root) }, given, context)
  return errors
}

type Target = Application<Context>['root']

function idle(target: Target): Target {
  if (!('getRoutingTargetForInput' in target)) return idleCommand(target)
  return {
    ...target,
    getRoutingTargetForInput: (input) => {
      const found = target.getRoutingTargetForInput(input)
      return found === undefined ? undefined : idle(found)
    },
  }
}

function idleCommand(command: Command<Context>): Command<Context> {
  return { ...command, loader: () => Promise.resolve(() => undefined) }
}

/** `help COMMAND` becomes `COMMAND --help`, as in src/cli/execute.ts. */
function understood([first, command, ...rest]: readonly string[]): readonly string[] {
  if (first !== 'help') return [first, command, ...rest].filter((word) => word !== undefined)
  return command === undefined || command === 'COMMAND' ? ['--help'] : [command, '--help']
}

const incomplete = /^error: (?:no .* (?:was|were) given|.* is missing|--\S+ needs a value)/

async function wrong({ page, line, sentence }: Documented): Promise<string> {
  const given = wordsAfter(/^(?:\$ )?(?:npx )?gpuplay(?= )/, line)
  if (given === undefined) return ''
  const found = (await mistake(understood(given))).trim()
  if (found !== '' && !(sentence && incomplete.test(found))) return found
  const [command = '', ...rest] = given
  const named = rest.filter(
    (word, index) => /^[\w-]+\.ya?ml$/.test(word) && !(rest[index - 1] ?? '').startsWith('-'),
  )
  const lost = ['run', 'plan', 'graph'].includes(command)
    ? named.filter((name) => !playbooks.includes(name) && !existsSync(join(repository, dirname(page), name)))
    : []
  return lost.length === 0 ? '' : `gpuplay includes no playbook ${lost.join(', ')}`
}

function wrongScript({ line }: Documented): string {
  const [script = ''] = wordsAfter(/^npm run(?= )/, line) ?? []
  return script === '' || Object.hasOwn(manifest.scripts, script) ? '' : `npm has no script ${script}`
}

describe('the commands of the documentation', () => {
  it('are found', () => {
    assert.ok(all.filter(({ line }) => wordsAfter(/^(?:npx )?gpuplay(?= )/, line)).length > 90)
  })
  it('are commands of gpuplay with its options', async () => {
    const found: string[] = []
    for (const one of all) {
      const text = await wrong(one)
      if (text !== '') found.push(`${one.page}: ${one.line}: ${text}`)
    }
    assert.deepEqual(found, [])
  })
  it('are scripts of npm', () => {
    assert.deepEqual(
      all.filter((one) => wrongScript(one) !== '').map(({ page, line }) => `${page}: ${line}`),
      [],
    )
  })
})
