/** Stand-in of pmxcfs: mounts /etc/pve by FUSE and serves it until SIGTERM. */
import { spawn, spawnSync } from 'node:child_process'
import { openSync, read, writeSync } from 'node:fs'
import { constants, hostname } from 'node:os'
import { defined } from '../../../src/base/defined.ts'
import { nodeSpec } from '../nvidia/node-spec.ts'
import { join, leave, quorate, sharedDir } from './cluster.ts'
import * as fuse from './fuse.ts'
import { type PveNode, Refused, owner } from './pve-nodes.ts'
import { PveTree } from './pve-tree.ts'

const { opcode } = fuse
const mountPoint = '/etc/pve'
const fileTypes = { file: 0o100_000, directory: 0o040_000, link: 0o120_000 } as const
const errnos: Readonly<Record<string, number>> = constants.errno

class Server {
  readonly #tree: PveTree
  readonly #device: number

  constructor(tree: PveTree, device: number) {
    this.#tree = tree
    this.#device = device
  }

  /** Answers requests until the file system is unmounted. */
  serve(): void {
    const buffer = Buffer.alloc(fuse.largestWrite + 4096)
    read(this.#device, buffer, 0, buffer.length, null, (error, size) => {
      if (error?.code === 'ENODEV') process.exit(0)
      // ENOENT: the request was cancelled before it was read
      if (error === null) this.#handle(fuse.readRequest(buffer.subarray(0, size)))
      this.serve()
    })
  }

  #handle(request: fuse.Request): void {
    const silent: readonly number[] = [opcode.forget, opcode.batchForget, opcode.interrupt]
    if (silent.includes(request.opcode)) return
    let answer: Buffer
    try {
      answer = fuse.reply(
        request.unique,
        0,
        this.#tree.inStep(() => this.#answer(request)),
      )
    } catch (error) {
      if (!(error instanceof Refused)) process.stderr.write(`${String(error)}\n`)
      answer = fuse.reply(request.unique, errnos[error instanceof Refused ? error.errno : 'EIO'] ?? 5)
    }
    try {
      writeSync(this.#device, answer)
    } catch {
      // the process that sent the request has ended
    }
  }

  #answer({ opcode: asked, inode, body }: fuse.Request): Buffer {
    const tree = this.#tree
    const nothing = Buffer.alloc(0)
    switch (asked) {
      case opcode.init:
        return fuse.initReply()
      case opcode.lookup:
        return fuse.entryReply(this.#attributes(tree.lookup(inode, nameAt(body, 0))))
      case opcode.getattr:
        return fuse.attributeReply(this.#attributes(tree.get(inode)))
      case opcode.setattr:
        return this.#setAttributes(inode, body)
      case opcode.readlink: {
        const node = tree.get(inode)
        if (node.kind !== 'link') throw new Refused('EINVAL')
        return Buffer.from(node.target)
      }
      case opcode.mknod:
        if ((body.readUInt32LE(0) & 0o170_000) !== fileTypes.file) throw new Refused('EPERM')
        return fuse.entryReply(this.#attributes(tree.create(inode, nameAt(body, 16))))
      case opcode.create:
        return Buffer.concat([
          fuse.entryReply(this.#attributes(tree.create(inode, nameAt(body, 16)))),
          fuse.openReply(),
        ])
      case opcode.mkdir:
        return fuse.entryReply(this.#attributes(tree.makeDirectory(inode, nameAt(body, 8))))
      case opcode.unlink:
      case opcode.rmdir:
        tree.remove(inode, nameAt(body, 0), asked === opcode.unlink ? 'file' : 'directory')
        return nothing
      case opcode.rename:
      case opcode.rename2: {
        const [from = '', to = ''] = fuse.texts(body.subarray(asked === opcode.rename ? 8 : 16))
        tree.rename(inode, from, Number(body.readBigUInt64LE(0)), to)
        return nothing
      }
      case opcode.open:
      case opcode.opendir:
        tree.get(inode)
        return fuse.openReply()
      case opcode.read: {
        const offset = Number(body.readBigUInt64LE(8))
        return tree.read(inode).subarray(offset, offset + body.readUInt32LE(16))
      }
      case opcode.write: {
        const size = body.readUInt32LE(16)
        tree.write(inode, Number(body.readBigUInt64LE(8)), body.subarray(40, 40 + size))
        return fuse.writeReply(size)
      }
      case opcode.readdir:
        return fuse.readdirReply(this.#entries(inode), Number(body.readBigUInt64LE(8)), body.readUInt32LE(16))
      case opcode.statfs:
        return fuse.statfsReply()
      case opcode.release:
      case opcode.releasedir:
      case opcode.flush:
      case opcode.fsync:
      case opcode.fsyncdir:
      case opcode.destroy:
        return nothing
      default:
        // symbolic and hard links, extended attributes, ...: pmxcfs has none of them
        throw new Refused('ENOSYS')
    }
  }

  #setAttributes(inode: number, body: Buffer): Buffer {
    const valid = body.readUInt32LE(0)
    const given = (bit: number): boolean => (valid & bit) !== 0
    if (given(1)) this.#tree.changeMode(inode, body.readUInt32LE(68))
    if (given(2) || given(4)) {
      this.#tree.changeOwner(
        inode,
        given(2) ? body.readUInt32LE(76) : undefined,
        given(4) ? body.readUInt32LE(80) : undefined,
      )
    }
    if (given(8)) this.#tree.truncate(inode, Number(body.readBigUInt64LE(16)))
    if (given(32) && !given(256)) this.#tree.touch(inode, Number(body.readBigUInt64LE(40)))
    return fuse.attributeReply(this.#attributes(this.#tree.get(inode)))
  }

  #attributes(node: PveNode): fuse.Attributes {
    const size = node.kind === 'file' ? node.content.length : node.kind === 'link' ? node.target.length : 0
    const mode = fileTypes[node.kind] | this.#tree.mode(node)
    return {
      inode: node.inode,
      size,
      mtime: node.mtime,
      mode,
      links: node.kind === 'directory' ? 2 : 1,
      ...owner,
    }
  }

  #entries(inode: number): readonly fuse.DirectoryEntry[] {
    const own = ['.', '..'].map((name) => ({ name, inode, type: fileTypes.directory }))
    return [
      ...own,
      ...this.#tree
        .list(inode)
        .map(([name, node]) => ({ name, inode: node.inode, type: fileTypes[node.kind] })),
    ]
  }
}

function nameAt(body: Buffer, offset: number): string {
  return fuse.texts(body.subarray(offset))[0] ?? ''
}

join()
const tree = new PveTree({
  backing: '/var/lib/pve-cluster/files',
  node: hostname(),
  quorate,
  ...defined({ shared: nodeSpec().cluster?.shared === true ? sharedDir : undefined }),
  now: () => Math.floor(Date.now() / 1000),
})
const device = openSync('/dev/fuse', 'r+')
const options = 'fd=3,rootmode=40755,user_id=0,group_id=0,default_permissions,allow_other,nosuid,nodev'
// asynchronous: mount queries the file system, and this process must answer
const mounting = spawn('mount', ['-i', '-t', 'fuse', '-o', options, '/dev/fuse', mountPoint], {
  stdio: ['ignore', 'inherit', 'inherit', device],
})
mounting.on('close', (code) => {
  if (code !== 0) process.exit(1)
  spawnSync('systemd-notify', ['--ready'])
})
process.on('SIGTERM', () => {
  leave()
  // forced, because that also ends the read above; until then this process cannot exit
  spawn('umount', ['-f', '-l', mountPoint]).on('close', () => process.exit(0))
})
new Server(tree, device).serve()
