/**
 * Selects tasks by `--tags` and `--skip-tags`, with Ansible's rules and its words `always`, `never`, `all`,
 * `tagged`, `untagged`.
 */
import type { Problem } from '../base/errors.ts'
import type { Playbook } from './model.ts'
import { problem } from './source.ts'
import { didYouMean } from './suggest.ts'

export interface TagChoice {
  /** Empty: all tasks except those tagged `never`. */
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

/** Reports words of `--tags` that no task has; otherwise nothing would run, silently. */
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
          known.size === 0 ? 'no task has tags' : `the tags are ${[...known].join(', ')}`,
        ),
      }),
    )
}
