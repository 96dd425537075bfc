/** Lines of many hosts that say the same, as one: held until the task has ended on all hosts of its play. */
import { hostsText } from './host-names.ts'

export interface HostBlock {
  readonly host: string
  readonly task: string
  /** Equal for blocks that differ only in their hosts and times. */
  readonly same: string
  readonly milliseconds: number
  /** Prints the block for these hosts. `milliseconds` is the longest time of them. */
  readonly print: (hosts: string, milliseconds: number) => void
}

interface HeldTask {
  readonly groups: Map<string, HostBlock[]>
  readonly ended: Set<string>
}

/** Milliseconds after which lines are printed although hosts still work on the task. */
const longestHold = 10_000

export class FleetLines {
  readonly #held = new Map<string, HeldTask>()
  readonly #hosts = new Map<string, readonly string[]>()
  readonly #lost = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  readonly #names: (hosts: readonly string[]) => string

  /** @param names The names of three or more hosts. */
  constructor(names: (hosts: readonly string[]) => string = hostsText) {
    this.#names = names
  }

  /** @param hosts The hosts on which each of the tasks ends. */
  expect(tasks: readonly string[], hosts: readonly string[]): void {
    for (const task of tasks) this.#hosts.set(task, hosts)
  }

  add(block: HostBlock): void {
    const { groups } = this.#task(block.task)
    const group = groups.get(block.same)
    if (group === undefined) groups.set(block.same, [block])
    else group.push(block)
    this.#timer ??= setTimeout(() => this.printAll(), longestHold).unref()
  }

  /** Says that the task has ended on this host. Prints its lines after the last host. */
  ended(task: string, host: string): void {
    this.#task(task).ended.add(host)
    this.#printIfEnded(task)
  }

  /** Says that the host has failed, so that nothing waits for it. */
  lost(host: string): void {
    this.#lost.add(host)
    for (const task of this.#held.keys()) this.#printIfEnded(task)
  }

  /** Prints what is held of these tasks, or of all. */
  printAll(tasks: Iterable<string> = [...this.#held.keys()]): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const task of tasks) this.#print(task)
  }

  #printIfEnded(task: string): void {
    const { ended } = this.#task(task)
    const hosts = this.#hosts.get(task) ?? []
    if (ended.size + this.#lost.size < hosts.length) return
    if (hosts.every((host) => ended.has(host) || this.#lost.has(host))) this.#print(task)
  }

  #task(task: string): HeldTask {
    const held = this.#held.get(task) ?? { groups: new Map(), ended: new Set() }
    this.#held.set(task, held)
    return held
  }

  #print(task: string): void {
    const { groups } = this.#task(task)
    for (const blocks of groups.values()) {
      const [first] = blocks
      const hosts = blocks.map(({ host }) => host)
      const names = hosts.length < 3 ? hosts.join(' ') : `${this.#names(hosts)} (${hosts.length})`
      first?.print(names, Math.max(...blocks.map(({ milliseconds }) => milliseconds)))
    }
    groups.clear()
  }
}
