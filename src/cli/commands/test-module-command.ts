import { resolve } from 'node:path'
import { exitCodes, InputError } from '../../base/errors.ts'
import { testModule } from '../../engine/custom/test-module.ts'
import { plainText } from '../../view/text.ts'
import { configured } from '../configuration.ts'
import type { Context } from '../context.ts'
import type { ConnectionFlags, InventoryFlags } from '../flags.ts'
import { keyedFiles } from '../keyed-files.ts'
import { createReach } from '../reach.ts'
import { connectionDefaults, inventoriesOf } from '../run-inputs.ts'
import { reportProblems } from '../show.ts'
import { dependenciesOf, requestOf } from '../start-run.ts'

export interface TestModuleFlags extends InventoryFlags, ConnectionFlags {
  readonly host?: string
}

/** `gpuplay test-module [-i INVENTORY --host HOST] modules/NAME.ts`. Without a host, on this machine. */
export async function testModuleCommand(
  this: Context,
  { host, ...flags }: TestModuleFlags,
  path: string,
): Promise<void> {
  try {
    const given = host === undefined ? { ...flags, inventory: ['localhost,'] } : flags
    const line = { ...given, ...configured(this, given, []) }
    const files = await keyedFiles(this, line)
    const inventories = inventoriesOf(this, line)
    const defaults = await connectionDefaults(this, line)
    const dependencies = await dependenciesOf(this, files, {
      inventories,
      extraVars: line.extraVars ?? [],
      connection: defaults,
    })
    const results = await testModule({
      path: resolve(this.world.workingDirectory, path),
      host: host ?? 'localhost',
      files,
      prepare: async (request) => ({
        request: await requestOf(this, line, request),
        dependencies: { ...dependencies, reach: createReach(this), sinks: [] },
      }),
      tested: ({ says, broken }) => {
        const lines = [
          `${broken.length === 0 ? 'ok    ' : 'FAILED'}  ${says}`,
          ...broken.map((rule) => `        ${rule}`),
        ]
        this.output.write(`${lines.map(plainText).join('\n')}\n`)
      },
    })
    const failed = results.filter(({ broken }) => broken.length > 0).length
    this.output.write(`${results.length} ${results.length === 1 ? 'case' : 'cases'}, ${failed} failed\n`)
    if (failed > 0) this.setExitCode(exitCodes.task)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: 'auto' })
    this.setExitCode(exitCodes.invalidInput)
  }
}
