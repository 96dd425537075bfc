/**
 * The file of a systemd unit, or a drop-in, in /etc/systemd/system (systemd.unit(5)), which systemd reads
 * again after each change. `service` starts and enables the unit.
 */
import { parentOf } from '../../base/posix-paths.ts'
import { known, knownOr } from '../../base/unknown.ts'
import type { Action, Effect, Run } from '../../host/action.ts'
import type { Host, SeenFile, UnitStatus } from '../../host/host.ts'
import { actions, type Plan, refuse } from '../../host/plan.ts'
import { needsDaemonReload } from '../../host/questions/system.ts'
import { resource } from '../../host/resource.ts'
import { unitKind } from '../../host/resources/systemd-unit.ts'
import type { Module } from '../module.ts'
import { contentDiff } from '../support/content-diff.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  /** The path itself; links are not followed. */
  readonly file: SeenFile | undefined
  readonly text: string | undefined
  /** Whether the directory of a drop-in exists. */
  readonly directory: boolean
  /** systemd has not read the unit's files since they changed. */
  readonly stale: boolean
  /** Read only if the unit itself must be absent. */
  readonly unit: UnitStatus | undefined
}

export const systemdUnit = {
  name: 'systemd_unit',
  summary: 'Installs or removes a systemd unit file or a drop-in, and reloads systemd.',
  mayChange: ({ name }) =>
    typeof name === 'string' ? [`file:${root}/*`, `unit:${unitKind.key(name)}`] : ['file:*', 'unit:*'],
  args,
  result,
  mayBeSecret: ['content'],
  probe,
  plan,
  report: (given) => ({ name: unitKind.key(given.name), path: pathOf(given) }),
} satisfies Module<Args, Seen>

const root = '/etc/systemd/system'

function pathOf({ name, drop_in: dropIn }: Args): string {
  const unit = unitKind.key(name)
  return dropIn === undefined ? `${root}/${unit}` : `${root}/${unit}.d/${dropIn}.conf`
}

async function probe(given: Args, host: Host): Promise<Seen> {
  const path = pathOf(given)
  const name = unitKind.key(given.name)
  const retires = given.state === 'absent' && given.drop_in === undefined
  const [file, directory, stale, unit] = await Promise.all([
    host.stat(path),
    host.stat(parentOf(path), { follow: true }),
    host.maybe(host.ask(needsDaemonReload({ unit: name }))),
    retires ? host.unit(name) : undefined,
  ])
  const text = file?.kind === 'file' ? await host.text(path) : undefined
  // A change of the file comes with a reload, so only an unchanged file raises the question.
  const unchanged = given.state === 'absent' ? file === undefined : text === textOf(given)
  return { file, text, directory: directory !== undefined, stale: unchanged && known(stale), unit }
}

function textOf({ content = '' }: Args): string {
  return `${content.replace(/\s+$/, '')}\n`
}

function plan(given: Args, seen: Seen): Plan {
  const { file, text, directory, stale } = seen
  const path = pathOf(given)
  if (file?.kind === 'link')
    return refuse({
      code: 'wrong-kind-of-file',
      message: `${path} is a link to ${file.target ?? '?'}`,
      hint:
        file.target === '/dev/null'
          ? 'the unit is masked: set `masked: false` with `service` first'
          : 'remove the link first with `file` and `state: absent`',
    })
  if (file !== undefined && file.kind !== 'file')
    return refuse({ code: 'wrong-kind-of-file', message: `${path} is a ${file.kind}, not a file` })
  const reload = systemctl(['daemon-reload'], given, [])
  if (given.state === 'absent') {
    if (file === undefined) return actions([stale ? reload : undefined])
    return actions([...retirement(given, seen), { kind: 'remove', path }, reload], {
      diffs: [contentDiff({ title: path, before: text, after: undefined })],
    })
  }
  const after = textOf(given)
  if (after === text) return actions([stale ? reload : undefined])
  return actions(
    [
      directory ? undefined : { kind: 'makeDirectory', path: parentOf(path) },
      { kind: 'writeFile', path, content: { kind: 'text', text: after } },
      reload,
    ],
    { diffs: [contentDiff({ title: path, before: text, after })] },
  )
}

/** Stops and disables a unit while its file still exists. A unit of a package may take its place afterwards. */
function retirement(given: Args, { unit }: Seen): readonly Action[] {
  if (unit === undefined) return []
  const name = unitKind.key(given.name)
  const runs = !['inactive', 'failed', ''].includes(knownOr(unit.active, 'active'))
  const starts = ['enabled', 'enabled-runtime'].includes(knownOr(unit.enabled, 'enabled'))
  const effects: readonly Effect[] = [
    { kind: 'unknown', resources: [resource('unit', name)], why: `an earlier task removes ${name}` },
  ]
  return [
    ...(runs ? [systemctl(['stop', name], given, effects)] : []),
    ...(starts ? [systemctl(['disable', name], given, effects)] : []),
  ]
}

function systemctl(words: readonly string[], { timeout }: Args, effects: readonly Effect[]): Run {
  return { kind: 'run', argv: ['systemctl', ...words], timeout, effects }
}
