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
    pattern: /No space left on device|Disk quota exceeded|not enough free space|ENOSPC/,
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
    pattern: /Permission denied|are you root\?|must be root|Operation not permitted/,
    tell: () => ({
      code: 'no-permission',
      message: 'the user on the host may not do this',
      hint: 'set `become: true`, or connect as root',
    }),
  },
]

function repository(url: string, status: string, words: string): Problem {
  const hints: Readonly<Record<string, string>> = {
    401: 'this repository wants a subscription; disable it or add the key, gpuplay does not edit it',
    404: 'the repository has no such file: its list is old, or it does not serve this release',
    407: 'the proxy wants a password',
  }
  return {
    code: 'repository-failed',
    message: `a repository answered ${status}${words === '' ? '' : ` (${words})`}: ${url}`,
    hint: hints[status] ?? 'the server or the proxy has trouble: try again later',
  }
}

/** The last lines of an output that say something, joined for a sentence. */
export function lastLines(output: string, count = 3): string {
  return output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-count)
    .join(' | ')
}
