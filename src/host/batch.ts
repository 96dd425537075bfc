/**
 * Gathers the queries that probes issue in the same turn of the event loop and sends them as one frame: equal kinds share one process, equal queries
 * are asked once. A query that fails, hangs or answers too much takes none of its neighbours with it: they are asked again in a frame without it.
 */
import { HostError, type Problem } from '../base/errors.ts'
import type { ShellText } from '../base/shell.ts'
import type { Shell } from '../connection/connection.ts'
import { ConnectionLostError } from './errors.ts'
import type { QueryKind, SectionOutput, Settled } from './queries/query.ts'

export interface Batcher {
  /** Answers when the frame that holds this query is back. Equal queries of one frame (`key`) are asked once. */
  query<Item, Answer>(kind: QueryKind<Item, Answer>, item: Item): Promise<Answer>
}

export interface BatcherOptions {
  /** For sentences. */
  readonly hostName: string
  readonly shell: () => Promise<Shell>
  readonly signal: AbortSignal
  /** 32 random hex digits, fresh for each frame: no output can hold them by chance. */
  readonly nonce: () => string
}

const mostScriptBytes = 96 * 1024
const mostAnswerBytes = 16 * 1024 * 1024

/** A query that waits, with everyone who asked it. */
interface Waiting {
  readonly kind: QueryKind<unknown, unknown>
  readonly item: unknown
  readonly key: string
  readonly settle: (answer: Settled<unknown>) => void
  readonly fail: (error: unknown) => void
  /** Asked before in a frame that went wrong: now in a section of its own. */
  alone: boolean
}

interface Section {
  readonly kind: QueryKind<unknown, unknown>
  readonly queries: readonly Waiting[]
  readonly script: ShellText
}

export function createBatcher(options: BatcherOptions): Batcher {
  let gathered = new Map<string, { waiting: Waiting; promise: Promise<unknown> }>()

  const flush = (): void => {
    const queries = [...gathered.values()].map(({ waiting }) => waiting)
    gathered = new Map()
    void send(queries)
  }

  const send = async (queries: readonly Waiting[]): Promise<void> => {
    try {
      let left = queries
      while (left.length > 0) {
        const again: Waiting[] = []
        for (const frame of frames(left)) again.push(...(await exchange(frame, options)))
        left = again
      }
    } catch (error) {
      for (const query of queries) query.fail(error)
    }
  }

  return {
    query<Item, Answer>(kind: QueryKind<Item, Answer>, item: Item): Promise<Answer> {
      if (options.signal.aborted) return Promise.reject(reasonOf(options.signal))
      const key = `${kind.kind} ${JSON.stringify(item)}`
      const present = gathered.get(key)
      if (present) return present.promise as Promise<Answer>
      if (gathered.size === 0) setImmediate(flush)
      const { promise, waiting } = wait(kind, item, key)
      gathered.set(key, { waiting, promise })
      return promise
    },
  }
}

function wait<Item, Answer>(
  kind: QueryKind<Item, Answer>,
  item: Item,
  key: string,
): { waiting: Waiting; promise: Promise<Answer> } {
  let settle: (answer: Settled<unknown>) => void = () => undefined
  let fail: (error: unknown) => void = () => undefined
  const promise = new Promise<Answer>((resolve, reject) => {
    settle = (answer) => {
      if (answer.ok) resolve(answer.value as Answer)
      else reject(new HostError(answer.problem))
    }
    fail = reject
  })
  return { promise, waiting: { kind, item, key, settle, fail, alone: false } }
}

/** Cheap kinds first, so that what hangs hangs last; no frame over the limits. */
function frames(queries: readonly Waiting[]): readonly (readonly Section[])[] {
  const result: Section[][] = []
  let current: Section[] = []
  let scriptBytes = 0
  let answerBytes = 0
  for (const section of sections(queries)) {
    const bytes = Buffer.byteLength(section.script)
    const answers = section.kind.answerBytes * section.queries.length
    if (
      current.length > 0 &&
      (scriptBytes + bytes > mostScriptBytes || answerBytes + answers > mostAnswerBytes)
    ) {
      result.push(current)
      current = []
      scriptBytes = 0
      answerBytes = 0
    }
    current.push(section)
    scriptBytes += bytes
    answerBytes += answers
  }
  if (current.length > 0) result.push(current)
  return result
}

