/** Stand-in of Proxmox VE's `pct`: commands and options. `pct exec` and the lock are in /usr/sbin/pct. */
import { spawnSync } from 'node:child_process'
import { type ContainerConfig, encodeDescription } from '../../../src/proxmox/container-config.ts'
import { Exit, runMain } from '../nvidia/system.ts'
import {
  ctids,
  isOn,
  isRunning,
  pendingDeletes,
  readConfig,
  withPending,
  withSettings,
  writeConfig,
} from './guests.ts'
import { requestedOfHa } from './ha.ts'
import { clone, makeTemplate } from './pct-clone.ts'
import { create, destroy } from './pct-create.ts'
import { pull, push } from './pct-files.ts'
import { mountRoot, reboot, shutdown, start, stop, unmountRoot } from './pct-run.ts'
import { asTask } from './pct-exact.ts'
import { type Options, set } from './pct-set.ts'
import { deleteSnapshot, listSnapshots, resize, rollback, snapshot } from './pct-snapshot.ts'
import { lxcDir } from './lxc-config.ts'

function pct([command = '', ...argv]: readonly string[]): number {
  return asTask(command, argv[0] ?? '', () => carryOut(command, argv))
}

function carryOut(command: string, argv: readonly string[]): number {
  const { words, options } = readArguments(argv)
  const given = new Map(options)
  if (command === 'list') return list()
  if (command === 'create' || command === 'restore') {
    if (words.length < 2)
      throw new Exit(2, '400 not enough arguments\npct create <vmid> <ostemplate> [OPTIONS]')
    create(ctidOf(words[0]), words[1] ?? '', options)
    return 0
  }
  const ctid = ctidOf(words[0])
  switch (command) {
    case 'status':
      readConfig(ctid)
      process.stdout.write(`status: ${isRunning(ctid) ? 'running' : 'stopped'}\n`)
      return 0
    case 'config':
      return showConfig(readConfig(ctid), given)
    case 'pending':
      return showPending(readConfig(ctid))
    case 'set':
      set(ctid, options)
      return 0
    case 'start':
      if (!requestedOfHa(ctid, 'started')) start(ctid)
      return 0
    case 'stop':
      if (!requestedOfHa(ctid, 'stopped')) stop(ctid)
      return 0
    case 'shutdown':
      if (requestedOfHa(ctid, 'stopped')) return 0
      shutdown(ctid, Number(given.get('timeout') ?? 60), given.get('forceStop') === '1')
      return 0
    case 'reboot':
      reboot(ctid, Number(given.get('timeout') ?? 60))
      return 0
    case 'enter':
    case 'console':
      if (!isRunning(ctid)) throw new Exit(255, `container '${ctid}' not running!`)
      return (
        spawnSync('lxc-attach', ['-n', String(ctid), '--clear-env'], { stdio: 'inherit', cwd: '/' }).status ??
        255
      )
    case 'push':
    case 'pull': {
      if (words.length < 3)
        throw new Exit(2, `400 not enough arguments\npct ${command} <vmid> <from> <to> [OPTIONS]`)
      const move = command === 'push' ? push : pull
      move(ctid, words[1] ?? '', words[2] ?? '', options)
      return 0
    }
    case 'clone':
      clone(ctid, ctidOf(words[1]), options)
      return 0
    case 'template':
      makeTemplate(ctid)
      return 0
    case 'destroy':
      destroy(ctid, { force: isOn(given.get('force')), purge: isOn(given.get('purge')) })
      return 0
    case 'unlock': {
      const config = readConfig(ctid)
      if (!config.current.settings.has('lock')) throw new Exit(255, 'no lock found trying to remove any lock')
      writeConfig(ctid, { ...config, current: withSettings(config.current, [['lock', undefined]]) })
      return 0
    }
    case 'snapshot':
      snapshot(ctid, words[1] ?? '', given.get('description'))
      return 0
    case 'rollback':
      rollback(ctid, words[1] ?? '')
      return 0
    case 'delsnapshot':
      deleteSnapshot(ctid, words[1] ?? '')
      return 0
    case 'listsnapshot':
      return listSnapshots(ctid)
    case 'resize':
      resize(ctid, words[1] ?? '', words[2] ?? '')
      return 0
    case 'mount':
      readConfig(ctid)
      mountRoot(ctid)
      process.stdout.write(`mounted CT ${ctid} in '${lxcDir}/${ctid}/rootfs'\n`)
      return 0
    case 'unmount':
      readConfig(ctid)
      unmountRoot(ctid)
      return 0
    default:
      throw new Exit(255, `ERROR: unknown command 'pct ${command}'`)
  }
}

