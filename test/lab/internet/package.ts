/** A package of the simulated mirrors, as data. */

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
  /** dpkg keeps a user's changes of it. */
  readonly conffile?: boolean
}

/** A program that runs a compiled stand-in (`nvidia/smi`) with the node's own Node.js. */
export function standin(script: string): PackageFile {
  return program(`exec /usr/lib/lab/node /usr/lib/lab/js/test/lab/${script}.js "$@"\n`)
}

/** A shell script. */
export function program(body: string): PackageFile {
  return { text: `#!/bin/sh\n${body}`, executable: true }
}

/** A program that prints its version; with all other arguments it only succeeds. */
export function saysVersion(line: string): PackageFile {
  return program(`case $1 in --version | -v) echo '${line}' ;; esac\n`)
}
