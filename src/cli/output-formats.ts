/** `--output`: the form of a run on the screen, and files that hold the same run in other forms. */
import { InputError } from '../base/errors.ts'

export const screenFormats = ['auto', 'plain', 'jsonl'] as const
export const fileFormats = ['plain', 'jsonl', 'junit'] as const

export type ScreenFormat = (typeof screenFormats)[number]

/** A file with a form of the run: `junit=report.xml`. */
export interface OutputFile {
  readonly format: (typeof fileFormats)[number]
  /** Relative to the working directory. */
  readonly path: string
}

/** A value of `--output`. @throws InputError that says what it can be */
export function outputOf(word: string): ScreenFormat | OutputFile {
  const screen = screenFormats.find((format) => format === word)
  if (screen !== undefined) return screen
  const [name = '', ...rest] = word.split('=')
  const [format, path] = [fileFormats.find((one) => one === name), rest.join('=')]
  if (format !== undefined && path !== '') return { format, path }
  const hint =
    format !== undefined
      ? `name a file: --output ${format}=FILE`
      : `use ${screenFormats.join(', ')}, or a file: ${fileFormats.map((one) => `${one}=FILE`).join(', ')}`
  throw new InputError([{ code: 'unknown-output', message: `cannot be "${word}"`, hint }])
}

export interface Outputs {
  /** Absent if only files are named. */
  readonly screen: ScreenFormat | undefined
  readonly files: readonly OutputFile[]
}

/** @throws InputError if the screen cannot show all of them, or two have the same file */
export function outputsOf(values: readonly (ScreenFormat | OutputFile)[]): Outputs {
  const screens = values.flatMap((value) => (typeof value === 'string' ? value : []))
  const files = values.flatMap((value) => (typeof value === 'string' ? [] : value))
  const [first, second] = screens
  if (second !== undefined)
    throw new InputError([
      {
        code: 'exclusive-options',
        message: `the screen cannot show both ${first} and ${second}`,
        hint: `send one to a file, such as --output ${second === 'auto' ? 'plain' : second}=FILE`,
      },
    ])
  const twice = files.find(({ path }, index) => files.findIndex((file) => file.path === path) < index)
  if (twice !== undefined)
    throw new InputError([
      { code: 'exclusive-options', message: `two outputs have the same file: ${twice.path}` },
    ])
  return { screen: first, files }
}
