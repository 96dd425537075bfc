/** Permissions and owners, shared by all modules that create files. */
import type { SetAttributes } from '../../host/action.ts'
import { isUnknown, known, knownOr } from '../../base/unknown.ts'
import { defined, mapped } from '../../base/defined.ts'
import type { SeenFile } from '../../host/host.ts'
import type { Diff } from '../../host/plan.ts'
import { type ModeBase, modePattern, newFile, octalMode } from '../../base/mode.ts'

export const attributeProperties = {
  mode: {
    type: 'string',
    pattern: modePattern,
    title: 'a mode',
    description:
      'Permissions in octal digits, quoted: "0644", or as chmod takes them: `u=rwX,go=rX`. If not set, an existing file keeps its own',
  },
  owner: {
    type: 'string',
    pattern: '^[^-:\\s\\u0000][^:\\s\\u0000]*$',
    description: 'User, by name or number',
  },
  group: {
    type: 'string',
    pattern: '^[^-:\\s\\u0000][^:\\s\\u0000]*$',
    description: 'Group, by name or number',
  },
} as const

/** As written in a task. */
export interface Attributes {
  readonly mode?: string | undefined
  readonly owner?: string | undefined
  readonly group?: string | undefined
}

/** In the form for actions: mode with four octal digits; only given attributes. */
export interface GivenAttributes {
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
}

/** @param base what a symbolic mode changes; default: the mode of a new file */
export function givenAttributes(
  { mode, owner, group }: Attributes,
  base: ModeBase = newFile,
): GivenAttributes {
  return {
    ...defined({ mode: mapped(mode, (text) => octalMode(text, base)), owner, group }),
  }
}

/** What a symbolic mode changes, if the file exists. */
export function modeBase(seen: SeenFile | undefined): ModeBase {
  return seen === undefined ? newFile : { mode: seen.mode, directory: seen.kind === 'directory' }
}

/**
 * For a probe: requires that the wanted attributes of an existing file are known.
 * @throws UnknownError
 */
export function knowAttributes({ owner, group }: Attributes, seen: SeenFile | undefined): void {
  if (seen === undefined) return
  if (owner !== undefined) knowOwner(owner, [seen.owner, seen.uid])
  if (group !== undefined) knowOwner(group, [seen.group, seen.gid])
}

/** An owner or a group. */
type Named = readonly [SeenFile['owner'], SeenFile['uid']]

function knowOwner(wanted: string, [name, id]: Named): void {
  if (known(name) !== wanted && isUnknown(id) && /^[0-9]+$/.test(wanted)) known(id)
}

/**
 * Returns the wanted attributes that differ; reads only these from the status. A number is an ID, so "0" is
 * root.
 */
export function differing(wanted: Attributes, seen: SeenFile): GivenAttributes {
  const { mode, owner, group } = givenAttributes(wanted, modeBase(seen))
  return givenAttributes({
    mode: mode === seen.mode ? undefined : mode,
    owner: isNamed(owner, [seen.owner, seen.uid]) ? undefined : owner,
    group: isNamed(group, [seen.group, seen.gid]) ? undefined : group,
  })
}

function isNamed(wanted: string | undefined, [name, id]: Named): boolean {
  return wanted === undefined || wanted === name || (!isUnknown(id) && wanted === String(id))
}

/** Undefined if all attributes match. */
export function attributeAction(path: string, wanted: Attributes, seen: SeenFile): SetAttributes | undefined {
  const changes = differing(wanted, seen)
  return Object.keys(changes).length === 0 ? undefined : { kind: 'setAttributes', path, ...changes }
}

/** Empty if no attribute differs. */
export function attributeDiffs(path: string, wanted: Attributes, seen: SeenFile): readonly Diff[] {
  const changes = Object.entries(differing(wanted, seen)) as readonly [keyof GivenAttributes, string][]
  if (changes.length === 0) return []
  const lines = (value: (name: keyof GivenAttributes, wanted: string) => string): string =>
    changes.map(([name, to]) => `${name} ${value(name, to)}\n`).join('')
  return [
    { title: path, before: lines((name) => knownOr(seen[name], 'unknown')), after: lines((_, to) => to) },
  ]
}
