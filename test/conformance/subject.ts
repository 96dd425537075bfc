/** A host that modules are held against: this machine, as far as one folder goes, or a node of the lab. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type HostName, hostName } from '../../src/base/brand.ts'
import { quote } from '../../src/base/shell.ts'
import type { Shell, ShellReply } from '../../src/connection/connection.ts'
import type { ControllerFiles } from '../../src/host/host.ts'
import type { MachineAccess } from '../../src/host/machine.ts'
import type { Lab } from '../lab/lab.ts'

export interface Subject {
  readonly machine: MachineAccess
  readonly controller: ControllerFiles
  /** Everything whose change counts, by `NAME:PATH`. */
  snapshot(): Promise<ReadonlyMap<string, string>>
  /** Runs a shell command, to prepare a case. */
  prepare(command: string): Promise<void>
}

/** Starts a shell that runs one script and ends. */
type Launch = (script: string) => readonly string[]

/** This machine. What happens outside the folder is not looked at, so only modules of files can be held against it. */
export function localSubject(folder: string): Subject {
  const launch: Launch = (script) => ['/bin/sh', '-c', script]
  const machine = machineOf(hostName('local'), launch, `${folder}.state`)
  return {
    machine,
    controller: controllerFiles,
    snapshot: async () => new Map(walk(folder).map(([path, what]) => [`local:${path}`, what])),
    prepare: (command) => prepare(launch, command),
  }
}

export function labSubject(lab: Lab, node: string): Subject {
  // One connection for all scripts of a case; it ends by itself a moment after the last.
  const shared = ['ControlMaster=auto', 'ControlPersist=5', `ControlPath=${lab.sshConfig}-%C`]
  const options = shared.flatMap((option) => ['-o', option])
  const launch: Launch = (script) => [
    'ssh',
    '-F',
    lab.sshConfig,
    ...options,
    node,
    `exec /bin/sh -c ${quote(script)}`,
  ]
  return {
    machine: machineOf(hostName(node), launch, undefined),
    controller: controllerFiles,
    snapshot: () => lab.snapshotFiles(),
    prepare: (command) => prepare(launch, command),
  }
}

function machineOf(name: HostName, launch: Launch, stateDirectory: string | undefined): MachineAccess {
  const shell: Shell = {
    greeting: { bootId: '', uid: 0, kernel: '', architecture: '', hostname: name },
    gone: new AbortController().signal,
    close: () => Promise.resolve(),
    run: (script, { timeout, stdin }) => runScript(launch(script), timeout, stdin),
  }
  return {
    name,
    shell: () => Promise.resolve(shell),
    open: () => Promise.reject(new Error('the conformance suite sends no large files')),
    // Only where controller and host are one machine.
    upload: (from, to) => Promise.resolve(copyFileSync(from, to)),
    signal: new AbortController().signal,
    ...(stateDirectory === undefined ? {} : { stateDirectory }),
  }
}

function runScript(
  [program = '', ...args]: readonly string[],
  timeout: number,
  stdin?: Buffer,
): Promise<ShellReply> {
  return new Promise((resolve, reject) => {
    const started = Date.now()
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    const out: Buffer[] = []
    const err: Buffer[] = []
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      child.kill('SIGKILL')
    }, timeout)
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      const [stdout, stderr] = [Buffer.concat(out), Buffer.concat(err)]
      const milliseconds = Date.now() - started
      if (timedOut) resolve({ kind: 'timedOut', stdout, stderr })
      else resolve({ kind: 'exited', code: code ?? 255, stdout, stderr, truncated: false, milliseconds })
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(stdin ?? Buffer.alloc(0))
  })
}

async function prepare(launch: Launch, command: string): Promise<void> {
  const reply = await runScript(launch(command), 120_000)
  if (reply.kind !== 'exited' || reply.code !== 0)
    throw new Error(
      `preparing failed: ${command}\n${reply.kind === 'lost' ? '' : reply.stderr.toString('utf8')}`,
    )
}

const controllerFiles: ControllerFiles = {
  async file(path) {
    const content = readFileSync(path)
    const sha256 = createHash('sha256').update(content).digest('hex')
    return { sha256, size: content.length, mode: '0644' }
  },
  text: async (path) => readFileSync(path, 'utf8'),
}

function walk(folder: string): readonly (readonly [string, string])[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    const stats = lstatSync(path)
    const what = [stats.mode.toString(8), stats.uid, stats.gid]
    if (entry.isDirectory()) return [[path, what.join(' ')] as const, ...walk(path)]
    const content = entry.isSymbolicLink() ? readlinkSync(path) : readFileSync(path, 'utf8')
    return [[path, [...what, content].join(' ')] as const]
  })
}
