/** Renders values to data in the scope of one host and task. */
import { InputError, type Problem } from '../base/errors.ts'
import { noKeys } from './encrypted/keyring.ts'
import { openedAt } from './encrypted/sealed.ts'
import type { SealedValue } from './encrypted/sealed-value.ts'
import { evaluate } from './expression.ts'
import type { Expression, ReadPath, Template, Value } from './model.ts'
import { Omit } from './omit.ts'
import { renderTemplate } from './template.ts'
import type { Scope } from './evaluation.ts'

/**
 * Renders a value. Parts that are `omit` are removed from lists and maps. Unknown parts become `Unknown` (see
 * `findUnknown`), secret ones `Secret`.
 * @throws InputError with all mistakes in the value
 */
export function renderValue(value: Value, scope: Scope): unknown {
  const problems: Problem[] = []
  const data = render(value, scope, problems)
  if (problems.length > 0) throw new InputError(problems)
  return data
}

function render(value: Value, scope: Scope, problems: Problem[]): unknown {
  switch (value.kind) {
    case 'literal':
      return value.value
    case 'list':
      return value.items
        .map((item) => render(item, scope, problems))
        .filter((item) => !(item instanceof Omit))
    case 'map': {
      const result: Record<string, unknown> = {}
      for (const [key, entry] of value.entries) {
        const data = render(entry.value, scope, problems)
        if (data instanceof Omit) continue
        // An assignment would lose a key named __proto__.
        Object.defineProperty(result, key, {
          value: data,
          enumerable: true,
          writable: true,
          configurable: true,
        })
      }
      return result
    }
    case 'sealed':
    case 'template':
    case 'expression':
      try {
        return rendered(value, scope)
      } catch (error) {
        if (!(error instanceof InputError)) throw error
        problems.push(...error.problems)
        return undefined
      }
  }
}

function rendered(value: SealedValue | Template | Expression, scope: Scope): unknown {
  switch (value.kind) {
    case 'sealed':
      return openedAt(value.where, () => value.open(scope.localSources?.files.keys ?? noKeys))
    case 'template':
      return renderTemplate(value, scope)
    case 'expression':
      return evaluate(value, scope)
  }
}

/** Returns every path that a value reads, in the order of the text. */
export function valueReads(value: Value): readonly ReadPath[] {
  switch (value.kind) {
    case 'literal':
    case 'sealed':
      return []
    case 'list':
      return value.items.flatMap(valueReads)
    case 'map':
      return [...value.entries.values()].flatMap((entry) => valueReads(entry.value))
    case 'template':
    case 'expression':
      return value.reads
  }
}

/** True if nothing needs rendering. */
export function isConstant(value: Value): boolean {
  switch (value.kind) {
    case 'literal':
      return true
    case 'list':
      return value.items.every(isConstant)
    case 'map':
      return [...value.entries.values()].every((entry) => isConstant(entry.value))
    case 'sealed':
    case 'template':
    case 'expression':
      return false
  }
}
