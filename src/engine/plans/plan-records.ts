/** Turns items and their changes into the data of a plan file: without secrets, and comparable. */
import { defined, mapped } from '../../base/defined.ts'
import type { Digests } from '../../base/digests.ts'
import { Secret } from '../../base/secret.ts'
import type { Secrets } from '../../base/secrets.ts'
import { findUnknown, isUnknown } from '../../base/unknown.ts'
import type { ItemChanges, PlannedItem } from '../../fleet/planning.ts'
import type { Action } from '../../host/action.ts'
import type { Expectation } from '../../host/expectation.ts'
import { labelOf } from '../../host/label.ts'
import type { PlanFileAction, PlanFileItem } from './plan-schema.ts'

export interface PlanRecords {
  item(item: PlannedItem): PlanFileItem
  /** Undefined if a part of the arguments is unknown. */
  argumentsOf(changes: ItemChanges): string | undefined
  action(action: Action, hidden: boolean): PlanFileAction
  seen(changes: ItemChanges): Readonly<Record<string, string>>
}

/** Longer texts, such as contents of files, are replaced by their digests. */
const longest = 256

/** Members of actions with texts that may contain a secret too short for the book of secrets. */
const contents: ReadonlySet<string> = new Set(['text', 'config', 'stdin', 'environment'])

/** @param secrets The book of secrets, complete: a secret that it learns later changes the records. */
export function createPlanRecords(digests: Digests, secrets: Secrets): PlanRecords {
  const shown = (text: string): string => secrets.redact(text)
  const textOf = (text: string, secret: boolean): unknown =>
    secret || secrets.holds(text)
      ? { digest: digests.ofSecret(text) }
      : text.length > longest
        ? { digest: digests.of(text), length: text.length }
        : text

  /** Plain data with sorted keys. */
  const plain = (value: unknown, secret: boolean, hidden: boolean): unknown => {
    if (value instanceof Secret) return { digest: digests.ofSecret(value.reveal()) }
    if (isUnknown(value)) return { unknown: shown(value.why) }
    if (typeof value === 'string') return textOf(value, secret)
    if (Array.isArray(value)) return value.map((part: unknown) => plain(part, secret, hidden))
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, part]) => [key, plain(part, secret || (hidden && contents.has(key)), hidden)])
    return Object.fromEntries(entries)
  }

  const digestOf = (value: unknown, secret: boolean): string => {
    const text = JSON.stringify(plain(value, false, secret))
    return secret ? digests.ofSecret(text) : digests.of(text)
  }

  const records: PlanRecords = {
    argumentsOf: ({ arguments: given, hidden }) =>
      given === undefined || findUnknown(given) !== undefined ? undefined : digestOf(given, hidden),
    action(action, hidden) {
      if (!hidden) {
        const members = plain(action, false, false)
        return Object.assign({ kind: action.kind }, members, { label: shown(labelOf(action)) })
      }
      return { kind: action.kind, hidden: digestOf(essence(action), true) }
    },
    seen: ({ seen, hidden }) =>
      Object.fromEntries([...seen].map(([key, state]) => [key, digestOf(lasting(state), hidden)])),
    item(item) {
      const { task, position, label, outcome, hidden, actions, diffs, rests, unknown, mayChange } = item
      return {
        task: task.id,
        name: shown(task.name),
        module: task.module,
        item: shown(label),
        outcome,
        actions: actions.map((action) => records.action(action, hidden)),
        seen: records.seen(item),
        diff: digestOf(diffs, hidden),
        rests,
        mayChange: [...mayChange],
        ...defined({ position, arguments: records.argumentsOf(item), unknown: mapped(unknown, shown) }),
      }
    },
  }
  return records
}

/**
 * Members that only describe an action. They may differ between a dry run and its run: the fingerprint of a
 * detached program may name the kernel of the next boot.
 */
const descriptions: ReadonlySet<string> = new Set([
  'label',
  'effects',
  'hint',
  'reason',
  'ask',
  'logs',
  'detached',
  'size',
])

/** What an action, or its record, does. */
export function essence(action: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(action).filter(([name]) => !descriptions.has(name)))
}

/** The size of a directory changes with its entries. */
function lasting({ content, status, reached }: Expectation): unknown {
  const found = [status, reached].map((one) => (one?.kind === 'directory' ? { ...one, size: 0 } : one))
  return { content, found }
}
