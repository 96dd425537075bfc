/**
 * The file system of /etc/pve with the refusals of pmxcfs (pve-cluster 9.1): modes and owners are fixed,
 * files are small, and a guest's number exists once in the cluster. `backing` has the contents.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { textOf, withLock } from '../nvidia/system.ts'
import { storedIn } from './stored-files.ts'
import {
  type Common,
  modeOf,
  owner,
  type PveDirectory,
  type PveFile,
  type PveNode,
  Refused,
} from './pve-nodes.ts'

const largestFile = 1024 * 1024

export interface PveTreeOptions {
  readonly backing: string
  /** This node's name. */
  readonly node: string
  /** A directory that all members of the cluster have: `backing` is then shared, too. */
  readonly shared?: string
  readonly quorate: () => boolean
  /** Seconds. */
  readonly now: () => number
}

export class PveTree {
  readonly #options: PveTreeOptions
  readonly #nodes = new Map<string, PveNode>()
  readonly #byInode = new Map<number, PveNode>()
  #lastInode = 0
  #version: string | undefined

  constructor(options: PveTreeOptions) {
    this.#options = options
    const { backing, node } = options
    for (const directory of [
      'priv/lock',
      'ha',
      'firewall',
      'mapping',
      'sdn',
      `nodes/${node}/lxc`,
      `nodes/${node}/qemu-server`,
      `nodes/${node}/priv`,
    ]) {
      mkdirSync(`${backing}/${directory}`, { recursive: true })
    }
    this.#add({ ...this.#common(''), kind: 'directory' })
    this.#load()
    const links = {
      local: `nodes/${node}`,
      lxc: `nodes/${node}/lxc`,
      'qemu-server': `nodes/${node}/qemu-server`,
    }
    for (const [path, target] of Object.entries(links))
      this.#add({ ...this.#common(path), kind: 'link', target })
  }

  /**
   * Carries out one request. In a shared cluster, it first reads what other members have changed (not without
   * quorum), and no other member changes anything meanwhile.
   */
  inStep<T>(request: () => T): T {
    const { shared, quorate } = this.#options
    if (shared === undefined) return request()
    return withLock(`${shared}/lock`, () => {
      const version = textOf(`${shared}/version`)
      if (version !== this.#version && quorate()) {
        this.#reload()
        this.#version = version
      }
      return request()
    })
  }

