/** Faults that tests request. `lab.restore` ends all of them. */
import { rmSync, writeFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { quote } from '../../src/base/shell.ts'
import type { LabContainer, LabNode } from './host.ts'
import type { Fault, Request } from './internet/server-settings.ts'
import type { World } from './world.ts'

/** Requests faults of the simulated internet, in place of earlier ones; an empty list ends them. */
export function breakInternet(world: World, faults: readonly Fault[]): void {
  const file = join(world.instance.stateDir, 'faults.json')
  if (faults.length === 0) rmSync(file, { force: true })
  else writeFileSync(file, JSON.stringify(faults))
}

/** All requests to the simulated internet since the lab was started. */
export function requests(world: World): readonly Request[] {
  const file = join(world.instance.stateDir, 'requests.jsonl')
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line): Request => JSON.parse(line))
}

/** The first downloads of a container fail with status 503, as behind a proxy that is still starting. */
export function failFirstDownloads(container: LabContainer, times: number): void {
  const { address } = container.spec
  breakInternet(container.node.world, [{ match: '', from: address, kind: { answer: 503 }, times }])
}

/** Cuts or repairs the network cable of a node; connections hang. */
export async function cable(node: LabNode, state: 'cut' | 'mended'): Promise<void> {
  await node.world.run(['ip', 'link', 'set', `v-${node.spec.name}`, state === 'cut' ? 'down' : 'up'])
}

/** Leaves only `free` bytes on the node's own disk, or on its containers' disk. */
export async function fillDisk(node: LabNode, which: 'disk' | 'guests', free = 0): Promise<void> {
  const directory = join(node.world.instance.stateDir, 'nodes', node.spec.name, which)
  const script = `used=$(df --output=used -B4096 ${quote(directory)} | tail -n 1)
    mount -o remount,size=$((used * 4096 + ${Math.ceil(free / 4096) * 4096 + 4096})) ${quote(directory)}`
  await node.world.run(['/bin/sh', '-c', script])
}

/** Restores the size of the node's own disk and of its containers' disk. */
export async function emptyDisk(node: LabNode): Promise<void> {
  const directory = join(node.world.instance.stateDir, 'nodes', node.spec.name)
  await node.world.run(['mount', '-o', 'remount,size=4g', join(directory, 'disk')])
  await node.world.run(['mount', '-o', 'remount,size=8g', join(directory, 'guests')])
}

/** Holds dpkg's lock (a POSIX record lock), as unattended-upgrades does; returns a function that releases it. */
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

/** Changes the node's host key; returns it in the format of `known_hosts`. */
export async function changeHostKey(node: LabNode): Promise<string> {
  const key = '/etc/ssh/ssh_host_ed25519_key'
  await node.output(
    `rm -f ${key} ${key}.pub; ssh-keygen -q -t ed25519 -N '' -f ${key}; systemctl restart ssh`,
  )
  return (await node.output(`cut -d ' ' -f 1,2 ${key}.pub`)).trim()
}

/** Writes `lock: KIND` into the container's configuration, as vzdump and migration do; `undefined` removes it. */
export async function lockContainer(container: LabContainer, kind: string | undefined): Promise<void> {
  const file = `/etc/pve/lxc/${container.spec.ctid}.conf`
  const line = kind === undefined ? ':' : `echo ${quote(`lock: ${kind}`)}`
  await container.node.output(
    `text=$({ ${line}; sed '/^lock:/d' ${file}; }) && printf '%s\\n' "$text" >${file}`,
  )
}

/** Sets the duration of the node's next reboots, in seconds. */
export function slowReboots(node: LabNode, seconds: number): void {
  writeFileSync(node.world.path('nodes', node.spec.name, 'downtime'), `${seconds}\n`)
}
