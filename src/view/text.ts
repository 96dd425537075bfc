/** Texts for people: plain text, problems with their place, and tables. */
import { stripVTControlCharacters } from 'node:util'
import { eastAsianWidth } from 'get-east-asian-width'
import type { Position, Problem } from '../base/errors.ts'
import type { Finding } from '../host/plan.ts'
import type { Colors } from './colors.ts'

/** Most texts, which need no work: views look at every text of every event. */
const plain = /^[\t\n\u0020-\u007e]*$/

/**
 * Removes escape sequences, C1 controls, and marks that change the direction of text
 * (https://trojansource.codes) from the text of a host. Keeps line ends and tabs.
 */
export function plainText(text: string): string {
  if (plain.test(text)) return text
  return stripVTControlCharacters(text).replaceAll(
    // oxlint-disable-next-line no-control-regex -- removes control characters
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb]/g,
    '',
  )
}

/**
 * Makes every text in the data plain, including names of members. Leaves diffs unchanged, because `diffText`
 * compares them first.
 */
export function printableData<T>(data: T): T
export function printableData(data: unknown): unknown {
  return isPlain(data) ? data : madePlain(data)
}

function isPlain(data: unknown): boolean {
  if (typeof data === 'string') return plain.test(data)
  if (typeof data !== 'object' || data === null) return true
  if (Array.isArray(data)) return data.every(isPlain)
  for (const [name, part] of Object.entries(data))
    if (!plain.test(name) || (name !== 'diffs' && !isPlain(part))) return false
  return true
}

function madePlain(data: unknown): unknown {
  if (typeof data === 'string') return plainText(data)
  if (Array.isArray(data)) return data.map((part: unknown) => madePlain(part))
  if (typeof data !== 'object' || data === null) return data
  return Object.fromEntries(
    Object.entries(data).map(([name, part]) => [plainText(name), name === 'diffs' ? part : madePlain(part)]),
  )
}

export function indent(text: string, by: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? line : by + line))
    .join('\n')
}

/** Returns `file:line:column`. A place on the command line has no line. */
export function place({ file, line, column }: Position): string {
  return file.startsWith('-') ? file : `${file}:${line}:${column}`
}

/**
 * Returns `file:line:column: message`, the excerpt and the hint.
 * @param base A folder. Files below it are shown relative to it.
 */
export function problemText(
  problem: Problem,
  colors: Colors,
  base = '',
  label = colors.red('error'),
): string {
  const shorten = (text: string): string =>
    base.length > 1 ? plainText(text).replaceAll(`${base}/`, '') : plainText(text)
  const where = problem.where === undefined ? '' : `${colors.bold(shorten(place(problem.where)))}: `
  const lines = [`${where}${label}: ${shorten(problem.message)}`]
  if (problem.excerpt !== undefined) lines.push(indent(plainText(problem.excerpt).replace(/\n$/, ''), '  '))
  if (problem.hint !== undefined) lines.push(`  ${colors.cyan('help')}: ${shorten(problem.hint)}`)
  return lines.join('\n')
}

/** Numbers the findings and lists cause, line and fix under each. */
export function findingsText(findings: readonly Finding[]): string {
  return findings
    .map((finding, index) => {
      const lines = [`${String(index + 1).padStart(2)} ${plainText(finding.message)}`]
      if (finding.cause !== undefined) lines.push(`   cause  ${plainText(finding.cause)}`)
      if (finding.line !== undefined) lines.push(`   line   ${plainText(finding.line)}`)
      if (finding.fix !== undefined) lines.push(`   fix    ${plainText(finding.fix)}`)
      return lines.join('\n')
    })
    .join('\n')
}

/** Pads columns to their widest cell and separates them by two spaces. Does not pad the last column. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(cell))
    })
  }
  return rows.map((row) =>
    row
      .map((cell, index) =>
        index === row.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - widthOf(cell)),
      )
      .join('  ')
      .trimEnd(),
  )
}

/** Cuts a line that is wider than the terminal, and marks the cut. */
export function cut(line: string, width: number): string {
  if (widthOf(line) <= width) return line
  let shown = ''
  let taken = 0
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    taken += widthOf(segment)
    if (taken >= width) break
    shown += segment
  }
  return `${shown.trimEnd()}\u2026`
}

/**
 * Returns the width of a text on a terminal. A character that users see as one may consist of several code
 * points; its first visible one decides (Unicode Standard Annexes 11 and 29). The package string-width does
 * the same, but takes a quarter of the time of a short command to load.
 */
export function widthOf(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const [visible] =
      /[^\p{Default_Ignorable_Code_Point}\p{Control}\p{Format}\p{Mn}\p{Me}]/u.exec(segment) ?? []
    if (visible === undefined) continue
    // VARIATION SELECTOR-16 asks for the coloured form of a symbol; two regional indicators are a flag.
    const emoji =
      /^\p{Emoji}\ufe0f|\p{Extended_Pictographic}\ufe0f|^\p{Regional_Indicator}{2}|^[#*\d]\u20e3/u.test(
        segment,
      )
    width += emoji ? 2 : eastAsianWidth(visible.codePointAt(0) ?? 0)
    if (!emoji) width += segment.match(/(?<=.)[\p{Mc}\uff9e\uff9f]/gu)?.length ?? 0
  }
  return width
}
