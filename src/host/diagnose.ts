/** Recognizes common failures in the output of programs, and explains them with a hint. */
import type { Problem } from '../base/errors.ts'

interface Diagnosis {
  readonly pattern: RegExp
  readonly explain: (match: RegExpExecArray) => Problem
}

/** Returns the first known failure in the output, or undefined. */
export function diagnose(output: string): Problem | undefined {
  for (const { pattern, explain } of diagnoses) {
    const match = pattern.exec(output)
    if (match) return explain(match)
  }
  return undefined
}

const diagnoses: readonly Diagnosis[] = [
  {
    pattern: /No space left on device|Disk quota exceeded|enough free space in|not enough free space|ENOSPC/,
    explain: () => ({
      code: 'no-space',
      message: 'no space left on the file system',
      hint: 'free some space there, then run again',
    }),
  },
  {
    pattern: /Could not get lock (\S+?)\.? It is held by process (\d+) \(([^)]*)\)/,
    explain: ([, lock, pid, name]) => ({
      code: 'dpkg-locked',
      message: `the package manager is in use: process ${pid} (${name}) holds ${lock}`,
      hint: 'wait until it has finished (unattended upgrades take minutes), then run again',
    }),
  },
  {
    pattern:
      /(?:Could not get lock|Unable to acquire the dpkg frontend lock|Unable to lock) (?:directory )?\(?([^\s)]+)/,
    explain: ([, lock]) => ({
      code: 'dpkg-locked',
      message: `the package manager is in use: ${lock} is held`,
      hint: 'wait until it has finished (unattended upgrades take minutes), then run again',
    }),
  },
  {
    pattern: /dpkg: error: (.*?)(?: is| was)? locked by another process(?: with pid (\d+))?/,
    explain: ([, lock, pid]) => ({
      code: 'dpkg-locked',
      message: `the package manager is in use: ${pid === undefined ? 'another process' : `process ${pid}`} holds the ${lock}`,
      hint: 'wait until it has finished (unattended upgrades take minutes), then run again',
    }),
  },
  {
    pattern: /dpkg was interrupted, you must manually run '([^']+)'/,
    explain: ([, command]) => ({
      code: 'dpkg-interrupted',
      message: 'an earlier installation of packages was interrupted',
      hint: `run \`${command}\` on the host, then run again`,
    }),
  },
  {
    pattern: /CT is locked \(([a-z-]+)\)/,
    explain: ([, lock]) => ({
      code: 'container-locked',
      message: `the container is locked (${lock})`,
      hint: `wait for the ${lock} to end; run \`pct unlock CTID\` only if none is still running`,
    }),
  },
  {
    pattern: /can't lock file '([^']+)' - got timeout/,
    explain: ([, file]) => ({
      code: 'container-locked',
      message: `Proxmox is working on this container: ${file} is held`,
      hint: 'wait for its task to end (the task log of the node shows it), then run again',
    }),
  },
  {
    pattern:
      /Conflicting values set for option Signed-By regarding source (\S+) ([^:\n]+): ([^\n]*?) != ([^\n]*)/,
    explain: ([, url, suite, one, other]) => ({
      code: 'repository-twice',
      message: `apt cannot read its repositories: two entries name different keys for ${url} ${suite}: ${keyName(one)} and ${keyName(other)}`,
      hint: `remove one of the two entries; to find them: grep -rn ${url} /etc/apt/sources.list /etc/apt/sources.list.d`,
    }),
  },
  {
    pattern: /(?:GPG error: (\S+)[^\n]*)?(?:NO_PUBKEY|Missing key) ([0-9A-F]+)/,
    explain: ([, url, key]) => ({
      code: 'repository-key-missing',
      message: `a repository is signed with a key that apt does not have (${key})${url === undefined || url === '' ? '' : `: ${url}`}`,
      hint: 'set `signed_by` (apt_repository) to its key file, or fix its entry in /etc/apt/sources.list.d',
    }),
  },
  {
    pattern: /(?:EXPKEYSIG|KEYEXPIRED|REVKEYSIG) ?([0-9A-F]*)/,
    explain: ([, key]) => ({
      code: 'repository-key-expired',
      message: `the key of a repository has expired or was revoked${key === '' ? '' : ` (${key})`}`,
      hint: "install the repository's current key, and check the host's clock",
    }),
  },
  {
    pattern: /Release file for (\S+) is (not valid yet|expired)/,
    explain: ([, url, wrong]) => ({
      code: 'repository-out-of-date',
      message: `the index of a repository is ${wrong}: ${url}`,
      hint:
        wrong === 'expired'
          ? "the mirror is out of date, or the host's clock is ahead: use another mirror, or set the clock"
          : "the host's clock is behind: set it (timedatectl), then run again",
    }),
  },
  {
    pattern:
      /Failed to fetch (\S+)\s+(?:Hash Sum mismatch|File has unexpected size|Writing more data than expected)/,
    explain: ([, url]) => ({
      code: 'repository-corrupt',
      message: `a repository file does not match the repository's index (hash mismatch): ${url}`,
      hint: 'the mirror is being updated, or a proxy serves an old copy: retry in a few minutes; if it persists, bypass the proxy',
    }),
  },
  {
    // apt also calls such a repository unsigned, or without a Release file.
    pattern: /Failed to fetch (\S+)\s+(40[137]|5\d\d)\s+([^\n[]*)/,
    explain: ([, url, status, words]) => repository(url ?? '', status ?? '', (words ?? '').trim()),
  },
  {
    pattern:
      /The repository '([^'\n]+)' (does not have a Release file|is not signed|no longer has a Release file)/,
    explain: ([, name, wrong]) => ({
      code: 'repository-failed',
      message: `the repository ${name} ${wrong}`,
      hint: 'check its address and suite in /etc/apt/sources.list.d: it may not serve this release of Debian',
    }),
  },
  {
    pattern: /Failed to fetch (\S+)\s+(\d{3})\s+([^\n[]*)/,
    explain: ([, url, status, words]) => repository(url ?? '', status ?? '', (words ?? '').trim()),
  },
  {
    pattern: /Device (\/dev\/\S+) does not exist/,
    explain: ([, device]) => ({
      code: 'device-missing',
      message: `${device} does not exist on the node, so the container cannot start`,
      hint: 'load the NVIDIA driver on the node and create its device nodes first',
    }),
  },
  {
    pattern:
      /Temporary failure (?:resolving|in name resolution)|Could not resolve (?:host)?|unable to resolve host address/,
    explain: () => ({
      code: 'name-resolution',
      message: 'the host could not resolve a name',
      hint: "check the host's DNS and network, or set `gpuplay_proxy`",
    }),
  },
  {
    pattern: /Unable to locate package (\S+)/,
    explain: ([, name]) => ({
      code: 'package-not-found',
      message: `no configured repository has the package ${name}`,
      hint: 'check the name and the repositories in /etc/apt',
    }),
  },
  {
    pattern: /Read-only file system/,
    explain: () => ({
      code: 'read-only',
      message: 'the file system is read-only',
      hint: 'check why it is mounted read-only (dmesg shows disk errors), remount it, then run again',
    }),
  },
  {
    // pmxcfs answers EACCES to root without quorum; programs of Proxmox print the second (PVE::Cluster).
    pattern: /\/etc\/pve[^\n]*Permission denied|cluster not ready - no quorum/,
    explain: () => ({
      code: 'no-quorum',
      message: 'the node does not change /etc/pve, because its cluster has no quorum',
      hint: '`pvecm status` on the node shows which members are missing; if it is quorate, connect as root',
    }),
  },
  {
    pattern: /Permission denied|are you root\?|must be root|Operation not permitted/,
    explain: () => ({
      code: 'no-permission',
      message: 'the user on the host is not allowed to do this',
      hint: 'set `become: true`, or connect as root',
    }),
  },
]

/** A source entry names a key file, contains the key itself, or has neither. */
function keyName(given = ''): string {
  const name = given.trim()
  return name === '' ? 'none' : name.length > 100 ? 'a key in the entry itself' : name
}

function repository(url: string, status: string, words: string): Problem {
  const hints: Readonly<Record<string, string>> = {
    401: 'this repository requires a subscription: add the key, or disable the repository (gpuplay does not edit it)',
    403: 'the server or a proxy refuses this host: check the address, the proxy and its access rules',
    404: 'the repository has no such file: its index is out of date, or it does not serve this release',
    407: 'the proxy requires a password',
  }
  return {
    code: 'repository-failed',
    message: `a repository answered ${status}${words === '' ? '' : ` (${words})`}: ${url}`,
    hint: hints[status] ?? 'the server or the proxy failed: retry later',
  }
}

/** Characters of a line that fit into a message. */
const longestLine = 400

/**
 * Joins the last non-empty lines of an output for a message, and before them the last `keep.count` of those that match
 * `keep`. A long line is cut at its beginning, between two words: a part of a secret would not be recognized.
 */
export function lastLines(
  output: string,
  count = 3,
  keep?: { readonly lines: (line: string) => boolean; readonly count: number },
): string {
  const lines = endOf(output, 10 * count * longestLine)
    .split('\n')
    .map((line) => endOf(line.trim(), longestLine))
    .filter((line) => line !== '')
  const kept = keep === undefined ? [] : lines.slice(0, -count).filter(keep.lines).slice(-keep.count)
  return [...kept, ...lines.slice(-count)].join(' | ')
}

function endOf(text: string, longest: number): string {
  return text.length <= longest ? text : text.slice(-longest).replace(/^\S*\s*/, '')
}

/**
 * The end of a program's output for a message: stderr first, then stdout by name if both have text. LXC writes the
 * cause first, then its consequences, then advice for its own programs: of its messages, everything but the advice is
 * shown. The program's own messages (`PROGRAM: MESSAGE`) are shown even if other programs wrote after them.
 *
 * @param program its path or name
 */
export function endOfOutput(
  { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
  program?: string,
): string {
  const name = program?.replace(/^.*\//, '')
  const own = name && { lines: (line: string) => line.startsWith(`${name}: `), count: 5 }
  const [out = '', err = ''] = [stdout, stderr]
    .map(withoutAdvice)
    .map((text) => lastLines(text, ofLxc.test(text) ? 10 : 3, own || undefined))
  if (out === '' || err === '') return err + out
  return `${err} (stdout: ${out})`
}

/** `FUNCTION: LINE MESSAGE`, as lxc-start writes without a log file (lxc/log.c). */
const ofLxc = /^[a-z_]+: \d+ \S/m

/** lxc-start's hints to its options (tools/lxc_start.c), which Proxmox users do not have. */
function withoutAdvice(text: string): string {
  return text.replaceAll(
    /^.*(?:To get more details, run the container|Additional information can be obtained).*$/gm,
    '',
  )
}
