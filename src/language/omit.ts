/** The value of `omit`: removes the argument, or the list or map entry, that has it. */
export class Omit {
  readonly kind = 'omit'
}

/** There is one. */
export const omit = new Omit()

export const omitName = 'omit'
