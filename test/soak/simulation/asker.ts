/**
 * Asks a machine in memory. All questions of one turn are answered at the same time, or lost with the
 * connection.
 */
import { HostError } from '../../../src/base/errors.ts'
import type { Batcher, BatcherOptions } from '../../../src/host/batch.ts'
import { ConnectionLostError } from '../../../src/host/connection-lost.ts'
import type { QueryKind, Settled } from '../../../src/host/queries/query.ts'
import type { Line } from './line.ts'
import { SimulatedShell } from './shell.ts'

interface Question {
  readonly kind: string
  readonly item: unknown
  readonly settle: (answer: Settled<unknown>) => void
  readonly fail: (error: unknown) => void
}

export class Asker implements Batcher {
  readonly #line: Line
  readonly #options: BatcherOptions
  #gathered: Question[] = []

  constructor(line: Line, options: BatcherOptions) {
    this.#line = line
    this.#options = options
  }

  query<Item, Answer>(kind: QueryKind<Item, Answer>, item: Item): Promise<Answer> {
    if (this.#gathered.length === 0) void this.#line.pause(0).then(() => this.#send())
    return new Promise<Answer>((resolve, reject) => {
      this.#gathered.push({
        kind: kind.kind,
        item,
        fail: reject,
        settle: (answer) => {
          // The kind's parser would have made an answer of this type.
          if (answer.ok) resolve(answer.value as Answer)
          else reject(new HostError(answer.problem))
        },
      })
    })
  }

  async #send(): Promise<void> {
    const questions = this.#gathered
    this.#gathered = []
    const { hostName } = this.#options
    const { options } = this.#line
    try {
      const machine = this.#line.machine(hostName)
      const shell = await this.#options.shell()
      if (!(shell instanceof SimulatedShell)) throw new Error('not a simulated shell')
      const { turn, end } = shell.queue()
      await this.#line.latency()
      await turn
      if (options.chance.happens(options.faultRates.questionLost)) this.#line.drop(machine)
      end()
      if (shell.gone.aborted) throw new ConnectionLostError(hostName, 'it dropped')
      const answers = questions.map(({ kind, item }) => machine.answer(kind, item))
      await this.#line.latency()
      if (shell.gone.aborted) throw new ConnectionLostError(hostName, 'it dropped')
      for (const [index, { settle }] of questions.entries()) {
        const answer = answers[index]
        if (answer !== undefined) settle(answer)
      }
    } catch (error) {
      for (const { fail } of questions) fail(error)
    }
  }
}
