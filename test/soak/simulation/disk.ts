/** Files, directories and links of a machine, in memory. */
import { posix } from 'node:path'
import type { FileStatus } from '../../../src/host/host.ts'

type Node =
  | { readonly kind: 'file'; readonly mode: string; readonly text: string }
  | { readonly kind: 'directory'; readonly mode: string }
  | { readonly kind: 'link'; readonly target: string }

const mostLinks = 40

export class Disk {
  readonly #nodes = new Map<string, Node>([['/', { kind: 'directory', mode: '0755' }]])

  /**
   * The path with all links resolved; a link at its end only with `follow`. Undefined for a cycle or a path
   * through a file.
   */
  resolve(path: string, follow: boolean): string | undefined {
    const left = path.split('/').filter((part) => part !== '')
    let at = '/'
    for (let links = 0; left.length > 0;) {
      const part = left.shift() ?? ''
      if (part === '.' || part === '..') {
        at = part === '.' ? at : posix.dirname(at)
        continue
      }
      const here = posix.join(at, part)
      const node = this.#nodes.get(here)
      if (node?.kind === 'link' && (follow || left.length > 0)) {
        links += 1
        if (links > mostLinks) return undefined
        left.unshift(...node.target.split('/').filter((word) => word !== ''))
        if (node.target.startsWith('/')) at = '/'
        continue
      }
      if (node?.kind === 'file' && left.length > 0) return undefined
      at = here
    }
    return at
  }

  at(path: string, follow: boolean): Node | undefined {
    const place = this.resolve(path, follow)
    return place === undefined ? undefined : this.#nodes.get(place)
  }

  status(path: string, follow: boolean): FileStatus | undefined {
    const node = this.at(path, follow)
    if (node === undefined) return undefined
    const root = { owner: 'root', group: 'root', uid: 0, gid: 0 }
    if (node.kind === 'link')
      return { ...root, kind: 'link', mode: '0777', size: node.target.length, target: node.target }
    const size = node.kind === 'file' ? Buffer.byteLength(node.text) : 4096
    return { ...root, kind: node.kind, mode: node.mode, size }
  }

  /** Undefined if there is no such file. */
  text(path: string): string | undefined {
    const node = this.at(path, true)
    return node?.kind === 'file' ? node.text : undefined
  }

  /** Names in a directory; undefined if the path is not a directory. */
  list(path: string): readonly string[] | undefined {
    const place = this.resolve(path, true)
    if (place === undefined || this.#nodes.get(place)?.kind !== 'directory') return undefined
    return [...this.#nodes.keys()]
      .filter((name) => name !== '/' && posix.dirname(name) === place)
      .map((name) => posix.basename(name))
      .sort()
  }

  /** The reason for a failure, undefined on success. */
  write(path: string, text: string, mode: string | undefined): string | undefined {
    const place = this.resolve(path, true)
    if (place === undefined) return 'the link has no target'
    const before = this.#nodes.get(place)
    if (before?.kind === 'directory') return 'it is a directory'
    if (this.#nodes.get(posix.dirname(place))?.kind !== 'directory') return 'the directory does not exist'
    const kept = before?.kind === 'file' ? before.mode : '0644'
    this.#nodes.set(place, { kind: 'file', mode: (mode ?? kept).padStart(4, '0'), text })
    return undefined
  }

  chmod(path: string, mode: string): string | undefined {
    const place = this.resolve(path, true)
    const node = place === undefined ? undefined : this.#nodes.get(place)
    if (place === undefined || node === undefined || node.kind === 'link') return 'No such file or directory'
    this.#nodes.set(place, { ...node, mode: mode.padStart(4, '0') })
    return undefined
  }

  makeDirectory(path: string, mode: string | undefined): string | undefined {
    const place = this.resolve(path, true)
    if (place === undefined) return 'Not a directory'
    const above = posix.dirname(place)
    if (this.#nodes.get(place)?.kind === 'directory')
      return mode === undefined ? undefined : this.chmod(place, mode)
    if (this.#nodes.has(place)) return 'File exists'
    if (!this.#nodes.has(above)) this.makeDirectory(above, undefined)
    if (this.#nodes.get(above)?.kind !== 'directory') return 'Not a directory'
    this.#nodes.set(place, { kind: 'directory', mode: (mode ?? '0755').padStart(4, '0') })
    return undefined
  }

  link(path: string, target: string): string | undefined {
    const place = this.resolve(path, false)
    if (place === undefined) return 'Not a directory'
    if (this.#nodes.get(place)?.kind === 'directory') return 'it is a directory'
    if (this.#nodes.get(posix.dirname(place))?.kind !== 'directory') return 'No such file or directory'
    this.#nodes.set(place, { kind: 'link', target })
    return undefined
  }

  /** Removes a file, or a directory with its content. */
  remove(path: string): void {
    const place = this.resolve(path, false)
    if (place === undefined || place === '/') return
    for (const name of this.#nodes.keys())
      if (name === place || name.startsWith(`${place}/`)) this.#nodes.delete(name)
  }

  /** The content of the disk without one directory, for comparisons. */
  lines(without: string): readonly string[] {
    return [...this.#nodes]
      .filter(([path]) => path !== without && !path.startsWith(`${without}/`))
      .map(([path, node]) => `${path} ${JSON.stringify(node)}`)
      .sort()
  }
}
