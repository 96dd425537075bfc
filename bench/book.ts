/** Measurements by label. */
import { median, type Sample } from './measure.ts'

export class Book {
  readonly #samples = new Map<string, Sample[]>()
  readonly #notes: string[] = []
  /** Prints progress. */
  readonly say: (line: string) => void

  constructor(say: (line: string) => void) {
    this.say = say
  }

  /** `what` is the full label of a measurement: `fleet gpuplay converged 20`. */
  add(what: string, sample: Sample): void {
    const samples = this.#samples.get(what) ?? []
    samples.push(sample)
    this.#samples.set(what, samples)
    const hosts = sample.hostCpu === undefined ? '' : `, hosts ${sample.hostCpu.toFixed(2)} s CPU`
    const own = `${sample.wall.toFixed(2)} s, ${sample.cpu.toFixed(2)} s CPU, ${sample.memory.toFixed(0)} MB`
    this.say(`${what}: ${own}${hosts}`)
  }

  /** The median of all samples; undefined if there is none. */
  value(what: string, of: keyof Sample = 'wall'): number | undefined {
    const values = (this.#samples.get(what) ?? []).flatMap((sample) => sample[of] ?? [])
    return values.length === 0 ? undefined : median(values)
  }

  /** Adds a note for readers of the table. Equal notes appear once. */
  note(line: string): void {
    if (this.#notes.includes(line)) return
    this.#notes.push(line)
    this.say(line)
  }

  get notes(): readonly string[] {
    return this.#notes
  }
}
