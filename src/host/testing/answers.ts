/** Every kind of query with items, and possible answers of a host, for random tests and the fuzzer. */
import assert from 'node:assert/strict'
import * as accounts from '../queries/account-queries.ts'
import * as asks from '../queries/ask.ts'
import * as containers from '../queries/container-query.ts'
import * as files from '../queries/file-queries.ts'
import * as requests from '../queries/http.ts'
import * as mounts from '../queries/mount-queries.ts'
import type { QueryKind, SectionOutput } from '../queries/query.ts'
import * as links from '../queries/realpath.ts'
import * as system from '../queries/system-queries.ts'
import * as accesses from '../queries/writable.ts'

export interface Subject {
  readonly kind: object
  /** The possible numbers of items per answer: one, and two if the kind merges. */
  readonly counts: readonly number[]
  readonly answers: (said: SectionOutput, count: number) => readonly unknown[]
}

function subject<Item>(kind: QueryKind<Item, unknown>, items: readonly Item[]): Subject {
  return {
    kind,
    counts: items.map((_, index) => index + 1),
    answers: (said, count) => kind.parse(said, items.slice(0, count)),
  }
}

const paths = ['/etc/hostname', '/etc/x']

export const subjects: Readonly<Record<string, Subject>> = {
  stat: subject(files.stat, paths),
  statFollow: subject(files.statFollow, paths),
  text: subject(files.text, paths),
  hash: subject(files.hash, paths),
  list: subject(files.list, paths),
  space: subject(files.space, paths),
  dpkg: subject(system.dpkg, ['dkms', 'libc6:amd64']),
  unit: subject(system.unit, ['ssh.service', 'x.mount']),
  kernelModule: subject(system.kernelModule, ['nvidia', 'kvm']),
  kernel: subject(system.kernel, [null]),
  user: subject(accounts.user, ['root', 'alice']),
  group: subject(accounts.group, ['root', 'docker']),
  mount: subject(mounts.mount, ['/', '/mnt/a']),
  command: subject(system.command, ['ls', 'nvidia-smi']),
  container: subject(containers.container, ['101', '102']),
  realpath: subject(links.realpath, paths),
  access: subject(accesses.access, paths),
  ask: subject(asks.ask, [{ argv: ['true'], timeout: 1000 }]),
  http: subject(requests.http, [{ url: 'http://x/', method: 'GET' }]),
}

/** All kinds of query. */
export const allQueries: readonly object[] = [
  files,
  system,
  accounts,
  mounts,
  containers,
  links,
  accesses,
  asks,
  requests,
].flatMap((module) =>
  Object.values(module).filter(
    (value) => typeof value === 'object' && value !== null && 'parse' in value && 'script' in value,
  ),
)

/** Pieces of the output of these programs: random combinations come closer to an answer than random bytes. */
// prettier-ignore
export const pieces: readonly string[] = [
  '\0', '\0\0', '\n', '\n\n', '\t', ' ', '=', ':', ': ', '/', '-> ', '==> ', ' <==\n', '1', '0', '-1', '-',
  '99999999999999999999', '1e9', 'NaN', '81a4', 'zzzz', 'a1ff', '41ed', 'root', 'names', 'absent', 'other',
  'running', 'stopped', 'LoadState=', 'loaded', 'not-found', 'ActiveState=active', 'HTTP/1.1 200 OK\r\n',
  'content-length: 99999999999999999999\r\n', 'installed', 'config-files', 'dkms', 'amd64', '1.2-3', 'Avail',
  'No such file or directory', 'Permission denied', "stat: cannot statx '/etc/x': ", ...paths, '/proc', '../..',
  '81a4\troot\troot\t0\t0\t5\t0\t0', 'a1ff\troot\troot\t0\t0\t5\t0\t0', '/etc/x -> y', 'e3b0c44298fc1c149afb',
  '\u001b[2J', '\u009b', '\u202e', '\ufffd', '__proto__', 'constructor', 'toString',
  'root:x:0:0:root:/root:/bin/bash', 'alice:x:1e9:1000::', 'docker:x:998:root,alice', '\u00010\n', '\u00012\n', '\u0001127\n',
]

/** @throws AssertionError unless there is an answer or a message for each item */
export function assertAnswers(answers: readonly unknown[], count: number): void {
  assert.equal(answers.length, count)
  for (const answer of answers) assertAnswer(answer, count === 1)
}

function assertAnswer(answer: unknown, alone: boolean): void {
  if (answer === 'alone') return assert.ok(!alone, 'a single item cannot be asked again alone')
  assert.ok(typeof answer === 'object' && answer !== null && 'ok' in answer)
  if ('problem' in answer) {
    const { problem } = answer
    assert.ok(typeof problem === 'object' && problem !== null && 'message' in problem)
    assert.match(String(problem.message), /\S.* .*\S/s)
    assert.doesNotMatch(String(problem.message), /[:\s]$/)
  } else assertSound('value' in answer ? answer.value : undefined)
}

/** Every number in an answer must be a whole number. */
function assertSound(value: unknown): void {
  if (typeof value === 'number') assert.ok(Number.isSafeInteger(value), `the number ${value}`)
  else if (typeof value === 'object' && value !== null)
    for (const part of Object.values(value)) assertSound(part)
}

/** No number in the value may be infinite or NaN. */
export function assertFinite(value: unknown): void {
  if (typeof value === 'number') assert.ok(Number.isFinite(value), `the number ${value}`)
  else if (typeof value === 'object' && value !== null)
    for (const part of Object.values(value)) assertFinite(part)
}
