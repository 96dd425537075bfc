/**
 * Measures `site.yml` on a lab of four nodes with eight containers each, and the copy of a large file into
 * containers.
 */
import { join } from 'node:path'
import { quote } from '../src/base/shell.ts'
import type { Event } from '../src/events/events.ts'
import { spans } from '../test/whole/support/events.ts'
import type { Lab } from '../test/lab/lab.ts'
import type { LabNode } from '../test/lab/host.ts'
import { type Bench, floorCommand, succeeded } from './fleet.ts'
import { type Command, measure } from './measure.ts'
import { gpuplayProgram, type Reached, repository } from './tools.ts'

export const siteShape = { nodes: 4, containers: 8 } as const

/** `site first`, `site converged` and `site floor`; the first run only once, because it takes minutes. */
export async function measureSite(bench: Bench, lab: Lab): Promise<void> {
  const { book, runs, signal } = bench
  const cgroup = lab.instance.cgroup
  const site = play(lab, 'site.yml')
  book.add('site first', succeeded(await measure(site, signal, cgroup), 'site.yml, first run').sample)
  const reached = lab.topology.nodes.map(({ name, address }): Reached => {
    return { name, address, port: 22, privateKey: lab.privateKey, knownHosts: lab.knownHosts }
  })
  for (let round = 0; round < runs; round += 1) {
    const floor = await measure(floorCommand(reached, bench.folder), signal, cgroup)
    book.add('site floor', succeeded(floor, 'the floor').sample)
    book.add('site converged', succeeded(await measure(site, signal, cgroup), 'site.yml').sample)
  }
}

/** Size of the copied `.run` in bytes. */
export const pushedSize = 400e6
/** The containers that receive it at the same time. */
const ctids = [101, 102] as const

/**
 * `push gpuplay` and `push cat`: copies the driver's `.run`, padded to its real size, from a node's cache
 * into two of its containers, with gpuplay's action and with only `cat` in a shell of each. Needs a lab after
 * `site.yml`.
 */
export async function measurePush(bench: Bench, lab: Lab): Promise<void> {
  const node = lab.node('pve1')
  const file = await padRunfile(node)
  const limit = ctids.map((ctid) => `ct${ctid}`).join(',')
  const command = play(lab, 'containers.yml', '--limit', limit)
  for (let round = 0; round < bench.runs; round += 1) {
    const cat = succeeded(await measure(catCommand(lab, file), bench.signal, lab.instance.cgroup), 'cat')
    bench.book.add('push cat', { ...cat.sample, wall: Number(cat.stdout) / 1000 })
    for (const ctid of ctids)
      await lab.container(ctid).output('rm -f /var/tmp/bench.run; nvidia-uninstall --silent')
    const ended = succeeded(await measure(command, bench.signal, lab.instance.cgroup), 'containers.yml')
    bench.book.add('push gpuplay', { ...ended.sample, wall: pushTime(ended.stdout) })
  }
}

/** Seconds from the start of the first push to the end of the last. */
function pushTime(stdout: string): number {
  const events = stdout
    .split('\n')
    .filter((line) => line.startsWith('{"v":'))
    .map((line): Event => JSON.parse(line))
  const pushes = spans(events, 'push')
  if (pushes.length !== ctids.length)
    throw new Error(`${pushes.length} files were pushed, not ${ctids.length}`)
  return (Math.max(...pushes.map(({ to }) => to)) - Math.min(...pushes.map(({ from }) => from))) / 1000
}

/** Inserts bytes between the archive's script and its payload, and changes the offset in the script. */
async function padRunfile(node: LabNode): Promise<string> {
  const file = (await node.output('ls /var/cache/gpuplay/*.run')).trim()
  await node.output(`set -e
    file=${quote(file)}
    skip=$(sed -n "s/^skip=' *\\([0-9]*\\)'$/\\1/p" "$file" | head -n 1)
    [ "$skip" -gt 0 ]
    moved=$((${pushedSize} - $(stat -c %s "$file") + skip))
    head -c "$skip" "$file" | sed "s/^skip=' *[0-9]*'$/skip='$moved'/" >/var/tmp/header
    cat /var/tmp/header >/var/tmp/padded
    head -c $((moved - $(stat -c %s /var/tmp/header))) /dev/urandom >>/var/tmp/padded
    tail -c "+$((skip + 1))" "$file" >>/var/tmp/padded
    cat /var/tmp/padded >"$file"
    rm /var/tmp/padded /var/tmp/header
    cd "\${file%/*}"
    sha256sum "\${file##*/}" >"$file.sha256"`)
  return file
}

/** Prints the duration in milliseconds by the node's clock, without the connection, as for gpuplay. */
function catCommand(lab: Lab, file: string): Command {
  const into = ctids.map(
    (ctid) => `pct exec ${ctid} -- /bin/sh -c 'cat >/var/tmp/bench.run' <${quote(file)} & jobs="$jobs $!"`,
  )
  const script = [
    'begun=$(date +%s%3N)',
    ...into,
    'for job in $jobs; do wait "$job" || exit 1; done',
    'echo $(($(date +%s%3N) - begun))',
  ]
  return { argv: ['ssh', '-F', lab.sshConfig, 'pve1', `exec /bin/sh -c ${quote(script.join('\n'))}`] }
}

function play(lab: Lab, playbook: string, ...words: readonly string[]): Command {
  const inventory = join(lab.instance.stateDir, 'inventory.yaml')
  const path = join(repository, 'playbooks', playbook)
  return {
    argv: [gpuplayProgram, 'run', path, '-i', inventory, '--output', 'jsonl', ...words],
    cwd: repository,
  }
}
