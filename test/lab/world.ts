/** The world of a lab: the outer namespaces that contain the lab, and its link to the machine. */
import { spawn } from 'node:child_process'
import { existsSync, openSync, closeSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { network, type Instance, type Network } from './instance.ts'
import { attempt, run, type Finished, type RunOptions } from './process.ts'

const scripts = join(import.meta.dirname, 'world')

export class World {
  readonly instance: Instance
  readonly network: Network
  /** PID of its first process, in the machine's namespace. */
  readonly pid: number

  constructor(owner: Instance, pid: number, addresses: Network) {
    this.instance = owner
    this.network = addresses
    this.pid = pid
  }

  static async start(owner: Instance, addresses: Network): Promise<World> {
    const { link, machine, internet, prefix } = addresses
    await run([script('start.sh'), owner.stateDir, owner.cgroup, link, machine, internet, String(prefix)])
    const pid = runningPid(owner)
    if (pid === undefined) throw new Error(`the world of ${owner.name} exited while it started`)
    return new World(owner, pid, addresses)
  }

  /** The world of this lab, if it is running. */
  static find(owner: Instance, slot: number): World | undefined {
    const pid = runningPid(owner)
    return pid === undefined ? undefined : new World(owner, pid, network(slot))
  }

  /** The path of a file in the state directory, as seen from the world: only there are the nodes' disks mounted. */
  path(...parts: readonly string[]): string {
    return join(`/proc/${this.pid}/root`, this.instance.stateDir, ...parts)
  }

  script(name: string): string {
    return script(name)
  }

  /** The command line that runs `argv` in the world. */
  enterArgv(argv: readonly string[]): readonly string[] {
    return [script('enter.sh'), this.instance.stateDir, this.instance.cgroup, ...argv]
  }

  attempt(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return attempt(this.enterArgv(argv), options)
  }

  run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
    return run(this.enterArgv(argv), options)
  }

  /** Starts a program in the world that keeps running after this process exits; its output is written to `log`. */
  startDaemon(argv: readonly string[], log: string, env: Readonly<Record<string, string>> = {}): void {
    const [program = '', ...args] = this.enterArgv(argv)
    const output = openSync(join(this.instance.stateDir, log), 'a')
    const options = { detached: true, env: { ...process.env, ...env } }
    spawn(program, args, { ...options, stdio: ['ignore', output, output] }).unref()
    closeSync(output)
  }
}

/** Stops the world, if there is one, and removes the state directory. */
export async function stopWorld(owner: Instance, link: string): Promise<void> {
  await run([script('stop.sh'), owner.stateDir, owner.cgroup, link])
}

function script(name: string): string {
  return join(scripts, name)
}

function runningPid(owner: Instance): number | undefined {
  const file = join(owner.stateDir, 'world.pid')
  if (!existsSync(file)) return undefined
  const [pid = '', started] = readFileSync(file, 'utf8').trim().split(' ')
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')
    return fields[21] === started ? Number(pid) : undefined
  } catch {
    return undefined
  }
}
