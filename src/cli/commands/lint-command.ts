import { join, relative, resolve } from 'node:path'
import { exitCodes, InputError, type Problem } from '../../base/errors.ts'
import { diffText } from '../../view/diff-text.ts'
import { fixProblems, type FixedFile } from '../../engine/lint-fixes.ts'
import { lint } from '../../engine/lint.ts'
import { findTargets } from '../../engine/lint-targets.ts'
import { facts } from '../../host/facts.ts'
import type { Diff } from '../../host/plan.ts'
import { adviceCodes } from '../../language/lint-codes.ts'
import { diskFiles, type Files } from '../../language/read-files.ts'
import { problem } from '../../language/source.ts'
import { didYouMean } from '../../language/suggest.ts'
import { modules } from '../../modules/catalogue.ts'
import { lintText, type LintResult } from '../../view/lint-text.ts'
import { askedClusters } from '../clusters.ts'
import { configured } from '../configuration.ts'
import type { Configuration } from '../configuration-keys.ts'
import type { Context } from '../context.ts'
import type { InventoryFlags } from '../flags.ts'
import { keyedFiles } from '../keyed-files.ts'
import { replaceFile } from '../replace-file.ts'
import { connectionDefaults, rolesPaths } from '../run-inputs.ts'
import { colorsFor, reportProblems } from '../show.ts'

export interface LintFlags extends Pick<InventoryFlags, 'inventory'>, Partial<Pick<Configuration, 'color'>> {
  readonly skip?: readonly string[]
  readonly fix: boolean
  readonly diff: boolean
}

/**
 * `gpuplay lint PATH...`. An inventory counts only if the command line names it: its variables may belong to
 * other playbooks.
 */
export async function lintCommand(this: Context, flags: LintFlags, ...paths: string[]): Promise<void> {
  try {
    const options = configured(this, { ...flags, lintSkip: flags.skip }, paths)
    const { color, lintSkip } = options
    const files = await keyedFiles(this, { ...options, askVaultPass: false })
    checkCodes(lintSkip)
    if (flags.diff && !flags.fix) throw new InputError([diffAlone])
    const { workingDirectory } = this.world
    const { targets, problems } = findTargets(paths, workingDirectory, files)
    const inventories = flags.inventory ?? []
    const defaults = await connectionDefaults(this, { ...options, askPass: false, askBecomePass: false })
    const clusters = await askedClusters(this, { inventories, extra: new Map(), files, defaults })
    const request = { targets, inventories, rolesPaths: rolesPaths(this), skip: lintSkip }
    const check = (read: Files) => lint(request, { files: read, modules, facts, world: this.world, clusters })
    const { linted: found, fixed } = flags.fix
      ? fixProblems(files, check, (path) => isBelow(path, [workingDirectory, ...paths], workingDirectory))
      : { linted: check(files), fixed: [] }
    if (!flags.diff) for (const file of fixed) writeFixed(this, file)
    const shown = this.secrets.redact({
      problems: [...problems, ...found.problems],
      advice: found.advice.filter((one) => concerns(this, paths, one)),
      playbooks: targets.filter(({ kind }) => kind === 'playbook').length,
      roles: targets.filter(({ kind }) => kind === 'role').length,
    })
    const colors = colorsFor(this, this.output, color)
    for (const file of flags.diff ? fixed : [])
      this.output.write(`${this.secrets.redact(diffText(titled(file, workingDirectory), colors))}\n\n`)
    this.output.write(`${lintText({ ...shown, ...fixCounts(fixed, flags) }, colors, workingDirectory)}\n`)
    if (shown.problems.length > 0) this.setExitCode(exitCodes.invalidInput)
    else if (shown.advice.length > 0) this.setExitCode(exitCodes.changesFound)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: flags.color ?? 'auto' })
    this.setExitCode(exitCodes.invalidInput)
  }
}

const diffAlone = problem('conflicting-options', '--diff needs --fix', {
  hint: 'write --fix --diff to see the changes without making them',
})

/** @throws InputError if the file changed since it was read, or cannot be written */
function writeFixed({ world }: Context, { path, before, after }: FixedFile): void {
  const read = diskFiles.read(path)
  if (read.kind !== 'text' || read.text !== before)
    throw new InputError([
      problem('changed-file', `"${path}" has changed while it was checked`, {
        hint: 'run the command again',
      }),
    ])
  replaceFile(path, after, (bytes) => world.randomHex(bytes))
}

function titled({ path, before, after }: FixedFile, base: string): Diff {
  return { title: relative(base, path), before, after }
}

function fixCounts(
  fixed: readonly FixedFile[],
  { fix, diff }: LintFlags,
): Pick<LintResult, 'fixed' | 'fixedFiles' | 'preview'> {
  if (!fix) return {}
  const count = fixed.reduce((sum, file) => sum + file.count, 0)
  return { fixed: count, fixedFiles: fixed.length, preview: diff }
}

function isBelow(path: string, folders: readonly string[], base: string): boolean {
  return folders.some((folder) => `${path}/`.startsWith(`${resolve(base, folder)}/`.replace(/\/+$/, '/')))
}

/** @throws InputError for codes that no advice has */
function checkCodes(codes: readonly string[]): void {
  const wrong = codes.filter((code) => !adviceCodes.some((known) => known === code))
  if (wrong.length === 0) return
  throw new InputError(
    wrong.map((code) =>
      problem('unknown-code', `there is no advice with the code ${JSON.stringify(code)}`, {
        hint: didYouMean(code, adviceCodes, `the codes are ${adviceCodes.join(', ')}`),
      }),
    ),
  )
}

/** Roles that come with gpuplay are not the user's, unless the user names them. */
function concerns({ shipped, world }: Context, paths: readonly string[], { where }: Problem): boolean {
  const ours = `${join(shipped, 'roles')}/`
  if (where === undefined || !where.file.startsWith(ours)) return true
  return paths.some((path) => `${resolve(world.workingDirectory, path)}/`.startsWith(resolve(shipped)))
}
