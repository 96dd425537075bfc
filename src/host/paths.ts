import { posix } from 'node:path'
import type { Brand } from '../base/brand.ts'
import { invalidValue } from '../base/shell.ts'

/** An absolute, normalized path on a host, without a trailing slash, newline or NUL. */
export type RemotePath = Brand<string, 'RemotePath'>

/**
 * Checks and normalizes a path of a host. Spaces, quotes and leading dashes are fine.
 * @throws HostError for a relative path, a line break or a NUL.
 */
export function remotePath(path: string): RemotePath {
  const shown = JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}...` : path)
  if (/[\n\0]/.test(path)) throw invalidValue(`the path ${shown} contains a line break or a NUL character`)
  if (!path.startsWith('/')) throw invalidValue(`the path ${shown} is not absolute`)
  const normal = posix.normalize(path).replace(/^\/+/, '/')
  return (normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal) as RemotePath
}

/** The directory that contains a path; `/` contains itself. */
export function parentOf(path: RemotePath): RemotePath {
  return posix.dirname(path) as RemotePath
}

/** The number of links that a path may contain, as in the kernel. */
export const mostLinks = 40

/** The target of a link at `path`. */
export function linkTarget(path: RemotePath, target: string): RemotePath {
  return remotePath(target.startsWith('/') ? target : `${parentOf(path)}/${target}`)
}
