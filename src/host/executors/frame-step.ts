/** One step of a frame as shell text: its lock, the lease, its expectations, its notes, and then its work. */
import { posix } from 'node:path'
import { raw, sh, type ShellText } from '../../base/shell.ts'
import type { Lock } from '../action.ts'
import { noteFile } from '../notes.ts'
import type { Expectation, PendingNote } from '../expectation.ts'

export interface FrameStep {
  readonly work: FileWork | ProgramWork
  /** By path. Compared under the lock before the change. */
  readonly expects: ReadonlyMap<string, Expectation>
  /** Recorded before the change. */
  readonly notes: readonly PendingNote[]
  readonly lock?: Lock
}

/** Calls of the file helpers. The last one reports the result. */
export interface FileWork {
  readonly kind: 'files'
  readonly body: ShellText
  /** The path that it changes. A later step's expectation of this path is compared only after the change. */
  readonly path: string
  /** The calls include a program of the user, which may leave processes running. */
  readonly validates?: boolean
}

/** A script in its own subshell. Its exit status and output are the result. */
export interface ProgramWork {
  readonly kind: 'program'
  readonly body: ShellText
  readonly stdin?: ShellText
  /** Whole seconds after which the body itself exits with 124 or 137 (`timeout`). */
  readonly seconds?: number
  /** Exit statuses that mean success. */
  readonly success: readonly number[]
  /** A failure means that nothing was changed, so the notes are removed again. */
  readonly whole?: boolean
  /** The body gets the lock as file descriptor 9, and can pass it to processes that keep running. */
  readonly keepLock?: boolean
}

export interface StepPlace {
  readonly index: number
  readonly stateDirectory: string
  /** The token of the lease; undefined if this user can see no lease. */
  readonly token: number | undefined
  /** Paths whose checksums `gp_sums` has read for this step and its neighbours. */
  readonly summed: ReadonlySet<string>
}

export function stepScript(step: FrameStep, place: StepPlace): ShellText {
  const { work, lock, notes } = step
  const { index, stateDirectory, token } = place
  const lines: readonly (ShellText | '')[] = [
    // Reports finished steps before a lock or a program can delay the report.
    work.kind === 'program' || lock !== undefined ? sh`gp_flush` : '',
    sh`gp_begin ${index}`,
    lock === undefined ? '' : lockCall(lock, stateDirectory),
    token === undefined ? '' : sh`gp_lease ${stateDirectory} ${token}`,
    ...[...step.expects].map(([path, { content }]) => expectationCall(path, content, place.summed)),
    notes.length === 0 ? '' : notesFunction(notes, stateDirectory),
    ...(work.kind === 'files' ? [work.body] : programLines(work, notes.length > 0)),
    notes.length === 0 ? '' : sh`gp_notes() { :; }`,
    lock === undefined ? '' : sh`gp_unlock`,
  ]
  return joined(lines)
}

function programLines(work: ProgramWork, noted: boolean): readonly (ShellText | '')[] {
  const { body, stdin, seconds, success, whole = false, keepLock = false } = work
  const feed = stdin === undefined ? sh`` : sh`printf ${raw(stdin)} 2>/dev/null | `
  const closed = keepLock ? sh`8>&-` : sh`8>&- 9>&-`
  return [
    noted ? sh`gp_notes; gp_flush` : '',
    seconds === undefined ? '' : sh`gp_timed`,
    sh`${raw(feed)}(
${raw(body)}
) ${raw(closed)}
gp_ran "$?" ${success.join(' ')} ${seconds ?? ''} ${whole ? 'whole' : ''}`,
  ]
}

function lockCall(lock: Lock, stateDirectory: string): ShellText {
  return lock.kind === 'flock'
    ? sh`gp_lock ${lock.path} ${lock.timeout} 0755`
    : sh`gp_lock_packages ${stateDirectory} ${lock.timeout}`
}

function expectationCall(path: string, content: string, summed: ReadonlySet<string>): ShellText | '' {
  switch (content) {
    case 'absent':
      return sh`gp_absent ${path}`
    case 'nothing':
      return sh`gp_nothing ${path}`
    case 'present':
      return sh`gp_present ${path}`
    default: {
      const sum = sumOf(content)
      if (sum === undefined) return ''
      return summed.has(path) ? sh`gp_summed_as ${sum} ${path}` : sh`gp_same ${sum} ${path}`
    }
  }
}

function sumOf(content: string): string | undefined {
  return /^sha256:([0-9a-f]{64})$/.exec(content)?.[1]
}

function notesFunction(notes: readonly PendingNote[], stateDirectory: string): ShellText {
  const calls = notes.map((note) => {
    const { path, text } = noteFile(note, stateDirectory)
    return sh`gp_note ${posix.dirname(path)} ${posix.basename(path)} ${text}`
  })
  return sh`gp_notes() {
${raw(joined(calls))}
}`
}

/**
 * The paths whose checksums one program can read for a row of steps: steps of files without a lock, and paths
 * that no earlier step of the row changes. sha256sum escapes a name with a backslash, so such a path is read
 * by itself.
 */
export function summable(row: readonly FrameStep[]): ReadonlySet<string> {
  const paths = new Set<string>()
  const changed: string[] = []
  for (const { work, expects, lock } of row) {
    if (work.kind !== 'files' || lock !== undefined) break
    for (const [path, { content }] of expects) {
      const mine = changed.some((other) => path === other || path.startsWith(`${other}/`))
      if (sumOf(content) !== undefined && !mine && !/[\\\r]/.test(path)) paths.add(path)
    }
    changed.push(work.path)
  }
  return paths
}

/** Joins scripts, and leaves out empty ones. */
export function joined(lines: readonly (ShellText | '')[]): ShellText {
  return lines.reduce<ShellText>(
    (before, line) =>
      line === ''
        ? before
        : before === ''
          ? line
          : sh`${raw(before)}
${raw(line)}`,
    sh``,
  )
}
