/** What goes wrong in practice, for tests to order. `lab.restore` ends all of it. */
import { rmSync, writeFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { quote } from '../../src/base/shell.ts'
import type { LabContainer, LabNode } from './host.ts'
import type { Fault, Request } from './internet/server-settings.ts'
import type { World } from './world.ts'

/** Orders what goes wrong on the practice internet from now on; an empty list ends it. */
export function breakInternet(world: World, faults: readonly Fault[]): void {
  const file = join(world.instance.stateDir, 'faults.json')
  if (faults.length === 0) rmSync(file, { force: true })
  else writeFileSync(file, JSON.stringify(faults))
}

/** What was asked of the practice internet since the lab is up. */
export function requests(world: World): readonly Request[] {
  const file = join(world.instance.stateDir, 'requests.jsonl')
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line): Request => JSON.parse(line))
}

/** Cuts or mends the cable of a node; connections hang, as they do then. */
export async function cable(node: LabNode, state: 'cut' | 'mended'): Promise<void> {
  await node.world.run(['ip', 'link', 'set', `v-${node.spec.name}`, state === 'cut' ? 'down' : 'up'])
}

/** Leaves only so many bytes free on the node's own disk, or on the one that its containers' roots are on. */
export async function fillDisk(node: LabNode, which: 'disk' | 'guests', free = 0): Promise<void> {
  const directory = join(node.world.instance.stateDir, 'nodes', node.spec.name, which)
  const script = `used=$(df --output=used -B4096 ${quote(directory)} | tail -n 1)
    mount -o remount,size=$((used * 4096 + ${Math.ceil(free / 4096) * 4096 + 4096})) ${quote(directory)}`
  await node.world.run(['/bin/sh', '-c', script])
}

/** Gives the node's own disk and that of its containers their size back. */
export async function emptyDisk(node: LabNode): Promise<void> {
  const directory = join(node.world.instance.stateDir, 'nodes', node.spec.name)
  await node.world.run(['mount', '-o', 'remount,size=4g', join(directory, 'disk')])
  await node.world.run(['mount', '-o', 'remount,size=8g', join(directory, 'guests')])
}

/** Holds dpkg's lock (a POSIX record lock, as apt looks for) like unattended-upgrades does; returns what lets it go. */
export async function holdDpkgLock(host: LabNode | LabContainer): Promise<() => Promise<void>> {
  // struct flock of 64-bit Linux: type, whence, padding, start, length, process
  const program = `use Fcntl; $0 = "unattended-upgr"; open F, ">>", "/var/lib/dpkg/lock-frontend" or die $!;
    my $lock = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0); fcntl F, F_SETLK, $lock or die $!; print "$$\\n"; close STDOUT; sleep 3600`
  const holder = '/run/lab-dpkg-lock.pid'
  const start = `setsid perl -e ${quote(program)} >${holder} 2>&1 </dev/null & `
  const wait = `for i in $(seq 100); do [ -s ${holder} ] && break; sleep 0.05; done; kill -0 "$(cat ${holder})"`
  await host.output(start + wait)
  return async () => {
    await host.output(`kill $(cat ${holder}); rm -f ${holder}`)
  }
}

/** The node answers with another host key from now on; returns it as `known_hosts` has it. */
export async function changeHostKey(node: LabNode): Promise<string> {
  const key = '/etc/ssh/ssh_host_ed25519_key'
  await node.output(
    `rm -f ${key} ${key}.pub; ssh-keygen -q -t ed25519 -N '' -f ${key}; systemctl restart ssh`,
  )
  return (await node.output(`cut -d ' ' -f 1,2 ${key}.pub`)).trim()
}

/** Writes `lock: KIND` into the container's configuration, as vzdump and migration do; `undefined` takes it out. */
export async function lockContainer(container: LabContainer, kind: string | undefined): Promise<void> {
  const file = `/etc/pve/lxc/${container.spec.ctid}.conf`
  const line = kind === undefined ? ':' : `echo ${quote(`lock: ${kind}`)}`
  await container.node.output(
    `text=$({ ${line}; sed '/^lock:/d' ${file}; }) && printf '%s\\n' "$text" >${file}`,
  )
}

/** How long the node's next reboots take, in seconds. */
export function slowReboots(node: LabNode, seconds: number): void {
  writeFileSync(node.world.path('nodes', node.spec.name, 'downtime'), `${seconds}\n`)
}
