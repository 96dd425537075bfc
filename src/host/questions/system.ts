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

/** Size of a partition in bytes, by its UUID; undefined if there is none. */
export const partitionSize = questionAbout({
  words: ['lsblk', '-bndo', 'SIZE', one('device', /\/dev\/disk\/by-uuid\/[0-9A-Fa-f-]+/)],
  reads: () => ['file:/dev/*'],
  parse: ({ stdout }) => {
    const size = Number.parseInt(stdout, 10)
    return Number.isNaN(size) ? undefined : size
  },
})
