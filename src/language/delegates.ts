/** Hosts of `delegate_to`. */
import type { Problem } from '../base/errors.ts'
import type { Playbook, Value } from './model.ts'
import { problem } from './source.ts'
import { didYouMean } from './suggest.ts'

/** The mistakes in hosts that are written as they are; templates are rendered when the task runs. */
export function unknownDelegates(
  playbooks: readonly Playbook[],
  hosts: ReadonlySet<string>,
): readonly Problem[] {
  const tasks = playbooks
    .flatMap(({ plays }) => plays)
    .flatMap(({ sections, handlers }) => [...sections.flatMap((section) => section.tasks), ...handlers])
  const values = new Set(tasks.flatMap(({ delegateTo }) => delegateTo ?? []))
  return [...values].flatMap((value) => {
    if (value.kind === 'template' || value.kind === 'expression') return []
    const name = value.kind === 'literal' ? value.value : undefined
    if (typeof name === 'string' && hosts.has(name)) return []
    return unknownDelegate(value, typeof name === 'string' ? name : undefined, hosts)
  })
}

/** @param name Undefined if it is not text. */
export function unknownDelegate(
  { where }: Pick<Value, 'where'>,
  name: string | undefined,
  hosts: Iterable<string> = [],
): Problem {
  if (name === undefined)
    return problem('invalid-keyword', '"delegate_to" must be the name of a host', {
      where,
      hint: 'write one name of the inventory, or localhost',
    })
  return problem('unknown-host', `"delegate_to" names "${name}", which is not a host of the inventory`, {
    where,
    hint: didYouMean(name, hosts, 'add the host to the inventory; localhost needs no entry'),
  })
}
