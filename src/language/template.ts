/**
 * Text with `{{ }}` in it: Handlebars without HTML escaping, every placeholder checked.
 *
 * Handlebars itself prints nothing for most things that are undefined and, unescaped, adds numbers that stand side by side
 * (https://github.com/handlebars-lang/handlebars.js/issues/1838). So the tree is rewritten: each value that is printed goes
 * through `emit`, each that is read through `need`, and those give text or an error with its place.
 */
import Handlebars from 'handlebars'
import { InputError, type Position, type Problem } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { UnknownError } from '../base/unknown.ts'
import type { ReadPath, Template } from './model.ts'
import { type Locator, problem, SourceFile } from './source.ts'
import { didYouMean } from './suggest.ts'
import { HelperError, kindOf, templateHelpers } from './template-helpers.ts'
import { contextOf, lookUp, newReading, type Scope } from './view.ts'

type Node = hbs.AST.Node
type Path = hbs.AST.PathExpression
type Call = hbs.AST.SubExpression

/** True for text that is a template. */
export function isTemplate(text: string): boolean {
  return text.includes('{{')
}

/** Parses templates. One for a playbook; holds nothing but the helpers. */
export class TemplateParser {
  readonly #handlebars = Handlebars.create()

  constructor() {
    for (const name of ['lookup', 'log', 'helperMissing', 'blockHelperMissing']) {
      this.#handlebars.unregisterHelper(name)
    }
  }

  /** Parses one text; mistakes are added to `problems`, and then there is no template. */
  parse(source: string, locator: Locator, problems: Problem[]): Template | undefined {
    let tree: hbs.AST.Program
    try {
      tree = this.#handlebars.parse(source)
    } catch (error) {
      problems.push(syntaxProblem(error, source, locator))
      return undefined
    }
    const path = wholePath(tree, source)
    const rewriter = new Rewriter(source, locator)
    rewriter.program(tree, { item: false, outer: undefined, bound: new Set() })
    if (rewriter.problems.length > 0) {
      problems.push(...rewriter.problems)
      return undefined
    }
    const render = this.#handlebars.compile<Record<string, unknown>>(tree, { noEscape: true })
    const helpers = runtimeHelpers(rewriter.places)
    return {
      kind: 'template',
      source,
      where: locator.where,
      reads: rewriter.reads(),
      path,
      at: (offset, length) => locator.at(offset, length),
      run: (context) => render(context, { helpers }),
    }
  }
}

/**
 * The text of a template; for one that is exactly `{{path}}`, the value itself with its type. `Unknown` where it rests on
 * something unknown, a `Secret` where it holds one.
 * @throws InputError for what is not defined or cannot be text.
 */
export function renderTemplate(template: Template, scope: Scope): unknown {
  if (template.path !== undefined) {
    const value = lookUp(scope, template.path)
    if (value !== undefined) return value
    // Not there: rendering says where and why.
  }
  const reading = newReading()
  const names = new Set(template.reads.map((path) => path[0] ?? ''))
  try {
    const text = template.run(contextOf(scope, names, reading, 'plain'))
    return reading.secret ? new Secret(text) : text
  } catch (error) {
    if (error instanceof UnknownError) return error.unknown
    throw error
  }
}

interface Place {
  readonly where: Position
  /** As written. */
  readonly text: string
  /** Inside `#each` or `#with`, where names mean the item's. */
  readonly inItem: boolean
}

interface Context {
  /** Names mean the parts of an item here, not variables. */
  readonly item: boolean
  readonly outer: Context | undefined
  /** Block parameters (`as |x|`). */
  readonly bound: ReadonlySet<string>
}

const blocks = new Set(['if', 'unless', 'each', 'with'])
/** Helpers whose arguments may be undefined. */
const tolerant = new Set(['defined', 'default'])

class Rewriter {
  readonly problems: Problem[] = []
  readonly places: Place[] = []
  readonly #found = new Map<string, ReadPath>()
  readonly #locator: Locator
  readonly #text: SourceFile

  constructor(source: string, locator: Locator) {
    this.#locator = locator
    this.#text = new SourceFile('', source)
  }

