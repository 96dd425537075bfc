/** Which tasks `--tags` and `--skip-tags` choose; the rules, and the words `always`, `never`, `all`, `tagged`, `untagged`, are Ansible's. */
import type { Problem } from '../base/errors.ts'
import type { Playbook } from './model.ts'
import { problem } from './source.ts'
import { didYouMean } from './suggest.ts'

export interface TagChoice {
  /** Empty: everything, except what is tagged `never`. */
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
}

export function isChosen(tags: readonly string[], { tags: wanted, skipTags }: TagChoice): boolean {
  return isWanted(tags, wanted) && !isSkipped(tags, skipTags)
}

function isWanted(tags: readonly string[], wanted: readonly string[]): boolean {
  const named = tags.some((tag) => wanted.includes(tag))
  if (tags.includes('always') || named) return true
  if (tags.includes('never')) return false
  if (wanted.length === 0 || wanted.includes('all')) return true
  return wanted.includes(tags.length > 0 ? 'tagged' : 'untagged')
}

function isSkipped(tags: readonly string[], skipped: readonly string[]): boolean {
  if (tags.some((tag) => skipped.includes(tag))) return true
  if (skipped.includes('all')) return !tags.includes('always')
  return skipped.includes(tags.length > 0 ? 'tagged' : 'untagged')
}

const special = new Set(['all', 'always', 'never', 'tagged', 'untagged'])

/** Words of `--tags` that no task of these playbooks has: nothing would run, and nobody would be told. */
export function unknownTags(playbooks: readonly Playbook[], { tags }: TagChoice): readonly Problem[] {
  const known = new Set(
    playbooks
      .flatMap(({ plays }) => plays)
      .flatMap(({ sections, handlers }) => [...sections.flatMap((section) => section.tasks), ...handlers])
      .flatMap((task) => task.tags),
  )
  return tags
    .filter((tag) => !known.has(tag) && !special.has(tag))
    .map((tag) =>
      problem('unknown-tag', `no task has the tag "${tag}"`, {
        where: { file: '--tags', line: 1, column: 1 },
        hint: didYouMean(
          tag,
          known,
          known.size === 0 ? 'no task has any' : `there are ${[...known].join(', ')}`,
        ),
      }),
    )
}
