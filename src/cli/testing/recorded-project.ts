import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { scratchFolder } from '../../connection/testing/programs.ts'
import { gpuplay } from './command-line.ts'

/** A folder with one local host and a playbook. `run` runs it with a secret on its command line. */
export function recordedProject(playbook: string) {
  const folder = scratchFolder()
  const inventory = join(folder, 'fleet', 'hosts.yml')
  mkdirSync(join(folder, 'fleet'))
  writeFileSync(inventory, 'all: { hosts: { here: { connection: local, broken: "no" } } }\n')
  writeFileSync(join(folder, 'site.yml'), playbook)
  const given = ['run', join(folder, 'site.yml'), '-i', inventory, '-e', 'admin_password=opensesame']
  return {
    folder,
    inventory,
    run: (...words: readonly string[]): ReturnType<typeof gpuplay> => gpuplay(folder, [...given, ...words]),
  }
}
