/** A name server's answer, for IPv4 addresses of a fixed list of names (RFC 1035). */

const typeA = 1
const noError = 0
const noSuchName = 3

/**
 * The reply to a query packet: an A record, an empty answer for other types, or NXDOMAIN; none for an invalid
 * packet.
 */
export function answerName(query: Buffer, addresses: Readonly<Record<string, string>>): Buffer | undefined {
  const question = readQuestion(query)
  if (question === undefined) return undefined
  const address = addresses[question.name]
  const answers = address !== undefined && question.type === typeA ? [record(address)] : []
  const header = Buffer.alloc(12)
  query.copy(header, 0, 0, 2)
  // a response, authoritative, recursion available; recursion desired as in the query
  header.writeUInt16BE(
    0x8480 | (query.readUInt16BE(2) & 0x0100) | (address === undefined ? noSuchName : noError),
    2,
  )
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(answers.length, 6)
  return Buffer.concat([header, query.subarray(12, question.end), ...answers])
}

interface Question {
  readonly name: string
  readonly type: number
  /** Where the question ends in the packet. */
  readonly end: number
}

function readQuestion(query: Buffer): Question | undefined {
  const labels: string[] = []
  let at = 12
  for (;;) {
    const length = query[at]
    if (length === undefined || length > 63) return undefined
    at += 1
    if (length === 0) break
    labels.push(query.toString('latin1', at, at + length).toLowerCase())
    at += length
  }
  if (at + 4 > query.length) return undefined
  return { name: labels.join('.'), type: query.readUInt16BE(at), end: at + 4 }
}

/** An A record for the name of the question (offset 12), valid for a minute. */
function record(address: string): Buffer {
  const fixed = Buffer.from([0xc0, 12, 0, typeA, 0, 1, 0, 0, 0, 60, 0, 4])
  return Buffer.concat([fixed, Buffer.from(address.split('.').map(Number))])
}
