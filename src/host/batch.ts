/**
 * Collects the queries that probes issue in one turn of the event loop and sends them as one frame. Queries
 * of the same kind share one process; equal queries are sent once. A query that fails, hangs or returns too
 * much does not affect the others: they are sent again in a frame without it. If a parser rejects an answer
 * for any reason, only the caller of that query gets a HostError.
 */
import { HostError, type Problem } from '../base/errors.ts'
import type { Shell } from '../connection/connection.ts'
import {
  answerBytes,
  endHelper,
  frames,
  frameScript,
  type QuerySection,
  settleSection,
  splitSections,
  type PendingQuery,
} from './batch-frame.ts'
import { ConnectionLostError } from './connection-lost.ts'
import type { QueryKind, Settled } from './queries/query.ts'

export interface Batcher {
  /** Resolves when the frame of this query has returned. Equal queries of one frame (`key`) are sent once. */
  query<Item, Answer>(kind: QueryKind<Item, Answer>, item: Item): Promise<Answer>
}

export interface BatcherOptions {
  /** The name of the host in messages. */
  readonly hostName: string
  readonly shell: () => Promise<Shell>
  /** Fails all queries at once, even if the host does not end the script that answers them. */
  readonly signal: AbortSignal
  /** 32 random hex digits, new for each frame, so that no output contains them by chance. */
  readonly nonce: () => string
}

export function createBatcher(options: BatcherOptions): Batcher {
  let gathered = new Map<string, { waiting: PendingQuery; promise: Promise<unknown> }>()
  const unanswered = new Set<PendingQuery>()

  // A silent host may take long to end a script.
  const giveUp = (): void => {
    for (const query of unanswered) query.fail(reasonOf(options.signal))
  }
  options.signal.addEventListener('abort', giveUp, { once: true })

  const take = (): readonly PendingQuery[] => {
    const queries = [...gathered.values()].map(({ waiting }) => waiting)
    gathered = new Map()
    return queries
  }

  const flush = async (): Promise<void> => {
    let queries: readonly PendingQuery[] = []
    try {
      // Queries issued while the shell opens, and in the next turn, travel in the same frame.
      await options
        .shell()
        .then(() => nextTurn())
        .finally(() => {
          queries = take()
        })
      let left = queries
      while (left.length > 0) {
        // Sends all frames at once: the shell answers them in order.
        const again = await Promise.all(
          frames(left, options.hostName).map((frame) => exchange(frame, options)),
        )
        left = again.flat()
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
      if (gathered.size === 0) void flush()
      const { promise, waiting } = wait(kind, item, key)
      gathered.set(key, { waiting, promise })
      unanswered.add(waiting)
      const forget = (): boolean => unanswered.delete(waiting)
      promise.then(forget, forget)
      return promise
    },
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}

function wait<Item, Answer>(
  kind: QueryKind<Item, Answer>,
  item: Item,
  key: string,
): { waiting: PendingQuery; promise: Promise<Answer> } {
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

/** Sends one frame and settles its answers. Returns the queries to send again. */
async function exchange(
  frame: readonly QuerySection[],
  options: BatcherOptions,
): Promise<readonly PendingQuery[]> {
  const shell = await options.shell()
  const nonce = options.nonce()
  const timeout = 5_000 + sum(frame.map(({ kind, queries }) => kind.timeout(queries.map(({ item }) => item))))
  const limit = 2 * sum(frame.map(answerBytes)) + 1024 * 1024
  const light = !frame.some(({ kind, queries }) => queries.some(({ item }) => kind.mayLeave?.(item) === true))
  const helpers = [endHelper, ...frame.flatMap(({ kind }) => kind.helpers ?? [])]
  const reply = await shell.run(frameScript(frame, nonce), {
    timeout,
    limit,
    light,
    helpers: [...new Map(helpers.map((helper) => [helper.name, helper])).values()],
    signal: options.signal,
  })
  if (reply.kind === 'lost') throw new ConnectionLostError(options.hostName, reply.why)
  const outputs = splitSections(reply.stdout, reply.stderr, nonce)
  const again: PendingQuery[] = []
  let culpritFound = false
  frame.forEach((section, index) => {
    const output = outputs[index]
    if (output) {
      again.push(...settleSection(section, output, options.hostName))
      return
    }
    // The first section without an end mark is the one that hung. A query that is alone in it is the cause.
    const { queries } = section
    if (!culpritFound && queries.length === 1) {
      const problem = notAnswered(
        section.kind.kind,
        reply.kind === 'timedOut' ? 'timeout' : 'size',
        options.hostName,
      )
      queries[0]?.settle({ ok: false, problem })
    } else {
      again.push(...queries)
    }
    culpritFound = true
  })
  for (const query of again) query.alone = true
  return again
}

function notAnswered(kind: string, why: 'timeout' | 'size', host: string): Problem {
  return why === 'timeout'
    ? {
        code: 'read-timed-out',
        message: `${host} did not answer in time (${kind})`,
        hint: 'a file system may hang, or the host may be overloaded',
      }
    : { code: 'answer-too-long', message: `the answer from ${host} was too long or cut short (${kind})` }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('cancelled')
}
