/** The output of each step of a frame: the frame's streams, split at the marks of the steps. */
import type { ActionReply } from '../access.ts'

/** Bytes kept of each step: the first of stdout, and the last of stderr, which explains a failure. */
const outputLimit = 1024 * 1024

type Output = Omit<ActionReply, 'code'>

export function outputsOf(
  { stdout, stderr }: { readonly stdout: Buffer; readonly stderr: Buffer },
  nonce: string,
): (step: number) => Output {
  const said = { stdout: pieces(stdout, nonce), stderr: pieces(stderr, nonce) }
  return (step) => ({
    stdout: (said.stdout.get(step) ?? empty).subarray(0, outputLimit).toString('utf8'),
    stderr: (said.stderr.get(step) ?? empty).subarray(-outputLimit).toString('utf8'),
  })
}

const empty = Buffer.alloc(0)

/**
 * Pieces by the number in the mark before them. A step may have several pieces, and a hostile host may send
 * very many.
 */
function pieces(bytes: Buffer, nonce: string): ReadonlyMap<number, Buffer> {
  const result = new Map<number, Buffer[]>()
  const needle = `${nonce} `
  let at = bytes.indexOf(needle)
  while (at !== -1) {
    const newline = bytes.indexOf(0x0a, at)
    if (newline === -1) break
    const step = Number(bytes.toString('latin1', at + needle.length, newline))
    const next = bytes.indexOf(needle, newline)
    const piece = bytes.subarray(newline + 1, next === -1 ? bytes.length : next)
    const before = result.get(step)
    if (before === undefined) result.set(step, [piece])
    else before.push(piece)
    at = next
  }
  return new Map([...result].map(([step, all]) => [step, Buffer.concat(all)]))
}
