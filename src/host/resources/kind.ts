/**
 * A kind of resource that tasks change: its question, its predictions, the comparison of prediction and
 * result, and related resources. Each kind is a file next to this one and a line in `all.ts`; the code that
 * keeps, predicts, compares, locks and fakes resources iterates over them.
 */
import type { Unknown } from '../../base/unknown.ts'
import type { QueryKind } from '../queries/query.ts'
import type { PredictedFile } from '../predicted-file.ts'
import type { SeenFile } from '../status.ts'

/** The part that all kinds have in common: their changes. */
export interface ChangeKind<
  Kind extends string = string,
  Seen = unknown,
  Becomes = unknown,
  Key extends string = string,
  Prediction = Becomes,
> {
  /** The part before the colon in the names of resources (`resource.ts`). */
  readonly kind: Kind
  /** The noun in messages: "package dkms". */
  readonly word: string
  /**
   * The canonical name of a resource with several names (`ssh` is `ssh.service`).
   * @throws HostError for an invalid name
   */
  key(name: string): Key
  /** Whether a prediction covers only some fields and adds to earlier ones. Otherwise it replaces them. */
  partial(becomes: Becomes): boolean
  /** Set if the result is known only in the run. */
  unforeseen?(becomes: Becomes): Unknown | undefined
  /**
   * Converts an effect to its stored prediction, with the acting user if that matters. Default: unchanged.
   */
  predicted?(becomes: Becomes, byUser: boolean): Prediction
  /** Predictions for other resources of this kind that follow. */
  brings?(
    key: string,
    becomes: Prediction,
  ): readonly { readonly key: string; readonly prediction: Prediction }[]
  /** Whether everything below it will be removed. */
  empties?(becomes: Becomes): boolean
  /** Reads the result of the change. */
  look(reads: Reads, name: string, becomes: Becomes): Promise<Seen>
  /** The differences between prediction and result. */
  differences(becomes: Becomes, seen: Seen): readonly Difference[]
  /** Patterns of other resources that may change with it. */
  concerns?(key: string): readonly string[]
  /** Whether a task that changes it locks it until it has checked the result. */
  readonly held: boolean
}

/** A kind with its own question, whose answer describes the resource completely. */
export interface ResourceKind<
  Kind extends string = string,
  Reading = unknown,
  Becomes = unknown,
> extends ChangeKind<Kind, Reading, Becomes> {
  readonly query: QueryKind<string, Reading>
  /** The reading of an absent resource. */
  readonly nothing: Reading
  /** Whether an installation could create it. */
  isNothing(reading: Reading): boolean
  /** The part of a reading that plans depend on, as plain data, without values that change by themselves. */
  essence?(reading: Reading): unknown
  /** Resources that an answer depends on besides the resource itself. */
  restsOn?(key: string): readonly string[]
  /** Files with the content of the reading: their text, or undefined if absent; `lossyLine`: see `Expectation`. */
  files?(
    key: string,
    reading: Reading,
  ): readonly {
    readonly path: string
    readonly text: string | undefined
    readonly lossyLine?: number | undefined
  }[]
  /** The change that follows from predicted files, for kinds that the host reads from files. */
  impliedBy?(key: string, live: Reading, files: PredictedFiles): Becomes | undefined
  /** The reading after another boot of the machine. */
  booted?(reading: Reading, why: Unknown): Reading
  /** Whether a prediction is complete, so that the host need not be asked. */
  saysAll(becomes: Becomes): boolean
  /**
   * The predicted reading: this change over the reading before it. `rest` is set if the fields that are not
   * named are unknown. Values that only the run knows are `Unknown`s.
   */
  foresee(becomes: Becomes, before: Reading, rest?: Unknown): Reading
}

/** Whether one question reads the kind. */
export function isReadable(kind: ChangeKind): kind is ResourceKind {
  return 'query' in kind
}

/** The reads that the check of a result needs. */
export interface Reads {
  stat(path: string, options: { readonly follow: boolean }): Promise<SeenFile | undefined>
  hash(path: string): Promise<string | undefined>
  read<Reading>(kind: ResourceKind<string, Reading>, name: string): Promise<Reading>
}

/** The prediction for a path; undefined if the host's file stays. */
export type PredictedFiles = (path: string) => PredictedFile | Unknown | undefined

export interface Difference {
  readonly field: string
  /** `undefined` for nothing; contents are omitted. */
  readonly wanted: unknown
  readonly seen: unknown
}

/** Compares the given fields one by one. */
export function fieldDifferences(wanted: object, seen: object): readonly Difference[] {
  const found = new Map<string, unknown>(Object.entries(seen))
  return Object.entries(wanted).flatMap(([field, value]: [string, unknown]) =>
    found.get(field) === value ? [] : [{ field, wanted: value, seen: found.get(field) }],
  )
}
