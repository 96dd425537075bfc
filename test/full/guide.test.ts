/**
 * Runs every command of docs/guide.md, docs/troubleshooting.md and docs/start.md in their order on a new node
 * with two containers: those in blocks, in sentences, and in the last columns of tables. Lines that start with
 * `gpuplay` run in the folder of the inventory, all others on the node.
 */
import assert from 'node:assert/strict'
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { run } from '../lab/process.ts'
import { gpuplay, root } from '../whole/support/gpuplay.ts'
import { declareStorage } from './support/template-fleet.ts'
import { type Page, readPage } from '../whole/support/markdown.ts'
import { pageSteps, type PageStep } from '../whole/support/page-steps.ts'

const name = `guide-${process.pid}`

interface Chapter {
  readonly title: string
  readonly steps: readonly PageStep[]
  /** Whether it begins with `gpuplay init`. */
  readonly first?: true
}

const pageOf = (file: string): Page => readPage(readFileSync(join(root, 'docs', file), 'utf8'))
const guide = pageOf('guide.md')
const removal = guide.parts.filter(({ headings }) => headings.includes('Removal'))
const others = guide.parts.filter((part) => !removal.includes(part))

/** In this order. After the removal, the last one starts with a new node again. */
const chapters: readonly Chapter[] = [
  { title: 'docs/guide.md', steps: pageSteps({ ...guide, parts: others }), first: true },
  { title: 'docs/troubleshooting.md', steps: pageSteps(pageOf('troubleshooting.md')) },
  { title: 'docs/guide.md, Removal', steps: pageSteps({ ...guide, parts: removal }) },
  { title: 'docs/start.md', steps: pageSteps(pageOf('start.md')), first: true },
]

describe('the guide', { skip: whyNoLab() ?? false, timeout: 1_800_000 }, () => {
  let lab: Lab
  let folder = ''

  before(async () => {
    lab = await Lab.up({ name, nodes: 1, containers: 2 })
    await declareStorage(lab)
    await offerAddresses()
  })
  after(async () => {
    rmSync(folder, { recursive: true, force: true })
    await Lab.down(name)
  })

  /** For containers with `ip=dhcp`. */
  async function offerAddresses(): Promise<void> {
    const { prefix, internet: gateway } = lab.node('pve1').world.network
    const leases = [900, 901, 902, 903, 910].map((ctid) => {
      const address = `${gateway.replace(/\d+$/, String(ctid - 700))}/${prefix}`
      return [ctid, { address, gateway, seconds: 1 }] as const
    })
    const text = JSON.stringify(Object.fromEntries(leases))
    await lab.node('pve1').output(`echo '${text}' >/etc/lab/dhcp.json`)
  }

  /** Adds the addresses of the lab, and answers to what a terminal would be asked. */
  function answer(): void {
    copyFileSync(join(lab.instance.stateDir, 'addresses.yaml'), join(folder, 'inventory/lab-addresses.yml'))
    writeFileSync(
      join(folder, 'inventory/lab-answers.yml'),
      'all: { children: { nodes: { hosts: { pve1: { nvidia_host_reboot: auto } } } } }\n',
    )
  }

  async function execute({ line, text }: PageStep): Promise<void> {
    if (text !== undefined) {
      writeFileSync(join(folder, line), text)
      return answer()
    }
    const [, words] = /^gpuplay (.*)$/.exec(line) ?? []
    if (words !== undefined) {
      const options = { cwd: folder, output: 'plain', deadline: 600_000 } as const
      const ended = await gpuplay(words.split(' '), options)
      assert.equal(ended.exitCode, 0, ended.text.slice(-3000))
    } else if (line.includes('inventory/')) await run(['sh', '-ec', line], { cwd: folder })
    else await lab.node('pve1').output(line)
  }

  /** In which `gpuplay init` works. */
  function emptyFolder(): void {
    if (folder !== '') rmSync(folder, { recursive: true, force: true })
    folder = mkdtempSync(join(tmpdir(), 'gpuplay-guide-'))
    cpSync(join(root, 'inventory/phoenix'), folder, { recursive: true })
  }

  for (const { title, steps, first } of chapters)
    describe(title, () => {
      before(() => {
        if (first) emptyFolder()
      })
      it('has commands', () => assert.ok(steps.length > 1))
      for (const step of steps) it(`says: ${step.line}`, () => execute(step))
    })
})
