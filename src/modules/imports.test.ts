/** In each folder with code of modules, the linter refuses everything that could change a host. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')

const forbidden: readonly string[] = [
  `import { readFileSync as found } from 'node:fs'`,
  `import { readFile as found } from 'node:fs/promises'`,
  `import { createHash as found } from 'node:crypto'`,
  `import { execSync as found } from 'child_process'`,
  `import { programStep as found } from '../host/executors/run-program.ts'`,
  `import { carryOut as found } from '../host/action-frame.ts'`,
  `import { createReader as found } from '../host/reader.ts'`,
  `import type { MachineAccess as Found } from '../host/access.ts'`,
  `import { ask as found } from '../host/queries/ask.ts'`,
  `export { ask as found } from '../host/queries/ask.ts'`,
  `export const found = await import('../host/action-frame.ts')`,
  `export const found = await import('node:child_process')`,
  `export const find = (name: string) => import(name)`,
  `export const found = fetch('http://x')`,
  `export const found = process.env`,
  `export const found = globalThis`,
]

const allowed = [
  `export type { Action } from '../host/action.ts'`,
  `export { machineType } from '../host/questions/system.ts'`,
  `export { packageKind } from '../host/resources/package.ts'`,
  `export { sha256Of } from '../host/content.ts'`,
].join('\n')

const constructors = `import { question as found } from '../host/question.ts'`

test('the linter refuses each forbidden import of a module', async () => {
  const files = new Map<string, string>()
  for (const folder of ['modules', 'apt', 'nvidia', 'proxmox']) {
    forbidden.forEach((line, index) => files.set(`src/${folder}/bad-${index}.ts`, `${line}\n`))
    files.set(`src/${folder}/good.ts`, `${allowed}\n`)
    files.set(`src/${folder}/${folder === 'modules' ? 'bad' : 'good'}-question.ts`, `${constructors}\n`)
  }
  const refused = await lint(files)
  const expected = [...files.keys()].filter((name) => name.includes('/bad-')).sort()
  assert.deepEqual(refused, expected)
})

/** Names of the files that the rules on imports and globals refuse. */
async function lint(files: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'gpuplay-lint-'))
  try {
    copyFileSync(join(root, '.oxlintrc.json'), join(directory, '.oxlintrc.json'))
    for (const [name, text] of files) {
      mkdirSync(dirname(join(directory, name)), { recursive: true })
      writeFileSync(join(directory, name), text)
    }
    const { diagnostics } = JSON.parse(await output(directory)) as {
      readonly diagnostics: readonly { readonly code: string; readonly filename: string }[]
    }
    const rules = /restricted|prefer-node-protocol|no-dynamic-require/
    const names = diagnostics.filter(({ code }) => rules.test(code)).map(({ filename }) => filename)
    return [...new Set(names)].sort()
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function output(cwd: string): Promise<string> {
  const program = join(root, 'node_modules/.bin/oxlint')
  return new Promise((resolve) => {
    // Its status is 1, because it reports something.
    execFile(program, ['--format=json', '--threads=1', 'src'], { cwd, maxBuffer: 1e7 }, (_error, stdout) =>
      resolve(stdout),
    )
  })
}