/** `--key value`, `--key=value`, `-key value`; a switch does not need its 1. */
function readArguments(argv: readonly string[]): {
  readonly words: readonly string[]
  readonly options: Options
} {
  const words: string[] = []
  const options: [string, string][] = []
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (!/^--?[a-zA-Z]/.test(word)) {
      words.push(word)
      continue
    }
    const [key = '', ...rest] = word.replace(/^--?/, '').split('=')
    const next = argv[index + 1]
    if (rest.length > 0) options.push([key, rest.join('=')])
    else if (next === undefined || /^--?[a-zA-Z]/.test(next)) options.push([key, '1'])
    else {
      options.push([key, next])
      index += 1
    }
  }
  return { words, options }
}

function ctidOf(word: string | undefined): number {
  if (word === undefined) throw new Exit(2, '400 not enough arguments')
  if (/^[1-9][0-9]{2,8}$/.test(word)) return Number(word)
  throw new Exit(2, `400 Parameter verification failed.\nvmid: type check ('integer') failed - got '${word}'`)
}

function list(): number {
  const row = (...columns: readonly [string, string, string, string]): string =>
    [10, 10, 12, 20].map((width, column) => (columns[column] ?? '').padEnd(width)).join(' ')
  const rows = ctids().map((ctid) => {
    const { settings } = readConfig(ctid).current
    return row(
      String(ctid),
      isRunning(ctid) ? 'running' : 'stopped',
      settings.get('lock') ?? '',
      settings.get('hostname') ?? `CT${ctid}`,
    )
  })
  if (rows.length > 0)
    process.stdout.write([row('VMID', 'Status', 'Lock', 'Name'), ...rows].map((line) => `${line}\n`).join(''))
  return 0
}

/** Shows pending changes as if they were set; `--current` does not. */
function showConfig(config: ContainerConfig, given: ReadonlyMap<string, string>): number {
  const name = given.get('snapshot')
  const snapshot = name === undefined ? undefined : config.snapshots.get(name)
  if (name !== undefined && snapshot === undefined) throw new Exit(255, `snapshot '${name}' does not exist`)
  const { settings, description, lxc } =
    snapshot ?? (given.get('current') === '1' ? config.current : withPending(config).current)
  const shown =
    description === ''
      ? [...settings]
      : [...settings, ['description', encodeDescription(description)] as const]
  const lines = shown.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}: ${value}\n`)
  process.stdout.write([...lines, ...lxc.map(({ key, value }) => `${key}: ${value}\n`)].join(''))
  return 0
}

function showPending(config: ContainerConfig): number {
  const deletes = pendingDeletes(config)
  const keys = new Set([...config.current.settings.keys(), ...config.pending.settings.keys()])
  keys.delete('delete')
  for (const key of [...keys].toSorted()) {
    const current = config.current.settings.get(key)
    const pending = config.pending.settings.get(key)
    if (deletes.includes(key)) process.stdout.write(`del ${key}: ${current ?? ''}\n`)
    else {
      if (current !== undefined) process.stdout.write(`cur ${key}: ${current}\n`)
      if (pending !== undefined) process.stdout.write(`new ${key}: ${pending}\n`)
    }
  }
  return 0
}

runMain(pct)