  /**
   * Takes over files and directories from `backing` that another member has written, and forgets removed
   * ones.
   */
  #reload(): void {
    const found = new Set<string>()
    for (const { path, content } of storedIn(this.#options.backing)) {
      found.add(path)
      const known = this.#nodes.get(path)
      if (content === undefined) {
        if (known === undefined) this.#add({ ...this.#common(path), kind: 'directory' })
      } else if (known?.kind !== 'file') this.#add({ ...this.#common(path), kind: 'file', content })
      else if (!known.content.equals(content)) {
        known.content = content
        known.mtime = this.#options.now()
      }
    }
    for (const node of this.#nodes.values())
      if (node.kind !== 'link' && node.path !== '' && !found.has(node.path)) this.#nodes.delete(node.path)
  }

  /** After each change: other members read `backing` again. */
  #announce(): void {
    const { shared } = this.#options
    if (shared === undefined) return
    this.#version = String(Number(textOf(`${shared}/version`) ?? 0) + 1)
    writeFileSync(`${shared}/version`, this.#version)
  }

  get(inode: number): PveNode {
    const node = this.#byInode.get(inode)
    if (node === undefined) throw new Refused('ENOENT')
    return node
  }

  /** The visible permission bits. */
  mode(node: PveNode): number {
    return modeOf(node, this.#options.quorate())
  }

  lookup(parent: number, name: string): PveNode {
    const node = this.#nodes.get(this.#pathIn(parent, name))
    if (node === undefined) throw new Refused('ENOENT')
    return node
  }

  list(inode: number): readonly (readonly [string, PveNode])[] {
    const { path } = this.#directory(inode)
    const prefix = path === '' ? '' : `${path}/`
    return [...this.#nodes.values()]
      .filter(
        (node) =>
          node.path !== '' && node.path.startsWith(prefix) && !node.path.slice(prefix.length).includes('/'),
      )
      .map((node) => [node.path.slice(prefix.length), node] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
  }

  create(parent: number, name: string): PveFile {
    const path = this.#newPath(parent, name)
    this.#refuseTakenGuest(path)
    const file: PveFile = { ...this.#common(path), kind: 'file', content: Buffer.alloc(0) }
    this.#keep(file)
    this.#add(file)
    return file
  }

  makeDirectory(parent: number, name: string): PveDirectory {
    const directory: PveDirectory = { ...this.#common(this.#newPath(parent, name)), kind: 'directory' }
    mkdirSync(`${this.#options.backing}/${directory.path}`)
    this.#add(directory)
    this.#announce()
    return directory
  }

  read(inode: number): Buffer {
    const node = this.get(inode)
    if (node.kind !== 'file') throw new Refused('EISDIR')
    return node.content
  }

  write(inode: number, offset: number, data: Buffer): void {
    const content = this.read(inode)
    const end = offset + data.length
    if (end > largestFile) throw new Refused('EFBIG')
    const grown =
      end > content.length
        ? Buffer.concat([content, Buffer.alloc(end - content.length)])
        : Buffer.from(content)
    data.copy(grown, offset)
    this.#replace(inode, grown)
  }

  truncate(inode: number, size: number): void {
    const content = this.read(inode)
    if (size > largestFile) throw new Refused('EFBIG')
    this.#replace(
      inode,
      Buffer.concat([content, Buffer.alloc(Math.max(0, size - content.length))]).subarray(0, size),
    )
  }

  /** chmod: only to the mode that it has. */
  changeMode(inode: number, mode: number): void {
    this.#refuseWithoutQuorum()
    if ((mode & 0o7777) !== this.mode(this.get(inode))) throw new Refused('EPERM')
  }

  /** chown: only to the owner that it has. */
  changeOwner(inode: number, uid: number | undefined, gid: number | undefined): void {
    this.#refuseWithoutQuorum()
    this.get(inode)
    if ((uid !== undefined && uid !== owner.uid) || (gid !== undefined && gid !== owner.gid))
      throw new Refused('EPERM')
  }

  touch(inode: number, mtime: number): void {
    this.get(inode).mtime = mtime
  }

  remove(parent: number, name: string, kind: 'file' | 'directory'): void {
    const node = this.lookup(parent, name)
    this.#refuseWithoutQuorum()
    if (node.kind === 'link') throw new Refused('EACCES')
    if (kind === 'file' && node.kind === 'directory') throw new Refused('EISDIR')
    if (kind === 'directory' && node.kind !== 'directory') throw new Refused('ENOTDIR')
    if (node.kind === 'directory' && this.list(node.inode).length > 0) throw new Refused('ENOTEMPTY')
    rmSync(`${this.#options.backing}/${node.path}`, { recursive: true })
    this.#nodes.delete(node.path)
    this.#announce()
  }

  rename(parent: number, name: string, newParent: number, newName: string): void {
    const node = this.lookup(parent, name)
    const path = this.#pathIn(newParent, newName)
    this.#refuseWithoutQuorum()
    if (node.kind === 'link' || path === node.path) return
    this.#refuseTakenGuest(path, node.path)
    const there = this.#nodes.get(path)
    if (there?.kind === 'directory') throw new Refused(node.kind === 'directory' ? 'ENOTEMPTY' : 'EISDIR')
    renameSync(`${this.#options.backing}/${node.path}`, `${this.#options.backing}/${path}`)
    const old = node.path
    for (const moved of [...this.#nodes.values()].filter(
      (one) => one.path === old || one.path.startsWith(`${old}/`),
    )) {
      this.#nodes.delete(moved.path)
      moved.path = path + moved.path.slice(old.length)
      this.#nodes.set(moved.path, moved)
    }
    node.mtime = this.#options.now()
    this.#announce()
  }

  /** The number of a guest is unique over all nodes and both kinds. */
  #refuseTakenGuest(path: string, moving?: string): void {
    const guest = /^nodes\/[^/]+\/(?:lxc|qemu-server)\/([0-9]+)\.conf$/
    const number = guest.exec(path)?.[1]
    if (number === undefined) return
    const taken = [...this.#nodes.keys()].some(
      (other) => other !== path && other !== moving && guest.exec(other)?.[1] === number,
    )
    if (taken) throw new Refused('EEXIST')
  }

  #refuseWithoutQuorum(): void {
    if (!this.#options.quorate()) throw new Refused('EACCES')
  }

  #replace(inode: number, content: Buffer): void {
    const node = this.get(inode)
    this.#refuseWithoutQuorum()
    if (node.kind !== 'file') throw new Refused('EISDIR')
    node.content = content
    node.mtime = this.#options.now()
    // not if the file was removed or replaced while it was open
    if (this.#nodes.get(node.path) === node) this.#keep(node)
  }

  #keep(file: PveFile): void {
    writeFileSync(`${this.#options.backing}/${file.path}`, file.content)
    this.#announce()
  }

  #directory(inode: number): PveDirectory {
    const node = this.get(inode)
    if (node.kind !== 'directory') throw new Refused('ENOTDIR')
    return node
  }

  #pathIn(parent: number, name: string): string {
    const { path } = this.#directory(parent)
    return path === '' ? name : `${path}/${name}`
  }

  #newPath(parent: number, name: string): string {
    const path = this.#pathIn(parent, name)
    this.#refuseWithoutQuorum()
    if (this.#nodes.has(path)) throw new Refused('EEXIST')
    return path
  }

  #load(): void {
    for (const { path, mtime, content } of storedIn(this.#options.backing)) {
      const common = { ...this.#common(path), mtime }
      this.#add(
        content === undefined ? { ...common, kind: 'directory' } : { ...common, kind: 'file', content },
      )
    }
  }

  #common(path: string): Common {
    this.#lastInode += 1
    return { inode: this.#lastInode, mtime: this.#options.now(), path }
  }

  #add(node: PveNode): void {
    this.#nodes.set(node.path, node)
    this.#byInode.set(node.inode, node)
  }
}
