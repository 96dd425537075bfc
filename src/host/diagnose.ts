/** What the messages of programs mean, for a person: the field's usual failures with what to do about them. */
import type { Problem } from '../base/errors.ts'

interface Diagnosis {
  readonly pattern: RegExp
  readonly tell: (match: RegExpExecArray) => Problem
}

/** The first known failure that the output shows; undefined when it shows none. */
export function diagnose(output: string): Problem | undefined {
  for (const { pattern, tell } of diagnoses) {
    const match = pattern.exec(output)
    if (match) return tell(match)
  }
  return undefined
}

const diagnoses: readonly Diagnosis[] = [
  {
    pattern: /No space left on device|Disk quota exceeded|enough free space in|not enough free space|ENOSPC/,
    tell: () => ({
      code: 'no-space',
      message: 'no space left on the file system',
      hint: 'free some space there, then run again',
    }),
  },
  {
    pattern: /Could not get lock (\S+?)\.? It is held by process (\d+) \(([^)]*)\)/,
    tell: ([, lock, pid, name]) => ({
      code: 'dpkg-locked',
      message: `the package manager is in use: process ${pid} (${name}) holds ${lock}`,
      hint: 'wait until it is done (unattended upgrades take minutes), then run again',
    }),
  },
  {
    pattern:
      /(?:Could not get lock|Unable to acquire the dpkg frontend lock|Unable to lock) (?:directory )?\(?([^\s)]+)/,
    tell: ([, lock]) => ({
      code: 'dpkg-locked',
      message: `the package manager is in use: ${lock} is held`,
      hint: 'wait until it is done (unattended upgrades take minutes), then run again',
    }),
  },
  {
    pattern: /dpkg was interrupted, you must manually run '([^']+)'/,
    tell: ([, command]) => ({
      code: 'dpkg-interrupted',
      message: 'an earlier installation of packages was interrupted',
      hint: `run \`${command}\` on the host, then run again`,
    }),
  },
  {
    pattern: /CT is locked \(([a-z-]+)\)/,
    tell: ([, lock]) => ({
      code: 'container-locked',
      message: `the container is locked (${lock})`,
      hint: `wait for the ${lock} to end; \`pct unlock CTID\` only if none is running any more`,
    }),
  },
  {
    pattern: /can't lock file '([^']+)' - got timeout/,
    tell: ([, file]) => ({
      code: 'container-locked',
      message: `Proxmox is working on this container: ${file} is held`,
      hint: 'wait for its task to end (the task log of the node shows it), then run again',
    }),
  },
  {
    pattern:
      /Conflicting values set for option Signed-By regarding source (\S+) ([^:\n]+): ([^\n]*?) != ([^\n]*)/,
    tell: ([, url, suite, one, other]) => ({
      code: 'repository-twice',
      message: `apt reads no repository at all, because two of its files give ${url} ${suite} different keys: ${keyName(one)} and ${keyName(other)}`,
      hint: `remove one of the two entries; to find them: grep -rn ${url} /etc/apt/sources.list /etc/apt/sources.list.d`,
    }),
  },
  {
    pattern: /(?:GPG error: (\S+)[^\n]*)?(?:NO_PUBKEY|Missing key) ([0-9A-F]+)/,
    tell: ([, url, key]) => ({
      code: 'repository-key-missing',
      message: `a repository is signed with a key that apt does not have (${key})${url === undefined || url === '' ? '' : `: ${url}`}`,
      hint: 'give its key file as `signed_by` (apt_repository), or fix its entry in /etc/apt/sources.list.d',
    }),
  },
  {
    pattern: /(?:EXPKEYSIG|KEYEXPIRED|REVKEYSIG) ?([0-9A-F]*)/,
    tell: ([, key]) => ({
      code: 'repository-key-expired',
      message: `the key of a repository has expired or was revoked${key === '' ? '' : ` (${key})`}`,
      hint: 'fetch the key that its owner publishes now, and see that the clock of the host is right',
    }),
  },
  {
    pattern: /Release file for (\S+) is (not valid yet|expired)/,
    tell: ([, url, wrong]) => ({
      code: 'repository-out-of-date',
      message: `the index of a repository is ${wrong}: ${url}`,
      hint:
        wrong === 'expired'
          ? 'the mirror is no longer kept up, or the clock of the host is ahead: use another mirror, set the clock'
          : 'the clock of the host is behind: set it (timedatectl), then run again',
    }),
  },
  {
    pattern:
      /Failed to fetch (\S+)\s+(?:Hash Sum mismatch|File has unexpected size|Writing more data than expected)/,
    tell: ([, url]) => ({
      code: 'repository-corrupt',
      message: `a repository file does not match the repository's index (hash mismatch): ${url}`,
      hint: 'the mirror is being updated, or a proxy serves an old copy: retry in a few minutes; if it persists, bypass the proxy',
    }),
  },
  {
    pattern:
      /The repository '([^'\n]+)' (does not have a Release file|is not signed|no longer has a Release file)/,
    tell: ([, name, wrong]) => ({
      code: 'repository-failed',
      message: `the repository ${name} ${wrong}`,
      hint: 'check its address and suite in /etc/apt/sources.list.d: it may not serve this release of Debian',
    }),
  },
  {
    pattern: /Failed to fetch (\S+)\s+(\d{3})\s+([^\n[]*)/,
    tell: ([, url, status, words]) => repository(url ?? '', status ?? '', (words ?? '').trim()),
  },
  {
    pattern: /Device (\/dev\/\S+) does not exist/,
    tell: ([, device]) => ({
      code: 'device-missing',
      message: `${device} does not exist on the node, so the container cannot start`,
      hint: 'the NVIDIA driver of the node must be loaded and its device nodes made first',
    }),
  },
  {
    pattern:
      /Temporary failure (?:resolving|in name resolution)|Could not resolve (?:host)?|unable to resolve host address/,
    tell: () => ({
      code: 'name-resolution',
      message: 'a name could not be resolved on the host',
      hint: "check the host's DNS and network, or set `gpuplay_proxy`",
    }),
  },
  {
    pattern: /Unable to locate package (\S+)/,
    tell: ([, name]) => ({
      code: 'package-not-found',
      message: `no configured repository has the package ${name}`,
      hint: 'check the name and the repositories in /etc/apt',
    }),
  },
  {
    pattern: /Read-only file system/,
    tell: () => ({
      code: 'read-only',
      message: 'the file system is read-only',
      hint: 'check why it is mounted so (dmesg shows disk errors), remount it, then run again',
    }),
  },
  {
    pattern: /Permission denied|are you root\?|must be root|Operation not permitted/,
    tell: () => ({
      code: 'no-permission',
      message: 'the user on the host may not do this',
      hint: 'set `become: true`, or connect as root',
    }),
  },
]

