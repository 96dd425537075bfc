/** Files that hold a run in another form than the screen: `--output junit=report.xml`. */
import { resolve } from 'node:path'
import { InputError } from '../base/errors.ts'
import { systemReason } from '../base/regular-file.ts'
import { createJsonlView } from '../view/jsonl.ts'
import { createPlainView } from '../view/plain.ts'
import type { View } from '../view/view.ts'
import type { Context } from './context.ts'
import type { OutputFile } from './output-formats.ts'
import { colorsFor, plainEvents, type ViewChoice } from './show.ts'
import { whyNotWritable, writeWholeFile } from './whole-file.ts'

/** A view that writes a file. */
export interface FileView extends View {
  /** True after `close` if the file could not be written. */
  readonly lost: () => boolean
}

/**
 * Views that write their files when the run ends: readers find the old file or the whole new one.
 * @throws InputError if a file cannot be written, before the run starts
 */
export async function createFileViews(
  context: Context,
  files: readonly OutputFile[],
  choice: Pick<ViewChoice, 'verbosity' | 'diff'>,
): Promise<readonly FileView[]> {
  const { workingDirectory } = context.world
  const paths = files.map(({ path }) => resolve(workingDirectory, path))
  const refusals = paths.flatMap((path) => whyNotWritable(path) ?? [])
  if (refusals.length > 0) throw new InputError(refusals)
  return Promise.all(
    files.map(async ({ format }, index) => fileView(context, format, paths[index] ?? '', choice)),
  )
}

async function fileView(
  context: Context,
  format: OutputFile['format'],
  path: string,
  { verbosity, diff }: Pick<ViewChoice, 'verbosity' | 'diff'>,
): Promise<FileView> {
  const parts: string[] = []
  let lost = false
  const write = (text: string): void => void parts.push(text)
  const colors = colorsFor(context, { isTerminal: false, write }, 'never')
  const view =
    format === 'jsonl'
      ? createJsonlView(write)
      : format === 'plain'
        ? plainEvents(createPlainView({ write, colors, verbosity, diff }))
        : plainEvents((await import('../view/junit.ts')).createJunitView(write))
  return {
    lost: () => lost,
    take: (event) => view.take(event),
    async close() {
      await view.close()
      try {
        writeWholeFile(path, parts.join(''), context.world.randomHex)
      } catch (error) {
        lost = true
        context.errors.write(`error: cannot write ${path}: ${systemReason(error)}\n`)
      }
    },
  }
}
