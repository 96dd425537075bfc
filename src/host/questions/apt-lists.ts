/** The age of apt's package lists, by the host's own clock. */
import { many, one, oneOf, questionAbout } from '../question.ts'
import type { Answer } from '../status.ts'

export const stampDirectory = '/var/lib/apt/periodic'
/**
 * Touched after every complete fetch of the lists. The time of their directory is no substitute: apt keeps it
 * if every list is unchanged. Debian's and Ubuntu's own tools use the same name.
 */
export const completeStamp = `${stampDirectory}/update-success-stamp`
/**
 * Touched after a fetch that got what it was for, although other lists failed. Debian's own apt.systemd.daily
 * touches it after every `apt-get update` that apt itself calls successful, which is no more.
 */
export const attemptStamp = `${stampDirectory}/update-stamp`

const stamps = [completeStamp, attemptStamp] as const
export type FetchStamp = (typeof stamps)[number]

export const listsDirectory = '/var/lib/apt/lists'

/** Whether a stamp was touched after a time, such as `300 seconds ago`. */
export const listsFetchedSince = questionAbout({
  words: [
    'find',
    oneOf('stamp', stamps),
    '-maxdepth',
    '0',
    '-newermt',
    one('time', /[0-9]{1,10} seconds ago/),
  ],
  reads: ({ stamp }) => [`file:${stamp}*`],
  parse: foundSome,
})

/** Whether someone has added or removed a list since the stamp was touched. */
export const listsTouched = questionAbout({
  words: ['find', listsDirectory, '-maxdepth', '0', '-newer', oneOf('stamp', stamps)],
  reads: ({ stamp }) => [`file:${listsDirectory}*`, `file:${stamp}*`],
  parse: foundSome,
})

/**
 * Whether any of these files or directories changed since the stamp was touched. A path that is missing
 * counts as unchanged.
 */
export const changedSinceFetch = questionAbout({
  words: ['find', many('paths', /\/.*/), '-newer', oneOf('stamp', stamps)],
  reads: ({ paths, stamp }) => [...paths.map((path) => `file:${path}*` as const), `file:${stamp}*`],
  parse: foundSome,
})

function foundSome({ stdout }: Answer): boolean {
  return stdout.trim() !== ''
}
