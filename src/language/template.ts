/**
 * Text with `{{ }}`: Handlebars without HTML escaping, with every placeholder checked.
 *
 * Handlebars itself prints nothing for most undefined values and, without escaping, adds adjacent numbers
 * (https://github.com/handlebars-lang/handlebars.js/issues/1838). So the tree is rewritten: each printed
 * value goes through `emit`, each read value through `need`, which return text or throw an error with a
 * position.
 */
import Handlebars from 'handlebars'
import type { Problem } from '../base/errors.ts'
import { UnknownError } from '../base/unknown.ts'
import { nestedTooDeeply, tooDeepAt } from './limits.ts'
import type { ReadPath, Template } from './model.ts'
import { jinjaTags } from './jinja/problems.ts'
import type { Locator } from './source.ts'
import { sharedFunctions } from './functions/shared-functions.ts'
import { isPath, Rewriter } from './template-rewriter.ts'
import { runtimeHelpers } from './template-runtime.ts'
import { templateSyntaxProblem, templateProblems } from './template-problems.ts'
import { withHeldSecrets, withSecrets } from './derived-secrets.ts'
import { contextOf, lookUp, newEvaluation, plainData, type Scope } from './evaluation.ts'

/** Whether a text is a template. */
export function isTemplate(text: string): boolean {
  return text.includes('{{')
}

/** Parses templates. One per playbook; its only state is the set of helpers. */
export class TemplateParser {
  readonly #handlebars = Handlebars.create()

  constructor() {
    for (const name of ['lookup', 'log', 'helperMissing', 'blockHelperMissing']) {
      this.#handlebars.unregisterHelper(name)
    }
  }

  /** Parses a value. Adds mistakes to `problems` and then returns `undefined`. */
  parse(source: string, locator: Locator, problems: Problem[]): Template | undefined {
    return this.#parse({ source, locator, isValue: true }, problems)
  }

  /** Parses the text of a file. The result is always text, even for a single placeholder. */
  parseFile(source: string, locator: Locator, problems: Problem[]): Template | undefined {
    const template = this.#parse({ source, locator, isValue: false }, problems)
    return template === undefined ? undefined : { ...template, path: undefined, value: undefined }
  }

  #parse(
    text: { readonly source: string; readonly locator: Locator; readonly isValue: boolean },
    problems: Problem[],
  ): Template | undefined {
    const { source, locator } = text
    const deep = tooDeepAt(source)
    if (deep !== undefined) {
      problems.push(nestedTooDeeply('this template is', locator.at(deep, 1)))
      return undefined
    }
    const tags = jinjaTags(source, locator)
    const { tree, path, keepsType, rewriter, found } = this.#read(source, locator)
    if (tree === undefined || found.length > 0) {
      const check = (piece: string, place: Locator) => this.#read(piece, place).found
      const placeholders = templateProblems({ ...text, check })
      problems.push(...tags, ...(placeholders.length > 0 || tags.length > 0 ? placeholders : found))
      return undefined
    }
    if (tags.length > 0) {
      problems.push(...tags)
      return undefined
    }
    const render = this.#handlebars.compile<Record<string, unknown>>(tree, { noEscape: true })
    return {
      kind: 'template',
      source,
      where: locator.where,
      reads: rewriter.reads(),
      optional: rewriter.optional(),
      comparisons: rewriter.comparisons,
      path,
      value: keepsType
        ? (context, reading) => {
            let value: unknown
            const emit = (found: unknown): string => {
              value = found
              return ''
            }
            render(context, { helpers: { ...runtimeHelpers(rewriter.places, reading), emit } })
            return value
          }
        : undefined,
      at: (offset, length) => locator.at(offset, length),
      run: (context, reading) => render(context, { helpers: runtimeHelpers(rewriter.places, reading) }),
    }
  }

  #read(
    source: string,
    locator: Locator,
  ): {
    readonly tree: hbs.AST.Program | undefined
    readonly path: ReadPath | undefined
    /** It is one call of `default` or a function. */
    readonly keepsType: boolean
    readonly rewriter: Rewriter
    readonly found: readonly Problem[]
  } {
    const rewriter = new Rewriter(source, locator)
    let tree: hbs.AST.Program
    try {
      tree = this.#handlebars.parse(source)
    } catch (error) {
      return {
        tree: undefined,
        path: undefined,
        keepsType: false,
        rewriter,
        found: [templateSyntaxProblem(error, source, locator)],
      }
    }
    const only = onlyPlaceholder(tree, source)
    const path = only === undefined ? undefined : wholePath(only)
    const keepsType = only !== undefined && isTyped(only)
    rewriter.program(tree, { item: false, outer: undefined, bound: new Set() })
    return { tree, path, keepsType, rewriter, found: rewriter.problems }
  }
}

/**
 * Renders a template to text; exactly one `{{path}}` or one call of `default` or a function gives the value
 * with its type.
 * Returns `Unknown` if it depends on an unknown value, a `Secret` if it contains one.
 * @throws InputError for undefined values and values that cannot be text
 */
export function renderTemplate(template: Template, scope: Scope): unknown {
  if (template.path !== undefined) {
    const value = lookUp(scope, template.path)
    if (value !== undefined) return value
    // Missing: rendering reports where and why.
  }
  const reading = newEvaluation(scope)
  const names = new Set(template.reads.map((path) => path[0] ?? ''))
  try {
    const context = contextOf(scope, names, reading, 'plain')
    if (template.value === undefined) return withSecrets(template.run(context, reading), reading.secrets)
    const value = plainData(template.value(context, reading))
    return typeof value === 'string'
      ? withSecrets(value, reading.secrets)
      : withHeldSecrets(value, reading.secrets)
  } catch (error) {
    if (error instanceof UnknownError) return error.unknown
    throw error
  }
}

/** Returns the placeholder if it is the whole template and not `{{{...}}}`. */
function onlyPlaceholder(tree: hbs.AST.Program, source: string): hbs.AST.MustacheStatement | undefined {
  const [only, ...more] = tree.body
  if (only?.type !== 'MustacheStatement' || more.length > 0 || !/^\{\{[^{]/.test(source)) return undefined
  return only as hbs.AST.MustacheStatement
}

/** `{{default port 80}}`, `{{sort hosts "name"}}`. */
function isTyped({ path, params }: hbs.AST.MustacheStatement): boolean {
  return (
    isPath(path) && params.length > 0 && (path.original === 'default' || sharedFunctions.has(path.original))
  )
}

/** Of `{{a.b}}`. */
function wholePath({ path, params }: hbs.AST.MustacheStatement): ReadPath | undefined {
  if (!isPath(path) || params.length > 0 || path.data || path.depth > 0 || path.parts.length === 0) {
    return undefined
  }
  return path.parts
}
