/** All kinds of resources. A new kind needs a file next to this one and a line here. */
import { commandKind } from './command.ts'
import { containerKind } from './container.ts'
import { fileKind } from './file.ts'
import { groupKind } from './group.ts'
import { kernelModuleKind } from './kernel-module.ts'
import type { ChangeKind } from './kind.ts'
import { mountKind } from './mount.ts'
import { packageKind } from './package.ts'
import { unitKind } from './systemd-unit.ts'
import { userKind } from './user.ts'

export const allKinds = [
  fileKind,
  packageKind,
  unitKind,
  kernelModuleKind,
  containerKind,
  commandKind,
  userKind,
  groupKind,
  mountKind,
] as const satisfies readonly ChangeKind[]

/** The effect on one resource of some kind. */
export type ResourceEffect = EffectOf<(typeof allKinds)[number]>

type EffectOf<Each> =
  Each extends ChangeKind<infer Kind, infer _Seen, infer Becomes, infer _Key, infer _Prediction>
    ? { readonly kind: Kind; readonly name: string; readonly becomes: Becomes }
    : never

/** The kinds by their names. */
export type Kinds = ReadonlyMap<string, ChangeKind>

export function kindsOf(kinds: readonly ChangeKind[] = allKinds): Kinds {
  return new Map(kinds.map((kind) => [kind.kind, kind]))
}

/** @throws Error for an unknown kind */
export function kindOf(kinds: Kinds, word: string): ChangeKind {
  const kind = kinds.get(word)
  if (kind === undefined) throw new Error(`no kind of resource is called ${word}`)
  return kind
}
