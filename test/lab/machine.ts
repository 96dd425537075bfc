/** Prepares the machine on which the lab runs. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LabError, attempt, run } from './process.ts'

/** The reason why a lab cannot run here, for skipped tests; `undefined` if it can. */
export function whyNoLab(): string | undefined {
  if (process.platform !== 'linux') return 'the lab needs Linux'
  if (process.getuid?.() !== 0) return 'the lab needs root: it makes namespaces, mounts and cgroups'
  const release = readFileSync('/etc/os-release', 'utf8')
  if (!/^VERSION_CODENAME=bookworm$/m.test(release))
    return 'the lab needs Debian 12: its nodes are made of this machine’s packages'
  return undefined
}

/** Installs programs and raises limits; reports each change. */
export async function prepareMachine(say: (line: string) => void): Promise<void> {
  const reason = whyNoLab()
  if (reason !== undefined)
    throw new LabError(reason, 'Run it as root on Debian 12, on a physical or virtual machine.')
  await installPackages(join(import.meta.dirname, 'packages.txt'), say)
  raise('/proc/sys/fs/inotify/max_user_instances', 8192, say)
}

/** Installs the missing packages of a list (a file with one package a line) on this machine. */
export async function installPackages(list: string, say: (line: string) => void): Promise<void> {
  const wanted = readFileSync(list, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  // dpkg-query exits with 1 if it does not know a package, and still lists the others.
  const listed = await attempt(['dpkg-query', '-W', '-f', '${Package} ${db:Status-Status}\n', ...wanted])
  const missing = wanted.filter((name) => !listed.stdout.includes(`${name} installed\n`))
  if (missing.length === 0) return
  say(`installing on this machine: ${missing.join(' ')}`)
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, timeout: 600_000 }
  await run(['apt-get', 'update', '-qq'], options)
  await run(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...missing], options)
}

/** systemd in a container takes seven inotify instances, out of one budget for the whole machine (128 by default). */
function raise(setting: string, least: number, say: (line: string) => void): void {
  if (Number(readFileSync(setting, 'utf8')) >= least) return
  say(`raising ${setting} to ${least}`)
  writeFileSync(setting, String(least))
}
