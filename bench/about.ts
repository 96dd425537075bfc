/** Date, machine and versions of a bench. */
import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { attempt } from '../test/lab/process.ts'
import { repository, type Tool } from './tools.ts'

/** Date, machine and versions, a line each. */
export async function aboutHere(tools: readonly Tool[], now: Date): Promise<readonly string[]> {
  const ssh = await attempt(['ssh', '-V'])
  const [cpu] = cpus()
  const machine = `${cpus().length} cores (${cpu?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB of memory`
  const commit = (await attempt(['git', '-C', repository, 'rev-parse', '--short', 'HEAD'])).stdout.trim()
  return [
    now.toISOString().slice(0, 10),
    machine,
    `Node.js ${process.versions.node}, ssh2 ${packageVersion('ssh2')}, ${ssh.stderr.trim().split(',')[0]}`,
    ...tools.map(({ name, version }) => (name === 'gpuplay' ? `gpuplay ${version} (${commit})` : version)),
  ]
}

function packageVersion(name: string): string {
  const text = readFileSync(join(repository, 'node_modules', name, 'package.json'), 'utf8')
  const { version }: { readonly version: string } = JSON.parse(text)
  return version
}