  reads(): readonly ReadPath[] {
    return [...this.#found.values()]
  }

  program(program: hbs.AST.Program | undefined, context: Context): void {
    if (program === undefined || program === null) return
    program.body = program.body.map((statement) => this.#statement(statement, context))
  }

  #statement(statement: hbs.AST.Statement, context: Context): hbs.AST.Statement {
    switch (statement.type) {
      case 'MustacheStatement': {
        const mustache = statement as hbs.AST.MustacheStatement
        const place = this.#place(mustache.path, mustache.path, context)
        const called = mustache.params.length > 0 || mustache.hash !== undefined
        const value =
          called && isPath(mustache.path)
            ? this.#call({ ...mustache, type: 'SubExpression', path: mustache.path }, context)
            : this.#read(mustache.path, context)
        return { ...mustache, path: name('emit', mustache), params: [value, place], hash: undefined } as never
      }
      case 'BlockStatement':
        return this.#block(statement as hbs.AST.BlockStatement, context)
      case 'ContentStatement':
      case 'CommentStatement':
        return statement
      default:
        this.#report(
          'unsupported-template',
          'partials and decorators are not supported in templates',
          statement,
        )
        return statement
    }
  }

  #block(block: hbs.AST.BlockStatement, context: Context): hbs.AST.BlockStatement {
    const kind = block.path.original
    if (!blocks.has(kind) || block.params.length !== 1) {
      const message = blocks.has(kind)
        ? `"{{#${kind}}}" takes exactly one value`
        : `there is no block "{{#${kind}}}"`
      this.#report('unknown-block', message, block.path, {
        hint: blocks.has(kind)
          ? `for more than a value write a helper in brackets: {{#${kind} (eq a b)}}`
          : didYouMean(kind, blocks, `write {{#if ${kind}}} or {{#each ${kind}}}`),
      })
      return block
    }
    const params = block.params.map((param) => this.#needed(param, context))
    const changes = kind === 'each' || kind === 'with'
    const bound = new Set([...context.bound, ...(block.program?.blockParams ?? [])])
    this.program(block.program, changes ? { item: true, outer: context, bound } : context)
    this.program(block.inverse, context)
    return { ...block, params }
  }

  /** A helper with its arguments, its own place first. */
  #call(call: Call, context: Context): Call {
    const helperName = call.path.original
    const helper = Object.hasOwn(templateHelpers, helperName) ? templateHelpers[helperName] : undefined
    if (helper === undefined) {
      this.#report('unknown-helper', `there is no template helper "${helperName}"`, call.path, {
        hint: didYouMean(
          helperName,
          Object.keys(templateHelpers),
          `there are ${Object.keys(templateHelpers).join(', ')}`,
        ),
      })
      return call
    }
    const [least, most] = helper.arguments
    if (call.params.length < least || call.params.length > most || (call.hash?.pairs.length ?? 0) > 0) {
      const wanted = least === most ? `${least}` : `${least} to ${most}`
      this.#report('wrong-arguments', `"${helperName}" takes ${wanted} value${most === 1 ? '' : 's'}`, call)
    }
    const params = call.params.map((param, index) =>
      tolerant.has(helperName) && index === 0 && isPath(param)
        ? this.#read(param, context)
        : this.#needed(param, context),
    )
    return {
      ...call,
      path: name(`helper:${helperName}`, call),
      params: [this.#place(call, call.path, context), ...params],
    }
  }

  #needed(node: hbs.AST.Expression, context: Context): hbs.AST.Expression {
    if (!isPath(node)) return this.#read(node, context)
    return {
      type: 'SubExpression',
      path: name('need', node),
      params: [this.#read(node, context), this.#place(node, node, context)],
      loc: node.loc,
    } as Call
  }

  #read(node: hbs.AST.Expression, context: Context): hbs.AST.Expression {
    if (node.type === 'SubExpression') return this.#call(node as Call, context)
    if (!isPath(node)) return node
    if (node.data) {
      if (node.parts[0] === 'root' && node.parts.length > 1) this.#note(node.parts.slice(1))
      return node
    }
    let target: Context | undefined = context
    for (let depth = node.depth; depth > 0; depth--) target = target?.outer
    const first = node.parts[0]
    if (target?.item === false && first !== undefined && !context.bound.has(first)) this.#note(node.parts)
    return node
  }

  #note(parts: readonly string[]): void {
    this.#found.set(JSON.stringify(parts), parts)
  }

  /** A literal that stands for a place; helpers get it to say where they failed. */
  #place(node: Node, shown: Node, context: Context): hbs.AST.NumberLiteral {
    const { start, end } = this.#range(node)
    const text = isPath(shown) ? shown.original : this.#text.text.slice(start, end)
    const index = this.places.length
    this.places.push({ where: this.#locator.at(start, end - start), text, inItem: context.item })
    return { type: 'NumberLiteral', value: index, original: index, loc: node.loc }
  }

  #range(node: Node): { start: number; end: number } {
    const { start, end } = node.loc
    return {
      start: this.#text.lineStart(start.line) + start.column,
      end: this.#text.lineStart(end.line) + end.column,
    }
  }

  #report(code: string, message: string, node: Node, more: { hint?: string | undefined } = {}): void {
    const { start, end } = this.#range(node)
    this.problems.push(problem(code, message, { where: this.#locator.at(start, end - start), ...more }))
  }
}

function isPath(node: Node): node is Path {
  return node.type === 'PathExpression'
}

function name(helper: string, node: Node): Path {
  return { type: 'PathExpression', data: false, depth: 0, parts: [helper], original: helper, loc: node.loc }
}

/** `{{a.b}}` and nothing else: its path. */
function wholePath(tree: hbs.AST.Program, source: string): ReadPath | undefined {
  const [only, ...more] = tree.body
  if (only?.type !== 'MustacheStatement' || more.length > 0 || !/^\{\{[^{]/.test(source)) return undefined
  const mustache = only as hbs.AST.MustacheStatement
  const { path } = mustache
  if (!isPath(path) || mustache.params.length > 0 || path.data || path.depth > 0 || path.parts.length === 0) {
    return undefined
  }
  return path.parts
}

function runtimeHelpers(places: readonly Place[]): Record<string, (...values: unknown[]) => unknown> {
  const placeOf = (index: unknown): Place | undefined => places[Number(index)]
  const helpers: Record<string, (...values: unknown[]) => unknown> = {
    emit: (value, index) => emit(value, placeOf(index)),
    need: (value, index) => {
      if (value === undefined) throw undefinedError(placeOf(index))
      return value
    },
  }
  for (const [helperName, helper] of Object.entries(templateHelpers)) {
    helpers[`helper:${helperName}`] = (index, ...values) => {
      try {
        return helper.apply(...values.slice(0, -1))
      } catch (error) {
        if (!(error instanceof HelperError)) throw error
        throw new InputError([problem('template-failed', error.message, { where: placeOf(index)?.where })])
      }
    }
  }
  return helpers
}

function emit(value: unknown, place: Place | undefined): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value === undefined || typeof value === 'function') throw undefinedError(place)
  const text = place?.text ?? ''
  if (value === null) {
    throw new InputError([
      problem('undefined-variable', `"${text}" is null, which is no text`, {
        where: place?.where,
        hint: `give it a value, or write {{default ${text} "..."}}`,
      }),
    ])
  }
  throw new InputError([
    problem('not-text', `"${text}" is ${kindOf(value)}, which is no text`, {
      where: place?.where,
      hint: Array.isArray(value)
        ? `write {{join ${text} ", "}} or {{json ${text}}}`
        : `write {{json ${text}}}`,
    }),
  ])
}

function undefinedError(place: Place | undefined): InputError {
  const text = place?.text ?? ''
  const hint =
    place?.inItem === true
      ? `names mean parts of the item here: for a variable write @root.${text}`
      : `give it a value, or write {{default ${text} "..."}}`
  return new InputError([
    problem('undefined-variable', `"${text}" is not defined`, { where: place?.where, hint }),
  ])
}

interface ParserLocation {
  readonly first_line: number
  readonly first_column: number
}

function syntaxProblem(error: unknown, source: string, locator: Locator): Problem {
  const text = error instanceof Error ? error.message : String(error)
  const lines = new SourceFile('', source)
  const mismatch = /^(\S+) doesn't match (\S+) - (\d+):(\d+)/.exec(text)
  if (mismatch !== null) {
    const start = lines.lineStart(Number(mismatch[3])) + Number(mismatch[4])
    return problem('invalid-template', `"{{#${mismatch[1]}}}" is closed by "{{/${mismatch[2]}}}"`, {
      where: locator.at(start, 1),
    })
  }
  const location = locationOf(error)
  const line = location?.first_line ?? Number(/on line (\d+)/.exec(text)?.[1] ?? 1)
  const offset = lines.lineStart(line) + (location?.first_column ?? 0)
  const got = /got '(\w+)'/.exec(text)?.[1] ?? ''
  return problem(
    'invalid-template',
    `this template cannot be read${got === 'EOF' ? ': it ends too early' : ''}`,
    {
      where: locator.at(Math.min(offset, Math.max(0, source.length - 1)), 1),
      hint:
        got === 'EOF'
          ? 'close every {{...}} and every {{#block}} with {{/block}}'
          : got === 'ID' || got === 'INVALID' || text.startsWith('Lexical')
            ? 'a placeholder is a name or a helper with values: {{name}}, {{default name "x"}}; for literal braces write \\{{'
            : 'for literal braces write \\{{',
    },
  )
}

function locationOf(error: unknown): ParserLocation | undefined {
  if (typeof error !== 'object' || error === null || !('hash' in error)) return undefined
  const { hash } = error
  if (typeof hash !== 'object' || hash === null || !('loc' in hash)) return undefined
  return hash.loc as ParserLocation
}
