import { UnknownError } from '../base/unknown.ts'
import { sha256Of } from './effects.ts'
import type { Answer, AskOptions, ContainerStatus, Host, UnitStatus } from './host.ts'
import type { Predicted, UnitPrediction } from './overlay-marks.ts'
import type { PlaceOverlay } from './overlay-place.ts'
import { remotePath } from './paths.ts'
import { withUnknown } from './predicted-file.ts'
import { ask as askKind } from './queries/ask.ts'
import { container as containerKind } from './queries/container.ts'
import { http as httpKind } from './queries/http.ts'
import * as system from './queries/system.ts'
import { readOnlyProgram } from './read-only-programs.ts'
import {
  foreseen as predictedAnswer,
  invalidName,
  refuseIf,
  seen,
  type ViewContext,
} from './reader-context.ts'
import type { FileBasis } from './reader-source.ts'
import { resource } from './resource.ts'

type SystemReads = Pick<
  Host,
  'package' | 'unit' | 'kernelModule' | 'kernel' | 'command' | 'container' | 'http' | 'ask'
>

export function createSystemReads({ source, overlay, saw }: ViewContext): SystemReads {
  return {
    async package(name) {
      if (!/^[a-z0-9][a-z0-9+.-]*(:[a-z0-9-]+)?$/.test(name)) throw invalidName('package', name)
      const predicted = known(overlay()?.package(name))
      if (predicted) {
        saw(resource('package', name), predictedAnswer(predicted.value))
        const installed = predicted.value
        return { installed, status: installed === undefined ? 'not-installed' : 'installed' }
      }
      const answer = await source.ask(system.dpkg, name, [`package:${name}`])
      saw(resource('package', name), seen(answer))
      return answer
    },
    async unit(given) {
      const name = system.unitName(given)
      if (!/^[A-Za-z0-9:_.\\@-]+$/.test(name) || name.startsWith('-')) throw invalidName('unit', given)
      const view = overlay()
      const short = resource('unit', given)
      const predicted = known(view?.unit(given)) ?? known(view?.unit(name))
      if (predicted?.base || (predicted && complete(predicted.value))) {
        saw(short, predictedAnswer(predicted.value))
        return fromPrediction(predicted.value, predicted.base)
      }
      const live = await source.ask(system.unit, name, [`unit:${name}`])
      saw(short, seen(live))
      if (!predicted && !live.exists) refuseIf(view?.absent(short))
      const foreseen = predicted ? overUnit(live, predicted.value) : live
      const booted = view?.bootedSinceUnit(given)
      // After a boot, what is enabled and runs now will run again; whether anything else does cannot be known.
      return booted && !(foreseen.enabled === 'enabled' && foreseen.active === 'active')
        ? withUnknown(foreseen, 'active', booted)
        : foreseen
    },
    async kernelModule(given) {
      if (!/^[A-Za-z0-9_-]+$/.test(given)) throw invalidName('kernel module', given)
      const name = given.replaceAll('-', '_')
      const predicted = known(overlay()?.kernelModule(name))
      if (predicted) {
        saw(resource('kernelModule', name), predictedAnswer(predicted.value))
        return { loaded: predicted.value.loaded, version: predicted.value.version, users: 0 }
      }
      const answer = await source.ask(system.kernelModule, name, [`kernelModule:${name}`])
      // The reference count moves all the time: it is no reason to plan again.
      saw(resource('kernelModule', name), seen([answer.loaded, answer.version]))
      return answer
    },
    async kernel() {
      known(overlay()?.kernel())
      const answer = await source.ask(system.kernel, null, ['kernel:'])
      saw(resource('kernel', ''), seen(answer))
      return answer
    },
    async command(name) {
      if (!/^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/.test(name)) throw invalidName('program', name)
      const view = overlay()
      const predicted = known(view?.command(name))
      if (predicted) {
        saw(resource('command', name), predictedAnswer(predicted.value))
        return predicted.value
      }
      const answer = await source.ask(system.command, name, [`command:${name}`])
      saw(resource('command', name), seen(answer))
      if (answer === undefined) refuseIf(view?.absent(resource('command', name)))
      return answer
    },
    async container(ctid) {
      if (!/^[1-9][0-9]{0,8}$/.test(ctid)) throw invalidName('container', ctid)
      const predicted = known(overlay()?.container(ctid))
      const file = resource('file', `/etc/pve/lxc/${ctid}.conf`)
      const live = await source.ask(containerKind, ctid, [`container:${ctid}`, file])
      const answer = predicted ? overContainer(live, predicted.value) : live
      // A pid says nothing that a plan rests on.
      const facts = answer && [answer.status, answer.config]
      saw(resource('container', ctid), { ...seen(facts), predicted: predicted !== undefined })
      saw(file, { content: configSeen(answer), predicted: predicted?.value.config !== undefined })
      return answer
    },
    async http(url, options) {
      refuseIf(overlay()?.touches(resource('http', url)))
      const { method, proxy } = options
      const request = { url, method, ...(proxy === undefined || proxy === '' ? {} : { proxy }) }
      return source.ask(httpKind, request, [resource('http', url)])
    },
    ask: (argv, options = {}) => ask({ source, overlay, saw }, argv, options),
  }
}

