/** Which tasks `--tags` and `--skip-tags` choose; the rules, and the words `always`, `never`, `all`, `tagged`, `untagged`, are Ansible's. */
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
