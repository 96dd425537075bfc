/** Questions about the machine, its services and its disks. */
import { HostError } from '../../base/errors.ts'
import { count } from '../queries/query.ts'
import { one, question, questionAbout } from '../question.ts'
import type { ResourcePattern } from '../resource.ts'
import type { Answer } from '../status.ts'

/** `uname -m`, such as `x86_64`. */
export const machineType = question({
  words: ['uname', '-m'],
  reads: ['kernel:'],
  parse: ({ stdout }) => stdout.trim(),
})

/** undefined if the host has no domain name. */
export const fullHostName = question({
  words: ['hostname', '--fqdn'],
  reads: ['file:/etc/hostname', 'file:/etc/hosts'],
  parse: ({ code, stdout }) => (code === 0 && stdout.trim() !== '' ? stdout.trim() : undefined),
})

/** Number of processors available to the host. */
export const processors = question({
  words: ['nproc'],
  reads: [],
  parse: ({ stdout }) => {
    const number = count(stdout.trim())
    if (number === undefined)
      throw new Error(`nproc printed ${JSON.stringify(stdout.slice(0, 60))} instead of a number`)
    return number
  },
})

/** systemd's name of the virtualization: `lxc`, `kvm`, `none`, ... */
export const virtualization = question({
  words: ['systemd-detect-virt'],
  reads: [],
  parse: ({ stdout }) => (stdout.trim() === '' ? 'none' : stdout.trim()),
})

const units = ['unit:*', 'file:/etc/systemd/*'] as const

/**
 * systemd's state of the whole system: `running`, `starting`, `degraded`, ...; empty if systemd is not
 * running.
 */
export const systemState = question({
  words: ['systemctl', 'is-system-running'],
  reads: units,
  parse: ({ stdout }) => stdout.trim(),
})

/** Loaded services, with systemd's ActiveState and SubState (systemctl(1), list-units), by name. */
export const loadedServices = question({
  words: ['systemctl', 'list-units', '--type=service', '--all', '--plain', '--no-legend', '--no-pager'],
  reads: units,
  parse: (answer) =>
    new Map(rowsOf(answer).map(([name = '', , active = '', sub = '']) => [name, { active, sub }] as const)),
})

/** States of the unit files of services (systemctl(1), list-unit-files), by name. */
export const serviceFiles = question({
  words: ['systemctl', 'list-unit-files', '--type=service', '--no-legend', '--no-pager'],
  reads: units,
  parse: (answer) => new Map(rowsOf(answer).map(([name = '', state = '']) => [name, state] as const)),
})

/** @throws HostError if systemd does not answer */
function rowsOf({ code, stdout, stderr }: Answer): readonly (readonly string[])[] {
  if (code !== 0)
    throw new HostError({
      code: 'read-failed',
      message: `cannot list the services: ${stderr.trim().split('\n')[0] ?? ''}`,
    })
  const lines = stdout.split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) => line.trim().split(/\s+/)).filter(([name = '']) => name.endsWith('.service'))
}

/** Whether the unit's files on the disk are newer than the version that systemd has loaded (systemd.unit(5)). */
export const needsDaemonReload = questionAbout({
  words: ['systemctl', 'show', '-p', 'NeedDaemonReload', one('unit', /[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]*/)],
  reads: ({ unit }) => [`unit:${unit}`, ...filesOfUnit(unit).map((path): ResourcePattern => `file:${path}*`)],
  parse: ({ stdout }) => stdout.trim() === 'NeedDaemonReload=yes',
})

/**
 * The beginnings of the paths of a unit's file and drop-ins below /etc: its own, those of its template, of its
 * type (`service.d`) and of its prefixes (`a-.service.d` of `a-b.service`).
 */
function filesOfUnit(unit: string): readonly string[] {
  const dot = unit.lastIndexOf('.')
  const [stem, type] = [unit.slice(0, dot), unit.slice(dot + 1)]
  const template = stem.includes('@') ? [`${stem.slice(0, stem.indexOf('@') + 1)}.${type}`] : []
  const prefixes = [...stem.matchAll(/-/g)].map(({ index }) => `${stem.slice(0, index + 1)}.${type}.d/`)
  return [unit, ...template, `${type}.d/`, ...prefixes].map((name) => `/etc/systemd/system/${name}`)
}

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
 * Connects to ADDRESS PORT with a time limit of SECONDS, and prints nothing. dash cannot connect, so bash does: it is
 * essential in Debian.
 */
const connect = `#!/bin/sh
exec timeout "$1" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$2" "$3"
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
  parse: ({ code }) => code === 0,
})

/** Size of a partition in bytes, by its UUID; undefined if there is none. */
export const partitionSize = questionAbout({
  words: ['lsblk', '-bndo', 'SIZE', one('device', /\/dev\/disk\/by-uuid\/[0-9A-Fa-f-]+/)],
  reads: () => ['file:/dev/*'],
  parse: ({ stdout }) => {
    const size = Number.parseInt(stdout, 10)
    return Number.isNaN(size) ? undefined : size
  },
})
