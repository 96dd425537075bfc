/** A Jinja expression as data. */

export type JinjaNode =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly raw: string }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'field'; readonly of: JinjaNode; readonly key: string }
  | { readonly kind: 'index'; readonly of: JinjaNode; readonly key: JinjaNode }
  | {
      readonly kind: 'slice'
      readonly of: JinjaNode
      readonly from: JinjaNode | undefined
      readonly to: JinjaNode | undefined
    }
  | { readonly kind: 'call'; readonly callee: JinjaNode; readonly args: readonly JinjaArgument[] }
  | {
      readonly kind: 'filter'
      readonly of: JinjaNode
      readonly name: string
      readonly args: readonly JinjaArgument[]
    }
  | {
      readonly kind: 'test'
      readonly of: JinjaNode
      readonly name: string
      readonly args: readonly JinjaArgument[]
      readonly negated: boolean
    }
  | { readonly kind: 'not' | 'minus'; readonly of: JinjaNode }
  | {
      readonly kind: 'binary'
      readonly operator: string
      readonly left: JinjaNode
      readonly right: JinjaNode
    }
  | {
      readonly kind: 'choice'
      readonly condition: JinjaNode
      readonly yes: JinjaNode
      readonly no: JinjaNode | undefined
    }
  | { readonly kind: 'list'; readonly items: readonly JinjaNode[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [JinjaNode, JinjaNode])[] }

export interface JinjaArgument {
  readonly name: string | undefined
  readonly value: JinjaNode
}

/** Syntax that neither CEL nor Handlebars has in this form, with its position. */
export interface ForeignSyntax {
  readonly start: number
  readonly length: number
  /** In words: `a Jinja filter`. */
  readonly what: string
  /** Has the same meaning in CEL, so it is wrong only in templates. */
  readonly inCel: boolean
}

/** Thrown by the translators if there is no equivalent; the message is the hint. */
export class NoCounterpart extends Error {}

export function argumentOf(
  args: readonly JinjaArgument[],
  index: number,
  name?: string,
): JinjaNode | undefined {
  const named = name === undefined ? undefined : args.find((argument) => argument.name === name)
  if (named !== undefined) return named.value
  const positional = args.filter((argument) => argument.name === undefined)
  return positional[index]?.value
}
