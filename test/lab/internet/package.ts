/** What a practice package is, as data. */

export interface PracticePackage {
  readonly name: string
  readonly version: string
  readonly architecture?: 'amd64' | 'all'
  /** As in a control file: `Depends`, `Provides`, `Conflicts`, ... */
  readonly fields?: Readonly<Record<string, string>>
  /** By absolute path. */
  readonly files?: Readonly<Record<string, PackageFile>>
  readonly postinst?: string
  readonly prerm?: string
}

export interface PackageFile {
  readonly text: string | Uint8Array
  readonly executable?: boolean
  /** Kept when a user has changed it, as dpkg does for files in /etc. */
  readonly conffile?: boolean
}

/** A program that a package brings and a stand-in plays: it runs the compiled stand-in (`nvidia/smi`) on the node's own Node.js. */
export function standin(script: string): PackageFile {
  return program(`exec /usr/lib/lab/node /usr/lib/lab/js/test/lab/${script}.js "$@"\n`)
}

/** A program of a few lines of shell. */
export function program(body: string): PackageFile {
  return { text: `#!/bin/sh\n${body}`, executable: true }
}

/** A program that does nothing but say its version, and succeed at all else. */
export function saysVersion(line: string): PackageFile {
  return program(`case $1 in --version | -v) echo '${line}' ;; esac\n`)
}