async function ask(
  { source, overlay, saw }: ViewContext,
  argv: readonly string[],
  options: AskOptions,
): Promise<Answer> {
  const listed = readOnlyProgram(argv)
  if (!listed && options.promised !== true) {
    throw new Error(`not on the list of programs that only read: ${argv.join(' ')} (read-only-programs.ts)`)
  }
  // An author's promise does not say what the program looks at: everything, unless he says so too.
  const reads = listed ? [...listed.reads, ...(options.reads ?? [])] : (options.reads ?? ['*'])
  const files = reads.flatMap(fileBasisOf)
  const { environment, user, stdin, directory, timeout = 30_000 } = options
  const request = {
    argv: listed?.argv ?? argv,
    timeout,
    ...(environment === undefined ? {} : { environment }),
    ...(user === undefined ? {} : { user }),
    ...(stdin === undefined ? {} : { stdin }),
    ...(directory === undefined ? {} : { directory }),
    ...(listed?.guard === undefined ? {} : { guard: listed.guard }),
  }
  const view = overlay()
  for (const pattern of reads) refuseIf(view?.touches(pattern))
  const asked = source.ask(askKind, request, reads, files)
  if (view) {
    asked.catch(() => undefined)
    // What it reads may have been predicted by another name.
    for (const { path, suffix } of files) {
      view.learn((await source.walk(path)).links)
      refuseIf(view.touches(`file:${view.resolve(path, true)}${suffix}`))
    }
  }
  const answer = await asked
  saw(resource('ask', argv.join(' ')), seen(answer))
  if (answer.code === 127) refuseIf(view?.absent(resource('command', programName(argv))))
  return answer
}

function programName([program = '']: readonly string[]): string {
  return program.slice(program.lastIndexOf('/') + 1)
}

function known<T>(
  predicted: Predicted<T> | undefined,
): Extract<Predicted<T>, { kind: 'predicted' }> | undefined {
  if (predicted?.kind === 'unknown') throw new UnknownError(predicted.unknown)
  return predicted?.kind === 'predicted' ? predicted : undefined
}

/** Of a pattern of files, the directory that it begins in. */
function fileBasisOf(pattern: string): readonly FileBasis[] {
  if (!pattern.startsWith('file:/')) return []
  const given = pattern.slice('file:'.length)
  const end = given.endsWith('*') ? given.lastIndexOf('/') : given.length
  return [{ path: remotePath(given.slice(0, end) || '/'), follow: true, suffix: given.slice(end) }]
}

/** What the host must show of a container's configuration; `present` where its bytes are no text, so that they cannot be told from the text. */
function configSeen(answer: ContainerStatus | undefined): string {
  if (answer === undefined) return 'absent'
  return answer.config.includes('\u{fffd}') ? 'present' : `sha256:${sha256Of(answer.config)}`
}

function complete({ active, enabled, exists }: UnitPrediction): boolean {
  return exists === false || (active !== undefined && enabled !== undefined)
}

const gone: UnitStatus = { exists: false, active: 'inactive', enabled: '' }

function overUnit(live: UnitStatus, { active, enabled, exists }: UnitPrediction): UnitStatus {
  if (exists === false) return gone
  return {
    exists: exists ?? (live.exists || active !== undefined || enabled !== undefined),
    active: active ?? live.active,
    enabled: enabled ?? live.enabled,
  }
}

/** Where the host's own answer does not count: what was predicted is known, the rest of it is not. */
function fromPrediction(prediction: UnitPrediction, base: PlaceOverlayUnknown): UnitStatus {
  const status = overUnit(gone, prediction)
  if (!base || prediction.exists === false) return status
  const known = prediction.active === undefined ? withUnknown(status, 'active', base) : status
  if (prediction.enabled !== undefined) return known
  return withUnknown(known, 'enabled', base)
}

type PlaceOverlayUnknown = Extract<ReturnType<PlaceOverlay['unit']>, { kind: 'predicted' }>['base']

function overContainer(
  live: ContainerStatus | undefined,
  { status, config }: { readonly status?: 'running' | 'stopped'; readonly config?: string },
): ContainerStatus {
  const now: ContainerStatus = live ?? { status: 'stopped', config: '', pid: undefined }
  return {
    status: status ?? now.status,
    config: config ?? now.config,
    pid: status === 'stopped' ? undefined : now.pid,
  }
}
