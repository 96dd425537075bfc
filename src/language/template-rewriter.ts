/**
 * Checks the tree of a template and rewrites it: each printed value goes through `emit`, each argument of a
 * block or helper through `need`, and every helper call carries its position.
 */
import type { Position, Problem } from '../base/errors.ts'
import type { Comparison } from './comparison.ts'
import type { ReadPath } from './model.ts'
import { type Locator, problem, SourceFile } from './source.ts'
import { didYouMean } from './suggest.ts'
import { usageOf, wrongCount } from './functions/shared-function.ts'
import { sharedFunctions } from './functions/shared-functions.ts'
import { helperCounts, helperNames } from './template-helpers.ts'

type Node = hbs.AST.Node
type Path = hbs.AST.PathExpression
type Call = hbs.AST.SubExpression

/** The position of a placeholder, for messages about its value. */
export interface PlaceholderPlace {
  readonly where: Position
  /** As written. */
  readonly text: string
  /** Inside `#each` or `#with`, where names refer to parts of the item. */
  readonly inItem: boolean
}

interface Context {
  /** Names refer to parts of an item here, not to variables. */
  readonly item: boolean
  readonly outer: Context | undefined
  /** Block parameters (`as |x|`). */
  readonly bound: ReadonlySet<string>
}

const blocks = new Set(['if', 'unless', 'each', 'with'])
/** Helpers whose arguments may be undefined. */
const tolerant = new Set(['defined', 'default'])

/**
 * Rewrites the nodes of one parsed template in place; collects its mistakes, positions and the paths that it
 * reads.
 */
export class Rewriter {
  readonly problems: Problem[] = []
  readonly places: PlaceholderPlace[] = []
  readonly comparisons: Comparison[] = []
  readonly #found = new Map<string, ReadPath>()
  readonly #optional = new Set<string>()
  readonly #locator: Locator
  readonly #text: SourceFile

  constructor(source: string, locator: Locator) {
    this.#locator = locator
    this.#text = new SourceFile('', source)
  }

  reads(): readonly ReadPath[] {
    return [...this.#found.values()]
  }

  /** Variables that a helper tests for existence. */
  optional(): readonly string[] {
    return [...this.#optional]
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
        const value = this.#printed(mustache, context)
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

  #printed(mustache: hbs.AST.MustacheStatement, context: Context): hbs.AST.Expression {
    if (mustache.params.length === 0 && mustache.hash === undefined) return this.#read(mustache.path, context)
    return this.#call({ ...mustache, type: 'SubExpression' } as Call, context)
  }

  #block(block: hbs.AST.BlockStatement, context: Context): hbs.AST.BlockStatement {
    const kind = block.path.original
    if (!blocks.has(kind) || block.params.length !== 1) {
      const message = blocks.has(kind)
        ? `"{{#${kind}}}" takes exactly one value`
        : `there is no block "{{#${kind}}}"`
      this.#report('unknown-block', message, block.path, {
        hint: blocks.has(kind)
          ? `to combine values, write a helper in brackets: {{#${kind} (eq a b)}}`
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

  /** A helper call with its arguments, its position first. */
  #call(call: Call, context: Context): Call {
    if (!isPath(call.path)) {
      // Handlebars reads a string here as the name of a helper, which is never intended.
      this.#report('unknown-helper', 'only a helper takes arguments, and this is a plain value', call.path, {
        hint: 'write the value alone, or a helper before it: {{default name "x"}}',
      })
      return call
    }
    const helperName = call.path.original
    const counts = helperCounts(helperName)
    if (counts === undefined) {
      this.#report('unknown-helper', `there is no template helper "${helperName}"`, call.path, {
        hint: didYouMean(helperName, helperNames, `the helpers are ${helperNames.join(', ')}`),
      })
      return call
    }
    const [least, most] = counts
    if (call.params.length < least || call.params.length > most || (call.hash?.pairs.length ?? 0) > 0)
      this.#report('wrong-arguments', wrongCount(helperName, counts), call, { hint: usage(helperName) })
    if (helperName === 'eq' || helperName === 'ne') this.#compared(call, context)
    const params = call.params.map((param, index) => {
      if (!tolerant.has(helperName) || index > 0 || !isPath(param)) return this.#needed(param, context)
      const [root] = param.data ? param.parts.slice(1) : param.parts
      if (root !== undefined) this.#optional.add(root)
      return this.#read(param, context)
    })
    return {
      ...call,
      path: name(`helper:${helperName}`, call),
      params: [this.#place(call, call.path, context), ...params],
    }
  }

  #compared({ params }: Call, context: Context): void {
    const [path, text] = params[0] !== undefined && isPath(params[0]) ? params : [...params].reverse()
    if (path === undefined || !isPath(path) || context.item || text?.type !== 'StringLiteral') return
    const { start, end } = this.#range(text)
    const { value } = text as hbs.AST.StringLiteral
    this.comparisons.push({ path: path.parts, text: value, offset: start, length: end - start })
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
    if (!this.#isSpelled(node)) return node
    if (node.data) {
      if (node.parts[0] === 'root' && node.parts.length > 1) this.#note(node.parts.slice(1))
      return node
    }
    let target: Context | undefined = context
    for (let depth = node.depth; depth > 0; depth--) target = target?.outer
    const first = node.parts[0]
    if (target?.item === false && first !== undefined && !context.bound.has(first)) {
      if (isName(first)) this.#note(node.parts)
      else
        this.#report('undefined-variable', `"${first}" is not a valid variable name`, node, {
          hint: 'use letters, digits and underscores',
        })
    }
    return node
  }

  /**
   * Handlebars also reads `a/b` as `a.b`, and `[a]` as `a`; in other languages they are a division and a
   * list.
   */
  #isSpelled(node: Path): boolean {
    const { start, end } = this.#range(node)
    const text = this.#text.text.slice(start, end).replace(/^(\.\.?\/)+/, '')
    const rest = text.replaceAll(/\[[^\]]*\]/g, '')
    if (!text.startsWith('[') && !rest.includes('/')) return true
    this.#report('invalid-path', `"${text}" is not a path`, node, {
      hint: 'a path uses dots: {{a.b}}; {{list.[0]}} is the first entry of a list',
    })
    return false
  }

  #note(parts: readonly string[]): void {
    this.#found.set(JSON.stringify(parts), parts)
  }

  /** A literal with a position; helpers get it to report where they failed. */
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

function usage(helper: string): string | undefined {
  const definition = sharedFunctions.get(helper)
  return definition === undefined ? undefined : `write ${usageOf(helper, definition, true)}`
}

/** True for a name or a path of names. */
export function isPath(node: Node): node is Path {
  return node.type === 'PathExpression'
}

function isName(text: string): boolean {
  return /^[A-Za-z_]\w*$/.test(text)
}

function name(helper: string, node: Node): Path {
  return { type: 'PathExpression', data: false, depth: 0, parts: [helper], original: helper, loc: node.loc }
}
