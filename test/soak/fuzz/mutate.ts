/**
 * Mutates inputs: changes bytes; removes, duplicates or replaces ranges with words of the target; joins two
 * inputs.
 */
const longest = 64 * 1024

export function mutated(corpus: readonly Buffer[], words: readonly Buffer[], random: () => number): Buffer {
  const below = (count: number): number => Math.floor(random() * count)
  const any = (): Buffer => corpus[below(corpus.length)] ?? Buffer.alloc(0)
  const word = (): Buffer => words[below(words.length)] ?? Buffer.from([below(256)])
  let bytes = Buffer.from(any())
  for (let step = 1 + below(6); step > 0; step -= 1) {
    const at = below(bytes.length + 1)
    const end = Math.min(bytes.length, at + 1 + below(16))
    const [before, behind] = [bytes.subarray(0, at), bytes.subarray(end)]
    switch (below(7)) {
      case 0:
        bytes = Buffer.concat([before, Buffer.from([below(256)]), bytes.subarray(at + 1)])
        break
      case 1:
        bytes = Buffer.concat([before, behind])
        break
      case 2:
        bytes = Buffer.concat([before, word(), bytes.subarray(at)])
        break
      case 3:
        bytes = Buffer.concat([before, word(), behind])
        break
      case 4:
        bytes = Buffer.concat([bytes, bytes.subarray(at, end)])
        break
      case 5: {
        const other = any()
        bytes = Buffer.concat([before, other.subarray(below(other.length + 1))])
        break
      }
      case 6:
        bytes = Buffer.concat([
          before,
          ...Array.from({ length: 1 + below(200) }, () => bytes.subarray(at, end)),
          behind,
        ])
    }
  }
  return bytes.subarray(0, longest)
}
