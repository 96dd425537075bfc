/**
 * Finds the problems of a template that Handlebars cannot parse, or with unknown helpers, placeholder by
 * placeholder.
 */
import type { Problem } from '../base/errors.ts'
import { jinjaPlaceholder, type Placeholder } from './jinja/problems.ts'
import { type Part, partsOf } from './jinja/scan.ts'
import { type Locator, problem } from './source.ts'

export interface BrokenTemplate {
  readonly source: string
  readonly locator: Locator
  /** It is a value in YAML, where `!cel` is possible. */
  readonly isValue: boolean
  /** Returns the problems of a part of this template, with positions from `locator`. */
  readonly check: (piece: string, locator: Locator) => readonly Problem[]
}

/** Returns every wrong placeholder; if there is none, the problems of the blocks. */
export function templateProblems(template: BrokenTemplate): readonly Problem[] {
  const parts = partsOf(template.source).filter(({ kind }) => kind === 'placeholder')
  const found = parts.flatMap((part) => placeholderProblems(part, template))
  return found.length > 0 ? found : blockProblems(parts, template.locator)
}

function placeholderProblems(part: Part, template: BrokenTemplate): readonly Problem[] {
  const { source, locator, isValue, check } = template
  if (!part.text.endsWith('}}')) return [unclosed(part, locator)]
  const placeholder = placeholderOf(part)
  if (placeholder === undefined) return []
  const { piece } = placeholder
  const inner: Locator = {
    where: locator.where,
    at: (offset, length) => locator.at(part.start + offset, Math.min(length, part.text.length - offset)),
  }
  const problems = check(piece, inner)
  if (problems.length === 0) return []
  const wholeValue = isValue && part.text === source.trim()
  const jinja = jinjaPlaceholder(placeholder, { locator, wholeValue })
  return jinja === undefined ? problems : [jinja]
}

function unclosed({ start }: Part, locator: Locator): Problem {
  return problem('invalid-template', 'this placeholder is never closed', {
    where: locator.at(start, 2),
    hint: 'close it with }}; for literal braces write \\{{',
  })
}

/**
 * Returns the placeholder and a template that contains only it; `undefined` for closing tags and comments.
 */
function placeholderOf({ text, start }: Part): (Placeholder & { readonly piece: string }) | undefined {
  const inside = text.replaceAll(/^\{\{\{?~?|~?\}?\}\}$/g, '').trim()
  if (/^[!/]/.test(inside) || /^(else|\^)$/.test(inside)) return undefined
  const chained = /^else\s+if\s+(.*)$/s.exec(inside)
  if (chained !== null) {
    const expression = chained[1] ?? ''
    const piece = `{{#if ${expression}}}{{/if}}`
    return { text, start, block: 'else if', expression, parameters: '', piece }
  }
  const block = /^[#^]\s*([\w-]+)\s*(.*?)(\s+as\s+\|[^|]*\|)?$/s.exec(inside)
  if (block === null)
    return { text, start, block: undefined, expression: inside, parameters: '', piece: text }
  const [, name = '', expression = '', parameters = ''] = block
  return { text, start, block: name, expression, parameters, piece: `${text}{{/${name}}}` }
}

/** Finds unclosed blocks, and closing tags without a block. */
function blockProblems(parts: readonly Part[], locator: Locator): readonly Problem[] {
  const open: { readonly name: string; readonly part: Part }[] = []
  for (const part of parts) {
    const [, sign, name = ''] = /^\{\{\{?~?\s*([#^/])\s*([\w-]+)/.exec(part.text) ?? []
    if (sign === undefined) {
      if (open.length > 0 || !/^\{\{~?\s*(else\b|\^)/.test(part.text)) continue
      return [
        problem('invalid-template', `"${part.text}" is outside a block`, {
          where: locator.at(part.start, part.text.length),
          hint: 'open one before it: {{#if value}}',
        }),
      ]
    }
    if (sign !== '/') {
      open.push({ name, part })
      continue
    }
    const opened = open.pop()
    if (opened?.name === name) continue
    const where = locator.at(part.start, part.text.length)
    return [
      opened === undefined
        ? problem('invalid-template', `"{{/${name}}}" closes a block that nothing opens`, {
            where,
            hint: `write {{#${name} ...}} before it, or remove it`,
          })
        : problem('invalid-template', `"{{#${opened.name}}}" is closed by "{{/${name}}}"`, {
            where,
            hint: `write {{/${opened.name}}} here, or close the block before it`,
          }),
    ]
  }
  const last = open.at(-1)
  if (last === undefined) return []
  return [
    problem('invalid-template', `"${last.part.text}" is never closed`, {
      where: locator.at(last.part.start, last.part.text.length),
      hint: `write {{/${last.name}}} where the block ends`,
    }),
  ]
}

/** The problem of a text that Handlebars cannot parse. */
export function templateSyntaxProblem(error: unknown, source: string, locator: Locator): Problem {
  const [first = ''] = source.split('\n')
  const unread = unreadPart(error)
  return problem(
    'invalid-template',
    `"${first}" is not a valid template${unread === undefined ? '' : `: syntax error at "${unread}"`}`,
    {
      where: locator.at(0, first.length),
      hint: 'write a name, or a helper with its values: {{name}}, {{default name "x"}}; for literal braces write \\{{',
    },
  )
}

/** Handlebars' message has an excerpt with an arrow to the unexpected token below it. */
function unreadPart(error: unknown): string | undefined {
  const [, excerpt = '', arrow = ''] =
    /^Parse error on line \d+:\n(.*)\n(-*)\^/.exec(error instanceof Error ? error.message : '') ?? []
  const [unread = ''] = /^(?:(?!\}\}).)*/.exec(excerpt.slice(arrow.length)) ?? []
  return unread.trim() === '' ? undefined : unread.trim()
}
