/** Pieces of CEL and how they are combined. */
import type { JinjaNode } from './tree.ts'

/** Operator precedence: a piece with a lower precedence than its position requires needs brackets. */
export const binding = {
  choice: 0,
  or: 1,
  and: 2,
  comparison: 3,
  sum: 4,
  product: 5,
  sign: 6,
  postfix: 7,
} as const

export interface Cel {
  readonly text: string
  readonly binding: number
}

/** Converts the parts of a filter or test to CEL. */
export interface ToCel {
  /** @throws NoCounterpart */
  readonly text: (node: JinjaNode) => string
  /** The text, in brackets if its precedence is lower than this. @throws NoCounterpart */
  readonly tight: (node: JinjaNode, least: number) => string
  /** Its opposite. @throws NoCounterpart */
  readonly negated: (node: JinjaNode) => Cel
}

export function whole(text: string): Cel {
  return { text, binding: binding.postfix }
}

export function quoted(text: string): string {
  return !text.includes('"') && !/[\\\n\t\r]/.test(text) ? `"${text}"` : JSON.stringify(text)
}
