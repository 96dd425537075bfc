/** The files, directories and links of /etc/pve, and the refusals of pmxcfs. */

/** Refusals, by the name of their errno. */
export type Refusal =
  | 'EPERM'
  | 'ENOENT'
  | 'EACCES'
  | 'EEXIST'
  | 'ENOTDIR'
  | 'EISDIR'
  | 'ENOTEMPTY'
  | 'EFBIG'
  | 'ENOSYS'
  | 'EINVAL'

export class Refused extends Error {
  readonly errno: Refusal
  constructor(errno: Refusal) {
    super(errno)
    this.name = 'Refused'
    this.errno = errno
  }
}

export interface Common {
  readonly inode: number
  /** In seconds, as in pmxcfs. */
  mtime: number
  /** From the root, without a leading slash; the root is empty. */
  path: string
}
export type PveFile = Common & { readonly kind: 'file'; content: Buffer }
export type PveDirectory = Common & { readonly kind: 'directory' }
export type PveLink = Common & { readonly kind: 'link'; readonly target: string }
export type PveNode = PveFile | PveDirectory | PveLink

/** root and www-data, for every writer. */
export const owner = { uid: 0, gid: 33 } as const

/** The visible permission bits. Without quorum, nobody can write, and the modes show that. */
export function modeOf(node: PveNode, quorate: boolean): number {
  if (node.kind === 'link') return 0o777
  const secret = /(^|\/)priv(\/|$)/.test(node.path)
  const mode = node.kind === 'directory' ? (secret ? 0o700 : 0o755) : secret ? 0o600 : 0o640
  return quorate ? mode : mode & 0o555
}
