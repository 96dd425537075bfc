/** Numbers and texts in a pattern, with the conversions of printf that playbooks need. */
import { FunctionError, typeName } from './shared-function.ts'

/** `%`, flags, width, precision, conversion. */
const directive = /%([-+0 ]*)(\d*)(?:\.(\d+))?(.?)/gs

/** More would only fill memory. */
const widest = 1000

/**
 * Replaces `%s`, `%d`, `%f`, `%x` and `%%`.
 * @throws FunctionError if a value is missing, left over, or of another type
 */
export function formatText(pattern: string, values: readonly unknown[]): string {
  let used = 0
  const text = pattern.replaceAll(
    directive,
    (whole, flags: string, width: string, precision: string | undefined, conversion: string) => {
      if (whole === '%%') return '%'
      const index = used++
      if (index >= values.length)
        throw new FunctionError(
          `"format" needs a value for ${JSON.stringify(whole)}, but there ${index === 1 ? 'is only 1' : `are only ${index}`}`,
        )
      const [wide, digits] = [Number(width), precision === undefined ? undefined : Number(precision)]
      if (wide > widest || (digits ?? 0) > 100)
        throw new FunctionError(`"format" cannot pad to the width of ${JSON.stringify(whole)}`)
      const shown = converted({ conversion, digits, whole, flags }, values[index])
      return padded(shown, { flags, width: wide, isNumber: conversion !== 's' })
    },
  )
  if (used < values.length)
    throw new FunctionError(`"format" has ${values.length} values, but the pattern uses ${used}`)
  return text
}

function converted(
  part: {
    readonly conversion: string
    readonly digits: number | undefined
    readonly whole: string
    readonly flags: string
  },
  value: unknown,
): string {
  const { conversion, digits, whole, flags } = part
  const number = (isWhole: boolean): number => {
    if (typeof value === 'number' && (!isWhole || Number.isInteger(value))) return value
    const found = typeof value === 'number' ? String(value) : typeName(value)
    throw new FunctionError(
      `"format" needs a ${isWhole ? 'whole ' : ''}number for ${JSON.stringify(whole)}, but got ${found}`,
    )
  }
  const signed = (positive: string, isNegative: boolean): string =>
    isNegative ? `-${positive}` : flags.includes('+') ? `+${positive}` : positive
  switch (conversion) {
    case 's':
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
        throw new FunctionError(
          `"format" needs text for ${JSON.stringify(whole)}, but got ${typeName(value)}`,
        )
      return digits === undefined ? String(value) : String(value).slice(0, digits)
    case 'd': {
      const found = number(true)
      return signed(BigInt(Math.abs(found)).toString(), found < 0)
    }
    case 'x': {
      const found = number(true)
      return signed(BigInt(Math.abs(found)).toString(16), found < 0)
    }
    case 'f': {
      const found = number(false)
      return signed(Math.abs(found).toFixed(digits ?? 6), found < 0)
    }
    default:
      throw new FunctionError(`"format" does not know ${JSON.stringify(whole)}`, {
        hint: 'use %s, %d, %f or %x; for a literal % write %%',
      })
  }
}

function padded(
  text: string,
  { flags, width, isNumber }: { readonly flags: string; readonly width: number; readonly isNumber: boolean },
): string {
  if (flags.includes('-')) return text.padEnd(width)
  if (!flags.includes('0') || !isNumber) return text.padStart(width)
  const [sign, digits] = /^[-+]/.test(text) ? [text.slice(0, 1), text.slice(1)] : ['', text]
  return sign + digits.padStart(width - sign.length, '0')
}
