/**
 * Runs every command of docs/guide.md in its order on a new node with two containers: those in blocks, in
 * sentences, and in the last columns of tables. Lines that start with `gpuplay` run in the folder of the
 * inventory, all others on the node.
 */
import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { run } from '../lab/process.ts'
import { gpuplay, root } from '../whole/support/gpuplay.ts'
import { type Part, partsOf, readPage } from '../whole/support/markdown.ts'

const name = `guide-${process.pid}`
const page = readPage(readFileSync(join(root, 'docs/guide.md'), 'utf8'))

/** Programs whose command lines in sentences are commands, if they have arguments. */
const programs = ['gpuplay', 'pct', 'dkms', 'journalctl', 'systemctl', 'nvidia-smi', 'sed']

/** All lines of blocks; of the other commands in sentences, each once. */
function commands(): readonly string[] {
  const before = new Set(page.parts.flatMap(({ part }) => linesOf(part)))
  return page.parts.flatMap(({ part }) => {
    const found = part.type === 'code' ? linesOf(part) : inSentences(part).filter((line) => !before.has(line))
    for (const line of found) before.add(line)
    return found
  })
}

function linesOf({ type, lang, value = '' }: Part): readonly string[] {
  return type === 'code' && lang === 'sh' ? value.split('\n') : []
}

function inSentences(part: Part): readonly string[] {
  const rows = part.type === 'table' ? (part.children ?? []) : []
  const texts = part.type === 'table' ? rows.flatMap(({ children = [] }) => children.slice(-1)) : [part]
  const codes = texts.flatMap((text) => partsOf(text, 'inlineCode')).map(({ value = '' }) => value)
  return [...new Set(codes)].filter(
    (line) => programs.includes(line.split(' ', 1)[0] ?? '') && line.includes(' '),
  )
}

/** The file that a block of the guide names in its first line. */
function fileOf(path: string): string {
  const block = partsOf(page.root, 'code').find(({ value }) => value?.startsWith(`# ${path}\n`))
  return `${block?.value ?? assert.fail(`the guide has no ${path}`)}\n`
}

describe('the guide', { skip: whyNoLab() ?? false, timeout: 1_800_000 }, () => {
  let lab: Lab
  let folder = ''

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gpuplay-guide-'))
    lab = await Lab.up({ name, nodes: 1, containers: 2 })
  })
  after(async () => {
    rmSync(folder, { recursive: true, force: true })
    await Lab.down(name)
  })

  /** The hosts of the guide instead of the example, with the addresses of the lab and without questions. */
  function writeInventory(): void {
    writeFileSync(join(folder, 'inventory/hosts.yml'), fileOf('inventory/hosts.yml'))
    copyFileSync(join(lab.instance.stateDir, 'addresses.yaml'), join(folder, 'inventory/lab-addresses.yml'))
    writeFileSync(
      join(folder, 'inventory/lab-answers.yml'),
      'all: { children: { nodes: { hosts: { pve1: { nvidia_host_reboot: auto } } } } }\n',
    )
  }

  async function execute(line: string): Promise<void> {
    const [, words] = /^gpuplay (.*)$/.exec(line) ?? []
    if (words !== undefined) {
      const { exitCode, text } = await gpuplay(words.split(' '), { cwd: folder, output: 'plain' })
      assert.equal(exitCode, 0, text.slice(-3000))
    } else if (line.includes('inventory/')) await run(['sh', '-ec', line], { cwd: folder })
    else await lab.node('pve1').output(line)
    if (line === 'gpuplay init') writeInventory()
  }

  const lines = commands()
  it('has commands', () => {
    assert.ok(lines.length > 20, lines.join('\n'))
  })

  for (const line of lines) it(`says: ${line}`, () => execute(line))

  it('leaves everything as declared', async () => {
    const { exitCode, text } = await gpuplay(['run', 'site.yml'], { cwd: folder, output: 'plain' })
    assert.equal(exitCode, 0, text.slice(-3000))
    assert.match(text, /everything is as declared: 0 changed/)
  })
})
