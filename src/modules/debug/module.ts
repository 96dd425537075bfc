/** Prints a text or a value. */
import { done } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export const debug = {
  name: 'debug',
  summary: 'Prints a message or a value. Changes nothing.',
  args,
  result,
  freeForm: 'msg',
  evaluated: ['var'],
  mayBeSecret: ['msg', 'var'],
  probe: () => Promise.resolve(),
  plan: (given) => done(given.warning ? [text(shown(given))] : []),
  report: (given) => ({ msg: shown(given) }),
  message: (given) => (given.warning ? undefined : text(shown(given))),
} satisfies Module<Args, void>

function shown(given: Args): unknown {
  return given.var === undefined ? given.msg : given.var
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value, undefined, 2) ?? '')
}
