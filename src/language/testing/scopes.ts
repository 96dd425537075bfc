import { InputError } from '../../base/errors.ts'
import { ExpressionParser } from '../expression.ts'
import type { Expression, Template } from '../model.ts'
import { fileLocator, SourceFile } from '../source.ts'
import { TemplateParser } from '../template.ts'
import type { Scope, LocalSources } from '../evaluation.ts'

/** A scope of finished data. */
export function dataScope(data: Readonly<Record<string, unknown>>, localSources?: LocalSources): Scope {
  return {
    localSources,
    has: (name) => Object.hasOwn(data, name),
    get: (name) => data[name],
    names: () => Object.keys(data),
  }
}

/** @throws InputError */
export function expressionOf(source: string): Expression {
  const problems: InputError['problems'][number][] = []
  const parsed = new ExpressionParser().parse(
    source,
    fileLocator(new SourceFile('test.cel', source)),
    problems,
  )
  if (parsed === undefined) throw new InputError(problems)
  return parsed
}

/** @throws InputError */
export function templateOf(source: string): Template {
  const problems: InputError['problems'][number][] = []
  const parsed = new TemplateParser().parse(source, fileLocator(new SourceFile('test.hbs', source)), problems)
  if (parsed === undefined) throw new InputError(problems)
  return parsed
}

/** The mistake that `work` throws: `column message`. */
export function mistake(work: () => unknown): string {
  try {
    const value = work()
    return `no mistake, but ${JSON.stringify(value)}`
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return error.problems.map((found) => `${found.where?.column ?? '?'} ${found.message}`).join('\n')
  }
}
