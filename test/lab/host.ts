/** The nodes and containers of a lab, for tests. */
import { readFileSync } from 'node:fs'
import { LabError, until, type Finished, type RunOptions } from './process.ts'
import { sshdAnswers, startNode, switchOff } from './nodes.ts'
import type { ContainerSpec, LabNodeSpec } from './topology.ts'
import type { World } from './world.ts'

export class LabNode {
  readonly spec: LabNodeSpec
  readonly world: World

  constructor(world: World, spec: LabNodeSpec) {
    this.world = world
    this.spec = spec
  }

  /** Runs a shell command as root on the node, without its sshd. */
  exec(command: string, options: RunOptions = {}): Promise<Finished> {
    return this.world.attempt(this.execArgv(['/bin/sh', '-c', command]), options)
  }

  /** As `exec`, but returns the output and throws for a status other than 0. */
  async output(command: string, options: RunOptions = {}): Promise<string> {
    return outputOf(await this.exec(command, options), `${this.spec.name}: ${command}`)
  }

  execArgv(argv: readonly string[]): readonly string[] {
    return [this.world.script('node-exec.sh'), this.world.instance.stateDir, this.spec.name, ...argv]
  }

  /** Cuts the power; keeps the disks. */
  powerOff(): Promise<void> {
    return switchOff(this.world, this.spec)
  }

  /**
   * Reboots the node with its own `reboot`, into `kernel` if given; returns when the sshd of the next boot answers.
   * @throws LabError if that kernel is not installed
   */
  async reboot(kernel?: string): Promise<void> {
    if (kernel !== undefined) await this.output(`proxmox-boot-tool kernel pin ${kernel} --next-boot`)
    const pidFile = this.world.path('nodes', this.spec.name, 'pid')
    const before = readFileSync(pidFile, 'utf8')
    await this.exec('systemctl reboot')
    const booted = () => (readFileSync(pidFile, 'utf8') === before ? undefined : true)
    await until(`${this.spec.name} to boot again`, booted, { within: 120_000 })
    await sshdAnswers(this.spec)
  }

  /** ID of the current boot. */
  async bootId(): Promise<string> {
    return (await this.output('cat /proc/sys/kernel/random/boot_id')).trim()
  }

  /** Switches the node on and waits for sshd. */
  async powerOn(): Promise<void> {
    startNode(this.world, this.spec)
    await sshdAnswers(this.spec)
  }
}

export class LabContainer {
  readonly spec: ContainerSpec
  readonly node: LabNode

  constructor(node: LabNode, spec: ContainerSpec) {
    this.node = node
    this.spec = spec
  }

  /** Runs a shell command as root in the container, through the node's `pct`. */
  exec(command: string, options: RunOptions = {}): Promise<Finished> {
    const argv = ['pct', 'exec', String(this.spec.ctid), '--', '/bin/sh', '-c', command]
    return this.node.world.attempt(this.node.execArgv(argv), options)
  }

  async output(command: string, options: RunOptions = {}): Promise<string> {
    return outputOf(await this.exec(command, options), `container ${this.spec.ctid}: ${command}`)
  }
}

function outputOf(done: Finished, what: string): string {
  if (done.code === 0) return done.stdout
  throw new LabError(`${what} exited with status ${done.code}:\n${done.stderr || done.stdout}`)
}
