/** Questions about TCP ports: of the host itself, and of other machines. */
import { HostError } from '../../base/errors.ts'
import { one, question, questionAbout } from '../question.ts'

const tcpSockets = {
  // Without IPv6 the second file is missing: cat fails, but still prints the first.
  words: ['cat', '/proc/net/tcp', '/proc/net/tcp6'],
  // Any action may change them, as it may change what a server answers.
  reads: ['file:/proc/net/tcp', 'file:/proc/net/tcp6', 'unit:*', 'http:*'],
} as const

/** The TCP ports on which a process listens. */
export const listeningPorts = question({ ...tcpSockets, parse: ({ stdout }) => portsIn(stdout, ['0A']) })

/** The TCP ports of the host with connections that a process still uses. TIME_WAIT (06) is not one. */
export const connectedPorts = question({
  ...tcpSockets,
  parse: ({ stdout }) => portsIn(stdout, ['01', '02', '03', '04', '05', '08', '09', '0B', '0C']),
})

/**
 * The local ports of sockets in these states, from `/proc/net/tcp` and `tcp6`: the port in hex follows the last
 * colon; 0A is LISTEN (proc(5), linux/tcp_states.h).
 */
export function portsIn(table: string, states: readonly string[]): ReadonlySet<number> {
  const sockets = table.matchAll(/^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) /gm)
  const found = [...sockets].filter(([, , state = '']) => states.includes(state))
  return new Set(found.map(([, hex = '']) => Number.parseInt(hex, 16)))
}

/**
 * `SECONDS ADDRESS PORT`: connects with a time limit, and sends nothing. dash cannot connect, so bash does, which is
 * essential in Debian. The status 124 would count as a question that was not answered in time.
 */
const connect = `#!/bin/sh
command -v bash >/dev/null || { echo 'bash: not found' >&2; exit 127; }
timeout "$1" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$2" "$3" 2>/dev/null || exit 1
`

/** Whether the host can open a TCP connection to a port. */
export const acceptsConnections = questionAbout({
  words: [
    'tcp-probe',
    one('seconds', /[0-9]{1,2}/),
    one('address', /[A-Za-z0-9_:][A-Za-z0-9_.:-]*/),
    one('port', /[0-9]{1,5}/),
  ],
  carried: { script: connect },
  // Any action of the host may change what it serves itself; other machines are asked again after each wait.
  reads: () => ['unit:*', 'http:*'],
  parse({ code, stderr }) {
    if (code > 1)
      throw new HostError({
        code: 'read-failed',
        message: `cannot try to connect: ${stderr.trim().split('\n')[0] ?? ''}`,
        hint: 'install bash on the host',
      })
    return code === 0
  },
})
