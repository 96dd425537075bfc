/**
 * The costs of an operation for a host and its connection, counted exactly: processes, programs, waits for an
 * answer.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientChannel } from 'ssh2'
import ssh2 from 'ssh2'
import type { PlainHost, PlainHosts } from './plain.ts'
import { distantPort } from './proxy.ts'
import { until } from './process.ts'

export interface Costs {
  /** Processes that were created on the host. */
  readonly forks: number
  /** Those of them that executed a program, by its name (its first 15 characters). */
  readonly programs: ReadonlyMap<string, number>
  /** Waits for an answer of the host, one after the other. */
  readonly waits: number
}

/**
 * How to connect to a host for counting: through a proxy, with the host key under this address in
 * `knownHosts`.
 */
export interface Reach {
  readonly address: string
  readonly port: number
  readonly user: 'root'
  readonly privateKey: string
  readonly knownHosts: string
}

export interface CountOptions {
  /**
   * Half a round trip in milliseconds. Every value above the time that the near side needs to send gives the
   * same counts.
   */
  readonly delay?: number
}

/**
 * Counts the costs of `act` on the host without those of the opening: a connection with a shell, which every
 * tool needs first. Returns when every process that `act` started on the host has ended.
 */
export async function countCosts(
  plain: PlainHosts,
  host: PlainHost,
  act: (reach: Reach) => Promise<void>,
  options: CountOptions = {},
): Promise<Costs> {
  const opening = await countAll(plain, host, openShell, options)
  const all = await countAll(plain, host, act, options)
  const programs = new Map(all.programs)
  for (const [name, count] of opening.programs) programs.set(name, (programs.get(name) ?? 0) - count)
  return {
    forks: all.forks - opening.forks,
    programs: new Map([...programs].filter(([, count]) => count !== 0)),
    waits: all.waits - opening.waits,
  }
}

/** The number of programs of all names. */
export function programCount({ programs }: Costs): number {
  return [...programs.values()].reduce((sum, count) => sum + count, 0)
}

type Act = (reach: Reach, waits: () => number) => Promise<number | void>

/** If `act` also waits for other reasons, it returns the number of waits to count. */
async function countAll(
  plain: PlainHosts,
  host: PlainHost,
  act: Act,
  { delay = 20 }: CountOptions,
): Promise<Costs> {
  const records = join(plain.world.instance.stateDir, `${host.name}.acct`)
  const distant = await distantPort({ host: host.address, port: 22, delay })
  const reach = {
    address: '127.0.0.1',
    port: distant.port,
    user: 'root',
    privateKey: plain.privateKey,
    knownHosts: plain.knownHostsAt(`[127.0.0.1]:${distant.port}`),
  } as const
  try {
    await account(plain, host, records)
    const first = await plain.nextProcess(host)
    const waits = (await act(reach, () => distant.waits())) ?? distant.waits()
    await until(`all that was started on ${host.name} to end`, () => plain.isIdle(host) || undefined, {
      within: 30_000,
    })
    const last = await plain.nextProcess(host)
    await account(plain, host, undefined)
    return { forks: last - first - 1, programs: programsIn(records, first, last), waits }
  } finally {
    await distant.close()
  }
}

/** Opens the connection and the shell. The waits are those until the shell accepts input. */
function openShell({ address, port, privateKey }: Reach, waits: () => number): Promise<number> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client()
    let opened = 0
    client.on('error', reject)
    client.on('close', () => resolve(opened))
    client.on('ready', () => {
      client.exec('exec /bin/sh', (error: Error | undefined, stream: ClientChannel) => {
        if (error !== undefined) return reject(error)
        opened = waits()
        stream.resume().on('close', () => client.end())
        stream.end('exit 0\n')
      })
    })
    client.connect({ host: address, port, username: 'root', privateKey: readFileSync(privateKey) })
  })
}

/**
 * Reads records of process accounting (acct(5), version 3: 64 bytes each). Returns the names of the programs
 * of the processes whose numbers are between the two.
 */
function programsIn(file: string, first: number, last: number): ReadonlyMap<string, number> {
  const forkedOnly = 0x01
  const bytes = readFileSync(file)
  const programs = new Map<string, number>()
  for (let at = 0; at + 64 <= bytes.length; at += 64) {
    const record = bytes.subarray(at, at + 64)
    const pid = record.readUInt32LE(16)
    if (pid <= first || pid >= last || (record.readUInt8(0) & forkedOnly) !== 0) continue
    const name = record.toString('latin1', 48, 64).replace(/\0.*$/s, '')
    programs.set(name, (programs.get(name) ?? 0) + 1)
  }
  return programs
}

/**
 * Starts or stops process accounting of the host into a file. It uses perl, because Debian does not always
 * install a program for it.
 */
async function account(plain: PlainHosts, host: PlainHost, file: string | undefined): Promise<void> {
  if (file !== undefined) writeFileSync(file, '')
  // acct(2)
  const program = 'syscall(163, @ARGV ? $ARGV[0] : 0) == 0 or die "acct: $!\\n"'
  await plain.inProcesses(host, ['perl', '-e', program, ...(file === undefined ? [] : [file])])
}
