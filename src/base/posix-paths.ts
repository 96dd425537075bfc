/** Paths on a host: always POSIX, whatever gpuplay runs on. */
import { posix } from 'node:path'

/** A path in a task: absolute, without NUL characters and line breaks. */
export const absolutePath = '^/[^\\u0000\\n]*$'

export function parentOf(path: string): string {
  return posix.dirname(path)
}

export function nameOf(path: string): string {
  return posix.basename(path)
}

export function join(directory: string, name: string): string {
  return posix.join(directory, name)
}

/** Removes a final slash, `.` and `..`; `/` stays `/`. */
export function normalized(path: string): string {
  const clean = posix.normalize(path)
  return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean
}

/** A field of fstab(5) or of /proc/mounts: spaces, tabs, line breaks and backslashes are octal numbers there. */
export function mountField(written: string): string {
  return written.replaceAll(/\\([01][0-7]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  )
}
