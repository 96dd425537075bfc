/** The age of apt's package lists, by the host's own clock. */
import { many, one, question, questionAbout } from '../question.ts'
import type { Answer } from '../status.ts'

/**
 * Touched after every complete fetch of the lists. The time of their directory is no substitute: apt keeps it
 * if every list is unchanged. Debian's and Ubuntu's own tools use the same name.
 */
export const fetchStamp = '/var/lib/apt/periodic/update-success-stamp'

const lists = '/var/lib/apt/lists'

/** Whether the lists were fetched after a time, such as `300 seconds ago`. */
export const listsFetchedSince = questionAbout({
  words: ['find', fetchStamp, '-maxdepth', '0', '-newermt', one('time', /[0-9]{1,10} seconds ago/)],
  reads: () => [`file:${fetchStamp}*`],
  parse: foundSome,
})

/** Whether someone has added or removed a list since the last fetch. */
export const listsTouched = question({
  words: ['find', lists, '-maxdepth', '0', '-newer', fetchStamp],
  reads: [`file:${lists}*`, `file:${fetchStamp}*`],
  parse: foundSome,
})

/**
 * Whether any of these files or directories changed since the lists were fetched. A path that is missing
 * counts as unchanged.
 */
export const changedSinceFetch = questionAbout({
  words: ['find', many('paths', /\/.*/), '-newer', fetchStamp],
  reads: ({ paths }) => [...paths.map((path) => `file:${path}*` as const), `file:${fetchStamp}*`],
  parse: foundSome,
})

function foundSome({ stdout }: Answer): boolean {
  return stdout.trim() !== ''
}