/** A path; an entry may hold the key itself instead, or name none. */
function keyName(given = ''): string {
  const name = given.trim()
  return name === '' ? 'none' : name.length > 100 ? 'a key in the entry itself' : name
}

function repository(url: string, status: string, words: string): Problem {
  const hints: Readonly<Record<string, string>> = {
    401: 'this repository wants a subscription; disable it or add the key, gpuplay does not edit it',
    403: 'the server or a proxy refuses this host: check the address, the proxy and what it lets through',
    404: 'the repository has no such file: its list is old, or it does not serve this release',
    407: 'the proxy wants a password',
  }
  return {
    code: 'repository-failed',
    message: `a repository answered ${status}${words === '' ? '' : ` (${words})`}: ${url}`,
    hint: hints[status] ?? 'the server or the proxy has trouble: try again later',
  }
}

/** Characters of a line that a sentence can hold. */
const longestLine = 400

/** The last lines of an output that say something, joined for a sentence; of a long line its end. */
export function lastLines(output: string, count = 3): string {
  return output
    .slice(-10 * count * longestLine)
    .split('\n')
    .map((line) => line.trim().slice(-longestLine))
    .filter((line) => line !== '')
    .slice(-count)
    .join(' | ')
}

/** The end of what a program printed, for a sentence: errors first, and the other stream by its name where there are both. */
export function endOfOutput({
  stdout,
  stderr,
}: {
  readonly stdout: string
  readonly stderr: string
}): string {
  const [out, err] = [lastLines(stdout), lastLines(stderr)]
  if (out === '' || err === '') return err + out
  return `${err} (stdout: ${out})`
}
