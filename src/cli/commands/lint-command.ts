import { join, resolve } from 'node:path'
import { exitCodes, InputError, type Problem } from '../../base/errors.ts'
import { lint } from '../../engine/lint.ts'
import { findTargets } from '../../engine/lint-targets.ts'
import { facts } from '../../host/facts.ts'
import { adviceCodes } from '../../language/lint-advice.ts'
import { problem } from '../../language/source.ts'
import { didYouMean } from '../../language/suggest.ts'
import { modules } from '../../modules/catalogue.ts'
import { lintText } from '../../view/lint-text.ts'
import { askedClusters } from '../clusters.ts'
import { configured } from '../configuration.ts'
import type { Configuration } from '../configuration-keys.ts'
import type { Context } from '../context.ts'
import type { InventoryFlags } from '../flags.ts'
import { keyedFiles } from '../keyed-files.ts'
import { connectionDefaults, rolesPaths } from '../run-inputs.ts'
import { colorsFor, reportProblems } from '../show.ts'

export interface LintFlags extends Pick<InventoryFlags, 'inventory'>, Partial<Pick<Configuration, 'color'>> {
  readonly skip?: readonly string[]
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
    const { workingDirectory } = this.world
    const { targets, problems } = findTargets(paths, workingDirectory, files)
    const inventories = flags.inventory ?? []
    const defaults = await connectionDefaults(this, { ...options, askPass: false, askBecomePass: false })
    const clusters = await askedClusters(this, { inventories, extra: new Map(), files, defaults })
    const found = lint(
      { targets, inventories, rolesPaths: rolesPaths(this), skip: lintSkip },
      { files, modules, facts, world: this.world, clusters },
    )
    const shown = this.secrets.redact({
      problems: [...problems, ...found.problems],
      advice: found.advice.filter((one) => concerns(this, paths, one)),
      playbooks: targets.filter(({ kind }) => kind === 'playbook').length,
      roles: targets.filter(({ kind }) => kind === 'role').length,
    })
    const colors = colorsFor(this, this.output, color)
    this.output.write(`${lintText(shown, colors, workingDirectory)}\n`)
    if (shown.problems.length > 0) this.setExitCode(exitCodes.invalidInput)
    else if (shown.advice.length > 0) this.setExitCode(exitCodes.changesFound)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: flags.color ?? 'auto' })
    this.setExitCode(exitCodes.invalidInput)
  }
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
