/** The value of `omit`: an argument that has it is left out, and so is an entry of a list or map. */
export class Omit {
  readonly kind = 'omit'
}

/** There is one. */
export const omit = new Omit()

export const omitName = 'omit'
