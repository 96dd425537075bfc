/** The files and commands of a documentation page, in its order, for tests that follow the page. */
import { type Page, type Part, partsOf } from './markdown.ts'

export interface PageStep {
  /** A command line, or the path of a file. */
  readonly line: string
  /** The text of a file. */
  readonly text?: string
}

/** Programs whose command lines in sentences are commands, if they have arguments. */
const programs = new Set(
  `gpuplay pct qm pvecm ha-manager proxmox-boot-tool dkms modprobe mokutil journalctl systemctl apt apt-get
  nvidia-smi nvcc docker sed`.split(/\s+/),
)

/**
 * The files and commands of a page's blocks: a `sh` block has commands, a block whose first line is a comment
 * with a path is that file.
 */
export function blockSteps({ parts }: Page): readonly PageStep[] {
  return parts.flatMap(({ part }) => stepsOfBlock(part))
}

/** The same, and the commands in sentences and in the last columns of tables that no block has, each once. */
export function pageSteps(page: Page): readonly PageStep[] {
  const before = new Set(blockSteps(page).map(({ line }) => line))
  return page.parts.flatMap(({ part }) => {
    if (part.type === 'code') return stepsOfBlock(part)
    const found = inSentences(part).filter((line) => !before.has(line))
    for (const line of found) before.add(line)
    return found.map((line) => ({ line }))
  })
}

function stepsOfBlock({ type, lang, value = '' }: Part): readonly PageStep[] {
  if (type !== 'code') return []
  if (lang === 'sh') return value.split('\n').map((line) => ({ line }))
  const [, path] = /^(?:#|\/\/) (\S+\.\w+)\n/.exec(value) ?? []
  return path === undefined ? [] : [{ line: path, text: `${value}\n` }]
}

function inSentences(part: Part): readonly string[] {
  const rows = part.type === 'table' ? (part.children ?? []) : []
  const texts = part.type === 'table' ? rows.flatMap(({ children = [] }) => children.slice(-1)) : [part]
  const codes = texts.flatMap((text) => partsOf(text, 'inlineCode')).map(({ value = '' }) => value)
  return [...new Set(codes)].filter((line) => programs.has(line.split(' ', 1)[0] ?? '') && line.includes(' '))
}
