/** The record of an installation in /var/lib/nvidia: its files, and backups of files that it replaced. */
import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  appendFileSync,
  writeFileSync,
  chmodSync,
} from 'node:fs'
import { createHash } from 'node:crypto'
import { textOf } from './system.ts'

const directory = '/var/lib/nvidia'
const record = `${directory}/log`
const product = 'NVIDIA Accelerated Graphics Driver for Linux-x86_64'

type Entry =
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'file'; readonly path: string; readonly sum: string }
  | { readonly kind: 'backup'; readonly path: string; readonly number: number }

/** The version that a .run has installed, if any. */
export function installedVersion(): string | undefined {
  return /^\S+ \(([0-9.]+)\)$/m.exec(textOf(record)?.split('\n')[0] ?? '')?.[1]
}

/** Writes the record step by step, so that an interrupted installation can be undone. */
export class Installation {
  #backups = 100

  constructor(version: string) {
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory, { recursive: true })
    writeFileSync(record, `1.0-9999 (${version})\n${product}\n`)
  }

  file(path: string, content: string | Uint8Array, mode: number): void {
    this.#makeWay(path)
    const bytes = Buffer.from(content)
    appendFileSync(record, `1: ${path}\n${sum(bytes)}\n`)
    writeFileSync(path, bytes)
    chmodSync(path, mode)
  }

  link(path: string, target: string): void {
    this.#makeWay(path)
    appendFileSync(record, `0: ${path}\n${target}\n`)
    symlinkSync(target, path)
  }

  /** Backs up an existing file. */
  #makeWay(path: string): void {
    mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true })
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return
    const number = this.#backups++
    appendFileSync(record, `${number}: ${path}\n\n`)
    move(path, `${directory}/${number}`)
  }
}

/** Removes all files of the installation and restores the backups. */
export function uninstall(): void {
  const entries = readRecord()
  for (const { kind, path } of entries) if (kind !== 'backup') rmSync(path, { force: true })
  for (const entry of entries) if (entry.kind === 'backup') move(`${directory}/${entry.number}`, entry.path)
  rmSync(directory, { recursive: true, force: true })
}

/** Whether every file of the installation exists unchanged. */
export function isSane(): boolean {
  return readRecord().every((entry) => {
    if (entry.kind === 'backup') return true
    const there = lstatSync(entry.path, { throwIfNoEntry: false })
    if (entry.kind === 'link')
      return there?.isSymbolicLink() === true && readlinkSync(entry.path) === entry.target
    return there?.isFile() === true && sum(readFileSync(entry.path)) === entry.sum
  })
}

function readRecord(): readonly Entry[] {
  const lines = (textOf(record) ?? '').split('\n').slice(2)
  const entries: Entry[] = []
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const [, number = '', path = ''] = /^([0-9]+): (.*)$/.exec(lines[index] ?? '') ?? []
    const second = lines[index + 1] ?? ''
    if (number === '0') entries.push({ kind: 'link', path, target: second })
    else if (number === '1') entries.push({ kind: 'file', path, sum: second })
    else if (number !== '') entries.push({ kind: 'backup', path, number: Number(number) })
  }
  return entries
}

function sum(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}

/** Also between file systems. */
function move(from: string, to: string): void {
  const there = lstatSync(from, { throwIfNoEntry: false })
  if (there === undefined) return
  if (there.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to)
    rmSync(from)
    return
  }
  try {
    renameSync(from, to)
  } catch {
    copyFileSync(from, to)
    rmSync(from)
  }
}