function sections(queries: readonly Waiting[]): readonly Section[] {
  const byKind = new Map<string, Waiting[]>()
  for (const query of queries) {
    const key = query.alone ? query.key : query.kind.kind
    byKind.set(key, [...(byKind.get(key) ?? []), query])
  }
  const result: Section[] = []
  for (const group of byKind.values()) {
    const kind = group[0]?.kind
    if (!kind) continue
    for (let start = 0; start < group.length; start += kind.mergeLimit) {
      const part = group.slice(start, start + kind.mergeLimit)
      result.push({ kind, queries: part, script: kind.script(part.map(({ item }) => item)) })
    }
  }
  return result.sort((a, b) => a.kind.answerBytes - b.kind.answerBytes)
}

/** Sends one frame and settles what it answered; returns what has to be asked again. */
async function exchange(frame: readonly Section[], options: BatcherOptions): Promise<readonly Waiting[]> {
  const shell = await options.shell()
  const nonce = options.nonce()
  const timeout = 5_000 + sum(frame.map(({ kind, queries }) => kind.timeout(queries.map(({ item }) => item))))
  const limit = 2 * sum(frame.map(({ kind, queries }) => kind.answerBytes * queries.length)) + 1024 * 1024
  const reply = await shell.run(frameScript(frame, nonce), { timeout, limit, signal: options.signal })
  if (reply.kind === 'lost') throw new ConnectionLostError(options.hostName, reply.why)
  const outputs = splitSections(reply.stdout, reply.stderr, nonce)
  const again: Waiting[] = []
  let culpritFound = false
  frame.forEach((section, index) => {
    const output = outputs[index]
    if (output) {
      settleSection(section, output)
      return
    }
    // The first section without an end is where it stuck; alone in it, a query cannot blame another one.
    const { queries } = section
    if (!culpritFound && queries.length === 1) {
      const problem = unanswered(
        section.kind.kind,
        reply.kind === 'timedOut' ? 'timeout' : 'size',
        options.hostName,
      )
      queries[0]?.settle({ ok: false, problem })
    } else {
      for (const query of queries) {
        query.alone = true
        again.push(query)
      }
    }
    culpritFound = true
  })
  return again
}

function settleSection({ kind, queries }: Section, output: SectionOutput): void {
  const answers = kind.parse(
    output,
    queries.map(({ item }) => item),
  )
  queries.forEach((query, index) => {
    const answer = answers[index]
    if (!answer) throw new Error(`${kind.kind} gave ${answers.length} answers to ${queries.length} queries`)
    query.settle(answer)
  })
}

function unanswered(kind: string, why: 'timeout' | 'size', host: string): Problem {
  return why === 'timeout'
    ? {
        code: 'read-timed-out',
        message: `${host} did not answer in time (${kind})`,
        hint: 'a hanging file system or a host under heavy load does this',
      }
    : { code: 'answer-too-long', message: `the answer of ${host} was too long or cut short (${kind})` }
}

/** Each section in a subshell; its end is marked on both streams, with its exit status. */
function frameScript(frame: readonly Section[], nonce: string): string {
  const mark = `_gp_mark() { printf '\\n%s %s\\n' ${nonce} "$1"; printf '\\n%s %s\\n' ${nonce} "$1" >&2; }`
  const locale = 'LC_ALL=C.UTF-8; export LC_ALL'
  return [locale, mark, ...frame.map(({ script }) => `(\n${script}\n)\n_gp_mark "$?"`)].join('\n')
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
    if (end === -1) return parts
    parts.push({
      bytes: stream.subarray(start, at),
      code: Number(stream.toString('utf8', at + marker.length, end)),
    })
    start = end + 1
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('cancelled')
}
