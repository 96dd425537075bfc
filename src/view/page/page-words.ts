/** The words, signs and times of the page. */
import type { CellOutcome } from '../report/report-data.ts'

/** From the worst to the least remarkable. */
export const outcomes = [
  'failed',
  'unreachable',
  'rescued',
  'ignored',
  'changed',
  'unknown',
  'ok',
  'skipped',
] as const satisfies readonly CellOutcome[]

/** Each has its own sign, because not everyone sees the colours. */
const signs: Readonly<Record<CellOutcome, string>> = {
  ok: '\u00b7',
  changed: '\u0394',
  skipped: '\u2013',
  failed: '\u2715',
  unreachable: '!',
  unknown: '?',
  rescued: 'R',
  ignored: 'I',
}

export function signOf(outcome: CellOutcome): string {
  return signs[outcome]
}

export function outcomeWord(outcome: CellOutcome, check: boolean): string {
  if (outcome === 'changed' && check) return 'would change'
  return outcome === 'unknown' && check ? 'may run' : outcome
}

/** The most remarkable outcome: of a handler that ran several times, or of a host. */
export function worstOf(found: readonly CellOutcome[]): CellOutcome | undefined {
  return outcomes.find((outcome) => found.includes(outcome))
}

/** Time since the start: `0:05`, `12:30`, `1:02:03`. */
export function sinceStart(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  const two = (number: number): string => String(number).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const start = hours === 0 ? String(minutes) : `${hours}:${two(minutes)}`
  return `${start}:${two(seconds % 60)}`
}

/** `0:05`, or `0:05.250` if labels are less than a second apart. */
export function timeLabel(milliseconds: number, apart: number): string {
  const whole = sinceStart(milliseconds)
  if (apart >= 1000) return whole
  const digits = apart >= 100 ? 1 : 3
  return `${whole}.${String(Math.floor(milliseconds) % 1000)
    .padStart(3, '0')
    .slice(0, digits)}`
}

/** Without the role (`nvidia_host : `) if the column before has the same: a head has little room. */
export function headLabel(name: string, before = ''): string {
  const [role = ''] = /^\S+ : /.exec(name) ?? []
  return before.startsWith(role) ? name.slice(role.length) : name
}

/** `3 tasks`, `1 host`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}

export function share(part: number, whole: number): string {
  return whole === 0 ? '-' : `${Math.round((100 * part) / whole)} %`
}

/** The head and tail of a long ID: `GPU-3f2a\u2026`. */
export function shortId(id: string): string {
  return id.length <= 13 ? id : `${id.slice(0, 12)}\u2026`
}

/** What a line of a unified diff is. */
export function diffLine(line: string): 'head' | 'hunk' | 'added' | 'removed' | undefined {
  if (line.startsWith('+++') || line.startsWith('---')) return 'head'
  if (line.startsWith('@@')) return 'hunk'
  if (line.startsWith('+')) return 'added'
  return line.startsWith('-') ? 'removed' : undefined
}
