import { UnknownError } from '../base/unknown.ts'
import { defined } from '../base/defined.ts'
import { sha256Of } from './content.ts'
import type { Answer, AskOptions, Host, ProgramHost } from './host.ts'
import type { PlaceOverlay } from './overlay-place.ts'
import { remotePath } from './paths.ts'
import { foresee } from './predicted-file.ts'
import { ask as askKind, type AskRequest } from './queries/ask.ts'
import { http as httpKind } from './queries/http.ts'
import * as system from './queries/system-queries.ts'
import { isQuestion, type Question, understood } from './question.ts'
import { refuseIf, seen, type ReadContext } from './reader-context.ts'
import type { FileBasis } from './reader-source.ts'
import { resource, type ResourcePattern } from './resource.ts'
import { commandKind } from './resources/command.ts'
import { containerKind } from './resources/container.ts'
import { kernelModuleKind } from './resources/kernel-module.ts'
import type { PredictedFiles, ResourceKind } from './resources/kind.ts'
import { packageKind } from './resources/package.ts'
import { unitKind } from './resources/systemd-unit.ts'

type SystemReads = Pick<
  Host,
  'read' | 'package' | 'unit' | 'kernelModule' | 'kernel' | 'command' | 'container' | 'http' | 'ask'
>

export function createSystemReads(context: ReadContext): SystemReads {
  const { source, overlay, saw } = context
  return {
    read: (kind, name) => read(context, kind, name),
    package: (name) => read(context, packageKind, name),
    unit: (name) => read(context, unitKind, name),
    kernelModule: (name) => read(context, kernelModuleKind, name),
    command: (name) => read(context, commandKind, name),
    container: (ctid) => read(context, containerKind, ctid),
    async kernel() {
      refuseIf(overlay()?.touches('kernel:'))
      const answer = await source.ask(system.kernel, null, ['kernel:'])
      saw(resource('kernel', ''), seen(answer))
      return answer
    },
    async http(url, options) {
      refuseIf(overlay()?.touches(resource('http', url)))
      const { method, proxy, login, ca, digest, follow, timeout } = options
      const certificates = ca === undefined ? [] : [resource('file', ca)]
      for (const name of certificates) refuseIf(overlay()?.touches(name))
      const others = { proxy: proxy === '' ? undefined : proxy, login, ca, digest, follow, timeout }
      const request = { url, method, ...defined(others) }
      return source.ask(httpKind, request, [resource('http', url), ...certificates])
    },
    ask: (question, options = {}) => ask(context, question, options),
  }
}

/** Merges the prediction with the host's answer. @throws UnknownError, HostError, UnreachableError */
async function read<Reading>(
  { source, overlay, saw }: ReadContext,
  kind: ResourceKind<string, Reading>,
  name: string,
): Promise<Reading> {
  const key = kind.key(name)
  const what = resource(kind.kind, key)
  const view = overlay()
  const told = view?.prediction(what) ?? { kind: 'live' as const }
  if (told.kind === 'unknown') throw new UnknownError(told.unknown)
  const answer = (reading: Reading, predicted: boolean): Reading => {
    saw(what, { ...seen(kind.essence ? kind.essence(reading) : reading), predicted })
    for (const { path, text, lossyLine } of kind.files?.(key, reading) ?? [])
      saw(resource('file', path), {
        content: contentSeen(text, lossyLine),
        predicted,
        ...defined({ lossyLine }),
      })
    return reading
  }
  if (told.kind === 'predicted' && (told.base || kind.saysAll(told.value)))
    return answer(kind.foresee(told.value, kind.nothing, told.base), true)
  const live = await source.ask(kind.query, key, [what, ...(kind.restsOn?.(key) ?? [])])
  const implied = view && kind.impliedBy?.(key, live, filesOf(view))
  refuseIf(implied === undefined ? undefined : kind.unforeseen?.(implied))
  const known = told.kind === 'predicted' || implied !== undefined
  if (view && !known && kind.isNothing(live)) refuseIf(view.absent(what))
  const before = implied === undefined ? live : kind.foresee(implied, live)
  const foreseen = told.kind === 'predicted' ? kind.foresee(told.value, before) : before
  const booted = view?.bootedSince(what)
  return answer(booted && kind.booted ? kind.booted(foreseen, booted) : foreseen, known)
}

function filesOf(view: PlaceOverlay): PredictedFiles {
  return (given) => {
    const all = view.file(view.resolve(remotePath(given), false))
    if (all.kind === 'live') return undefined
    return all.kind === 'unknown' ? all.unknown : foresee(all.value).file
  }
}

/**
 * The content that the host must have for this text. `present` if its bytes are not valid UTF-8, because the
 * text does not determine them.
 */
function contentSeen(text: string | undefined, lossyLine: number | undefined): string {
  if (text === undefined) return 'absent'
  return lossyLine === undefined ? `sha256:${sha256Of(text)}` : 'present'
}

async function ask<Said>(
  context: ReadContext,
  question: Question<Said>,
  { user }: AskOptions,
): Promise<Said> {
  if (!isQuestion(question)) throw new Error('not a named question (src/host/question.ts)')
  const { argv, command, reads, guard, carried, timeout = askTimeout } = question
  const environment = { ...question.environment, ...context.environment }
  const request = {
    argv: command,
    timeout,
    promised: false,
    environment,
    ...defined({ user, guard, carried }),
  }
  const answer = await run(context, request, { argv, reads })
  return understood(question, answer, context.source.name)
}

/** Runs a program whose author promises that it only reads. */
export function createPromised(context: ReadContext): ProgramHost['promised'] {
  return (argv, { stdin, directory, timeout = askTimeout } = {}) => {
    const { environment } = context
    // The promise does not cover what the program reads, nor that it leaves nothing running.
    const request = { argv, timeout, promised: true, environment, ...defined({ stdin, directory }) }
    return run(context, request, { argv, reads: ['*'] })
  }
}

const askTimeout = 30_000

async function run(
  { source, overlay, saw }: ReadContext,
  request: AskRequest,
  { argv, reads }: { readonly argv: readonly string[]; readonly reads: readonly ResourcePattern[] },
): Promise<Answer> {
  const files = reads.flatMap(fileBasisOf)
  const view = overlay()
  for (const pattern of reads) refuseIf(view?.touches(pattern))
  const question = resource('ask', argv.join(' '))
  const asked = source.ask(askKind, request, [...reads, question], files)
  if (view) {
    asked.catch(() => undefined)
    // A prediction may name the same files by another path.
    for (const { path, suffix } of files) {
      view.learn((await source.walk(path)).links)
      refuseIf(view.touches(`file:${view.resolve(path, true)}${suffix}`))
    }
  }
  const answer = await asked
  saw(question, seen(answer))
  if (answer.code === 127) refuseIf(view?.absent(resource('command', programName(argv))))
  return answer
}

function programName([program = '']: readonly string[]): string {
  return program.slice(program.lastIndexOf('/') + 1)
}

/** The directory in which a pattern of files begins. */
function fileBasisOf(pattern: string): readonly FileBasis[] {
  if (!pattern.startsWith('file:/')) return []
  const given = pattern.slice('file:'.length)
  const end = given.endsWith('*') ? given.lastIndexOf('/') : given.length
  return [{ path: remotePath(given.slice(0, end) || '/'), follow: true, suffix: given.slice(end) }]
}
