import { createLimit, type Limit } from '../base/limit.ts'

/**
 * Allows at most eight handshakes at a time per address: sshd drops some connections above ten (`MaxStartups
 * 10:30:100`). One gate serves a whole run.
 */
export class HandshakeGate {
  readonly #most: number
  readonly #addresses = new Map<string, Limit>()

  constructor(most = 8) {
    this.#most = most
  }

  async pass<Result>(address: string, handshake: () => Promise<Result>): Promise<Result> {
    const limit = this.#addresses.get(address) ?? createLimit(this.#most)
    this.#addresses.set(address, limit)
    return limit(handshake)
  }
}
