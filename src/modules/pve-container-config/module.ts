/**
 * Replaces the owned lines of a container's configuration (`/etc/pve/lxc/CTID.conf` on its node) with the
 * given ones.
 *
 * Owned lines are recognized by their text: Proxmox moves comments, so comments cannot mark them. The file is
 * replaced as a whole under Proxmox's lock; every other byte is kept, and the old file is saved. Snapshots
 * are not changed.
 */
import { isUnknown, known, knownOr, type Unknown, UnknownError } from '../../base/unknown.ts'
import type { Action, Content } from '../../host/action.ts'
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import { assignmentNotes, noteOf } from '../../nvidia/assignment-note.ts'
import { managedGuests, resourcesFile } from '../../nvidia/high-availability.ts'
import { configFile, waitForLock, writeConfig } from '../../proxmox/config-change.ts'
import { lineForms, lineOf } from '../../proxmox/config-lines.ts'
import { parseContainerConfig } from '../../proxmox/container-config.ts'
import { findGuest, type GuestPlace, missingContainer } from '../../proxmox/find-guest.ts'
import { networkAddresses } from '../../proxmox/network-addresses.ts'
import type { Module } from '../module.ts'
import { mayChangeContainer } from '../support/container-args.ts'
import { args, type Args, result } from './args.ts'
import { type Desired, desiredConfig, TooManyDevices } from './desired.ts'

export interface Seen {
  readonly node: string
  readonly ctid: string
  /** Undefined if the node has no such container. */
  readonly config: string | undefined
  /** Where else the cluster has it; read only if the node does not. */
  readonly elsewhere: GuestPlace | undefined
  /** The node's record of lines added earlier. */
  readonly record: string | undefined
  readonly stateDirectory: boolean
  readonly managedByHa: boolean
}

export const pveContainerConfig = {
  name: 'pve_container_config',
  summary: "Sets lines in a container's configuration on its node, and keeps all others.",
  args,
  result,
  files: { template: 'templates' },
  mayBeUnknown: ['content', 'more_owned', 'record'],
  mayChange: (given) => [...mayChangeContainer(given), `file:${assignmentNotes}*`],
  exitCode: 4,
  probe,
  plan,
  report: (_, { ctid }) => ({ ctid }),
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const { node, placement } = host
  const ctid = given.ctid === '' ? (placement.ctid ?? '') : String(given.ctid)
  const [container, read, directory, resources] = await Promise.all([
    node.container(ctid),
    node.maybe(node.text(`${assignmentNotes}/${ctid}`)),
    node.stat(assignmentNotes),
    node.text(resourcesFile),
  ])
  // Unknown only after a dry run has predicted a change.
  const record = knownOr(read, undefined)
  const { content } = given
  // If owned lines exist, an unknown content may equal them, so a dry run cannot know whether the file
  // changes.
  if (isUnknown(content) && container && ownLines(given, container.config, record).length > 0)
    throw new UnknownError(content)
  // With a known content, they decide what changes.
  if (!isUnknown(content)) for (const argument of [given.record, given.more_owned]) known(argument)
  return {
    node: node.name,
    ctid,
    config: container?.config,
    elsewhere: container === undefined ? await findGuest(node, ctid) : undefined,
    record,
    stateDirectory: directory !== undefined,
    managedByHa: managedGuests(resources ?? '').includes(ctid),
  }
}

function plan(given: Args, seen: Seen): Plan {
  const { node, ctid, config, elsewhere } = seen
  if (config === undefined) return refuse(missingContainer(node, ctid, elsewhere))
  const { content } = given
  if (isUnknown(content)) return hindrance(given, seen, config) ?? planUnknown(given, seen, content)
  let desired: Desired
  try {
    desired = desiredConfig(config, { content, owns: ownership(given, noteOf(seen.record, config)) })
  } catch (error) {
    if (!(error instanceof TooManyDevices)) throw error
    return refuse({ code: 'too-many-devices', message: `container ${ctid}: ${error.message}` })
  }
  const wanted = known(given.record)
  const record = wanted === '' ? undefined : recordText(wanted, desired.lines, addressesOf(config))
  const remember = record === seen.record ? [] : recordActions(seen, record)
  if (desired.text === config) return remember.length === 0 ? done() : actions(remember)
  return (
    hindrance(given, seen, config) ??
    actions([...remember, writeConfig(ctid, { kind: 'text', text: desired.text }, given.lock_timeout)], {
      diffs: [{ title: configFile(ctid), before: config, after: desired.text }],
    })
  )
}

function hindrance(
  { lock_timeout: timeout }: Args,
  { ctid, managedByHa }: Seen,
  config: string,
): Plan | undefined {
  const locked = waitForLock(ctid, parseContainerConfig(config), timeout)
  if (locked || !managedByHa) return locked
  return refuse({
    code: 'managed-by-ha',
    message: `container ${ctid} is managed by HA, which may move it to a node without this GPU`,
    hint: `suspend HA for it: ha-manager set ct:${ctid} --state ignored`,
  })
}

function planUnknown(given: Args, seen: Seen, content: Unknown): Plan {
  const { ctid, config = '' } = seen
  const unknown = { kind: 'unknown', why: content.why } as const
  return actions([...recordActions(seen, unknown), writeConfig(ctid, unknown, given.lock_timeout)], {
    diffs: [{ title: configFile(ctid), before: config, after: `${config}(lines known only in the run)\n` }],
  })
}

/**
 * The record is written first: it names the lines, so that the next run recognizes them after an
 * interruption.
 */
function recordActions(
  { ctid, stateDirectory }: Seen,
  record: string | Content | undefined,
): readonly Action[] {
  const path = `${assignmentNotes}/${ctid}`
  if (record === undefined)
    return [{ kind: 'remove', on: 'node', path, label: 'delete the record of assigned GPUs' }]
  const content: Content = typeof record === 'string' ? { kind: 'text', text: record } : record
  return [
    ...(stateDirectory
      ? []
      : [{ kind: 'makeDirectory', on: 'node', path: assignmentNotes, mode: '0700' } as const]),
    { kind: 'writeFile', on: 'node', path, content, mode: '0600', label: 'record the assigned GPUs' },
  ]
}

function ownLines(given: Args, config: string, record: string | undefined): readonly string[] {
  const owns = ownership(given, noteOf(record, config))
  const { current, pending } = parseContainerConfig(config)
  return [...current.entries, ...pending.entries].filter((entry) => lineForms(entry).some(owns)).map(lineOf)
}

/** Matches the patterns, and lines that this module wrote earlier, whatever their numbers. */
function ownership(given: Args, record: string | undefined): (line: string) => boolean {
  const patterns = [...given.owned, ...knownOr(given.more_owned, [])].map((text) => new RegExp(text))
  const written = new Set((record ?? '').split('\n').flatMap((line) => /^line (.+)$/.exec(line)?.[1] ?? []))
  return (line) => written.has(line) || patterns.some((pattern) => pattern.test(line))
}

function addressesOf(config: string): readonly string[] {
  return networkAddresses(parseContainerConfig(config))
}

/** Sorted, because Proxmox reorders the lines when it rewrites the file. */
function recordText(record: string, lines: readonly string[], addresses: readonly string[]): string {
  const start = record.endsWith('\n') ? record : `${record}\n`
  return (
    start +
    addresses.map((address) => `mac ${address}\n`).join('') +
    lines
      .toSorted()
      .map((line) => `line ${line}\n`)
      .join('')
  )
}
