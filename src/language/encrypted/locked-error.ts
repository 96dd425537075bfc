/** Something cannot be decrypted: `why` completes a sentence such as "cannot decrypt X: ...". */
export class LockedError extends Error {
  readonly why: string
  readonly hint: string
  constructor(why: string, hint: string) {
    super(why)
    this.why = why
    this.hint = hint
  }
}
