/**
 * At most eight handshakes at a time per address: sshd drops some of what comes above ten (`MaxStartups 10:30:100`).
 * One gate serves a whole run.
 */
export class HandshakeGate {
  readonly #most: number
  readonly #addresses = new Map<string, { running: number; readonly waiting: (() => void)[] }>()

  constructor(most = 8) {
    this.#most = most
  }

  async pass<Result>(address: string, handshake: () => Promise<Result>): Promise<Result> {
    const queue = this.#addresses.get(address) ?? { running: 0, waiting: [] }
    this.#addresses.set(address, queue)
    if (queue.running >= this.#most) await new Promise<void>((resolve) => queue.waiting.push(resolve))
    else queue.running += 1
    try {
      return await handshake()
    } finally {
      const next = queue.waiting.shift()
      // The place goes straight to the next one: `running` stays as it is.
      if (next !== undefined) next()
      else queue.running -= 1
    }
  }
}
