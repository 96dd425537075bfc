/**
 * A kind of thing that a machine has and that tasks change: its question, what a prediction makes of the
 * answer, how what was said and what is seen are compared, and what else it concerns. One file each beside
 * this one, and a line in `all.ts`; what is kept, predicted, compared, held and faked loops over these.
 */
import type { Unknown } from '../../base/unknown.ts'
import type { QueryKind } from '../queries/query.ts'
import type { PredictedFile } from '../predicted-file.ts'
import type { SeenFile } from '../status.ts'

/** What is common to all kinds: how they change. */
export interface ChangeKind<
  Kind extends string = string,
  Seen = unknown,
  Becomes = unknown,
  Key extends string = string,
  Prediction = Becomes,
> {
  /** The word before the colon in the names of resources (`resource.ts`). */
  readonly kind: Kind
  /** For sentences: "package dkms". */
  readonly word: string
  /**
   * The one name under which it is known, of all that mean it (`ssh` is `ssh.service`).
   * @throws HostError for what cannot be the name of one
   */
  key(name: string): Key
  /** Whether a prediction names only a part and is laid over earlier ones; otherwise it takes their place. */
  partial(becomes: Becomes): boolean
  /** Set when only the run can show what becomes of it. */
  unforeseen?(becomes: Becomes): Unknown | undefined
  /** As it is remembered, with who does it where that matters; as it is when left out. */
  predicted?(becomes: Becomes, byUser: boolean): Prediction
  /** Predictions of others of its kind that come with it. */
  brings?(
    key: string,
    becomes: Prediction,
  ): readonly { readonly key: string; readonly prediction: Prediction }[]
  /** Whether nothing that is below it now will be there any more. */
  empties?(becomes: Becomes): boolean
  /** How it is found afterwards. */
  look(reads: Reads, name: string, becomes: Becomes): Promise<Seen>
  /** What was said and is not so. */
  differences(becomes: Becomes, seen: Seen): readonly Difference[]
  /** Patterns of what else may be another once it changes. */
  concerns?(key: string): readonly string[]
  /** Whether a task that changes it holds it alone until it has seen what became of it. */
  readonly held: boolean
}

/** A kind with a question of its own, whose answer is all that there is to know of one. */
export interface ResourceKind<
  Kind extends string = string,
  Reading = unknown,
  Becomes = unknown,
> extends ChangeKind<Kind, Reading, Becomes> {
  readonly query: QueryKind<string, Reading>
  /** The reading of one that is not there. */
  readonly nothing: Reading
  /** Whether an installation could bring it. */
  isNothing(reading: Reading): boolean
  /** What of a reading plans rest on, as plain data; what moves by itself is left out. */
  essence?(reading: Reading): unknown
  /** Resources that an answer rests on besides itself. */
  restsOn?(key: string): readonly string[]
  /** Files that hold what the reading says: their text, or undefined for none. */
  files?(
    key: string,
    reading: Reading,
  ): readonly { readonly path: string; readonly text: string | undefined }[]
  /** What predicted files make of it, where it is one that the host reads from files. */
  impliedBy?(key: string, live: Reading, files: PredictedFiles): Becomes | undefined
  /** The reading once the machine has been booted again. */
  booted?(reading: Reading, why: Unknown): Reading
  /** Whether a prediction says all there is to say, so that the host need not be asked. */
  saysAll(becomes: Becomes): boolean
  /**
   * The reading once this has come true, over what there is before; `rest`, when what is not named cannot be
   * known. Where only the run can know, it holds `Unknown`s.
   */
  foresee(becomes: Becomes, before: Reading, rest?: Unknown): Reading
}

/** Whether its reading is the answer to one question. */
export function isReadable(kind: ChangeKind): kind is ResourceKind {
  return 'query' in kind
}

/** What looking afterwards needs of a host. */
export interface Reads {
  stat(path: string, options: { readonly follow: boolean }): Promise<SeenFile | undefined>
  hash(path: string): Promise<string | undefined>
  read<Reading>(kind: ResourceKind<string, Reading>, name: string): Promise<Reading>
}

/** What is predicted of a path; undefined for what the host has now. */
export type PredictedFiles = (path: string) => PredictedFile | Unknown | undefined

export interface Difference {
  readonly field: string
  /** `undefined` for nothing; contents are left out. */
  readonly wanted: unknown
  readonly seen: unknown
}

/** Compares what is named, field by field. */
export function fieldDifferences(wanted: object, seen: object): readonly Difference[] {
  const found = new Map<string, unknown>(Object.entries(seen))
  return Object.entries(wanted).flatMap(([field, value]: [string, unknown]) =>
    found.get(field) === value ? [] : [{ field, wanted: value, seen: found.get(field) }],
  )
}
