/**
 * Runs every command of docs/guide.md in its order on a new node with two containers: those in blocks, in
 * sentences, and in the last columns of tables. Lines that start with `gpuplay` run in the folder of the
 * inventory, all others on the node.
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
import { type Part, partsOf, readPage } from '../whole/support/markdown.ts'

const name = `guide-${process.pid}`
const page = readPage(readFileSync(join(root, 'docs/guide.md'), 'utf8'))

/** Programs whose command lines in sentences are commands, if they have arguments. */
const programs = new Set(
  `gpuplay pct qm pvecm ha-manager proxmox-boot-tool dkms modprobe mokutil journalctl systemctl apt apt-get
  nvidia-smi nvcc docker sed`.split(/\s+/),
)

interface Step {
  /** A command line, or the path of a file. */
  readonly line: string
  /** The text of a file. */
  readonly text?: string
}

/** The files and commands of blocks, and the commands in sentences that no block has, each of these once. */
function steps(): readonly Step[] {
  const before = new Set(page.parts.flatMap(({ part }) => linesOf(part)))
  return page.parts.flatMap(({ part }) => {
    if (part.type === 'code') return [...fileOf(part), ...linesOf(part).map((line) => ({ line }))]
    const found = inSentences(part).filter((line) => !before.has(line))
    for (const line of found) before.add(line)
    return found.map((line) => ({ line }))
  })
}

function linesOf({ type, lang, value = '' }: Part): readonly string[] {
  return type === 'code' && lang === 'sh' ? value.split('\n') : []
}

/** The first line names the file. */
function fileOf({ lang, value = '' }: Part): readonly Step[] {
  const [, path] = /^# (\S+)\n/.exec(value) ?? []
  return lang === 'yaml' && path !== undefined ? [{ line: path, text: `${value}\n` }] : []
}

function inSentences(part: Part): readonly string[] {
  const rows = part.type === 'table' ? (part.children ?? []) : []
  const texts = part.type === 'table' ? rows.flatMap(({ children = [] }) => children.slice(-1)) : [part]
  const codes = texts.flatMap((text) => partsOf(text, 'inlineCode')).map(({ value = '' }) => value)
  return [...new Set(codes)].filter((line) => programs.has(line.split(' ', 1)[0] ?? '') && line.includes(' '))
}

describe('the guide', { skip: whyNoLab() ?? false, timeout: 1_800_000 }, () => {
  let lab: Lab
  let folder = ''

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gpuplay-guide-'))
    cpSync(join(root, 'inventory/phoenix'), folder, { recursive: true })
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

  async function execute({ line, text }: Step): Promise<void> {
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

  const all = steps()
  it('has files and commands', () => {
    assert.ok(all.some(({ text }) => text !== undefined))
    assert.ok(all.length > 25)
  })
  for (const step of all) it(`says: ${step.line}`, () => execute(step))
})
