/** The contents of one batch frame: its sections, their script, and their output. */
import { HostError } from '../base/errors.ts'
import { raw, sh, type ShellText } from '../base/shell.ts'
import type { ShellHelper } from '../connection/connection.ts'
import { type QueryKind, type SectionOutput, senselessAnswer, type Settled } from './queries/query.ts'

const mostScriptBytes = 96 * 1024
const mostAnswerBytes = 16 * 1024 * 1024

/** A pending query and the callbacks of its callers. */
export interface PendingQuery {
  readonly kind: QueryKind<unknown, unknown>
  readonly item: unknown
  readonly key: string
  readonly settle: (answer: Settled<unknown>) => void
  readonly fail: (error: unknown) => void
  /** Failed in an earlier frame; now gets its own section. */
  alone: boolean
}

export interface QuerySection {
  readonly kind: QueryKind<unknown, unknown>
  readonly queries: readonly PendingQuery[]
  readonly script: ShellText
}

/**
 * Splits queries into frames that respect the limits. Cheap kinds come first, so that slow ones delay nothing
 * else.
 */
export function frames(queries: readonly PendingQuery[], host: string): readonly (readonly QuerySection[])[] {
  const result: QuerySection[][] = []
  let current: QuerySection[] = []
  let scriptBytes = 0
  let answers = 0
  for (const section of sections(queries, host)) {
    const bytes = Buffer.byteLength(section.script)
    if (
      current.length > 0 &&
      (scriptBytes + bytes > mostScriptBytes || answers + answerBytes(section) > mostAnswerBytes)
    ) {
      result.push(current)
      current = []
      scriptBytes = 0
      answers = 0
    }
    current.push(section)
    scriptBytes += bytes
    answers += answerBytes(section)
  }
  if (current.length > 0) result.push(current)
  return result
}

export function answerBytes({ kind, queries }: QuerySection): number {
  return queries.length === 1
    ? kind.answerBytes
    : queries.length * Math.min(kind.usualBytes ?? kind.answerBytes, kind.answerBytes)
}

function sections(queries: readonly PendingQuery[], host: string): readonly QuerySection[] {
  const groups = new Map<string, PendingQuery[]>()
  for (const query of queries) {
    const alone = query.alone || query.kind.merges?.(query.item) === false
    const key = alone ? query.key : query.kind.kind
    groups.set(key, [...(groups.get(key) ?? []), query])
  }
  const result: QuerySection[] = []
  for (const group of groups.values()) {
    const kind = group[0]?.kind
    if (!kind) continue
    for (let start = 0; start < group.length; start += kind.mergeLimit)
      result.push(...section(kind, group.slice(start, start + kind.mergeLimit), host))
  }
  return result.sort((a, b) => a.kind.answerBytes - b.kind.answerBytes)
}

/**
 * Returns one section. If an item cannot be put into a script, that item fails and each of the others gets
 * its own section.
 */
function section(
  kind: QuerySection['kind'],
  queries: readonly PendingQuery[],
  host: string,
): readonly QuerySection[] {
  try {
    return [{ kind, queries, script: kind.script(queries.map(({ item }) => item)) }]
  } catch (error) {
    if (queries.length > 1) return queries.flatMap((query) => section(kind, [query], host))
    const message = `cannot ask ${host} (${kind.kind}): ${messageOf(error)}`
    const problem = error instanceof HostError ? error.problem : { code: 'invalid-question', message }
    queries[0]?.settle({ ok: false, problem })
    return []
  }
}

/** Marks the end of a section on both streams, with its exit status. */
export const endHelper: ShellHelper = {
  name: 'gp_answered 1',
  text: sh`gp_answered() { printf '\\n%s %s\\n' "$_gp_nonce" "$1"; printf '\\n%s %s\\n' "$_gp_nonce" "$1" >&2; }`,
}

export function frameScript(frame: readonly QuerySection[], nonce: string): ShellText {
  const parts = frame.map(({ kind, script }) =>
    kind.plain === true ? sh`${raw(script)}\ngp_answered "$?"` : sh`(\n${raw(script)}\n)\ngp_answered "$?"`,
  )
  return sh`_gp_nonce=${nonce}\n${raw(parts.join('\n') as ShellText)}`
}

/** The output of each section whose end was seen on both streams, in order. */
export function splitSections(stdout: Buffer, stderr: Buffer, nonce: string): readonly SectionOutput[] {
  const out = splitStream(stdout, nonce)
  const err = splitStream(stderr, nonce)
  return out.slice(0, err.length).map(({ bytes, code }, index) => ({
    stdout: bytes,
    stderr: err[index]?.bytes ?? Buffer.alloc(0),
    code,
  }))
}

function splitStream(stream: Buffer, nonce: string): readonly { bytes: Buffer; code: number }[] {
  const marker = Buffer.from(`\n${nonce} `)
  const parts: { bytes: Buffer; code: number }[] = []
  let start = 0
  for (;;) {
    const at = stream.indexOf(marker, start)
    const end = at === -1 ? -1 : stream.indexOf(0x0a, at + marker.length)
    const code = end === -1 ? '' : stream.toString('latin1', at + marker.length, end)
    if (!/^\d{1,3}$/.test(code)) return parts
    parts.push({ bytes: stream.subarray(start, at), code: Number(code) })
    start = end + 1
  }
}

/** Settles the queries of one section. Returns those that have to be asked again alone. */
export function settleSection(
  { kind, queries }: QuerySection,
  output: SectionOutput,
  host: string,
): readonly PendingQuery[] {
  const answers = parse({ kind, queries }, output, host)
  return queries.filter((query, index) => {
    const answer = answers[index]
    if (answer === 'alone' && queries.length > 1) return true
    query.settle(
      answer === undefined || answer === 'alone' ? senseless(kind.kind, 'it is incomplete', host) : answer,
    )
    return false
  })
}

function parse(
  { kind, queries }: Pick<QuerySection, 'kind' | 'queries'>,
  output: SectionOutput,
  host: string,
): readonly (Settled<unknown> | 'alone')[] {
  try {
    const items = queries.map(({ item }) => item)
    return kind.parse(output, items)
  } catch (error) {
    return queries.map(() => senseless(kind.kind, error, host))
  }
}

function senseless(kind: string, error: unknown, host: string): Settled<never> {
  return { ok: false, problem: senselessAnswer(kind, error, host) }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
