import { exitCodes } from '../../base/errors.ts'
import { didYouMean } from '../../language/suggest.ts'
import { jsonText } from '../../view/json-text.ts'
import { place, plainText, table } from '../../view/text.ts'
import { type Configured, type Origin, readConfiguration } from '../configuration.ts'
import { type ConfigurationKey, fileVariable, keys, variableOf } from '../configuration-keys.ts'
import type { Context } from '../context.ts'
import type { InventoryFlags } from '../flags.ts'
import { reportProblems } from '../show.ts'

export interface ConfigFlags extends Pick<InventoryFlags, 'inventory'> {
  readonly json: boolean
}

/** `gpuplay config [PLAYBOOK...]`: every key of gpuplay.yml, its value, and where it was set. */
export function configCommand(this: Context, flags: ConfigFlags, ...playbooks: string[]): void {
  const read = readConfiguration(this, { playbooks, inventory: flags.inventory })
  this.output.write(flags.json ? `${jsonText(dataOf(read), 2)}\n` : `${textOf(this, read)}\n`)
  for (const warning of unknownVariables(this)) this.errors.write(`warning: ${warning}\n`)
  if (read.problems.length === 0) return
  reportProblems(this, read.problems, { color: 'auto' })
  this.setExitCode(exitCodes.invalidInput)
}

function textOf({ world }: Context, { configuration, origins, file }: Configured): string {
  const shorten = (text: string): string => text.replaceAll(`${world.workingDirectory}/`, '')
  const head =
    file === undefined
      ? 'no gpuplay.yml in this folder, beside the playbook or beside the inventory'
      : `file: ${shorten(file)}`
  const rows = namesOf().map(([name, key]) => {
    const value = configuration[name]
    return [key, value === undefined ? '-' : shorten(jsonText(value)), shorten(originText(origins[name]))]
  })
  return plainText([head, '', ...table([['KEY', 'VALUE', 'SET BY'], ...rows])].join('\n'))
}

function dataOf({ configuration, origins, file }: Configured): object {
  const values = namesOf().map(([name, key]) => [
    key,
    { value: configuration[name] ?? null, origin: originText(origins[name]) },
  ])
  return { v: 1, file: file ?? null, keys: Object.fromEntries(values) }
}

function namesOf(): readonly (readonly [ConfigurationKey, string])[] {
  return Object.entries(keys).map(([name, key]) => [name as ConfigurationKey, key.name])
}

function originText(origin: Origin): string {
  switch (origin.kind) {
    case 'default':
      return 'default'
    case 'variable':
      return origin.name
    case 'file':
      return place(origin.where)
  }
}

/** Set by gpuplay for the programs that it starts. */
const others = ['GPUPLAY_LEASE', fileVariable]

/** A misspelt variable would have no effect, silently. */
function unknownVariables({ world }: Context): readonly string[] {
  const known = Object.values(keys).map(({ name }) => variableOf(name))
  return Object.keys(world.environment)
    .filter((name) => name.startsWith('GPUPLAY_') && ![...known, ...others].includes(name))
    .map((name) => {
      const meant = didYouMean(name, [...known, fileVariable])
      return `${name} has no effect${meant === undefined ? '' : `; ${meant}`}`
    })
}
