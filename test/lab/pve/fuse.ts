/**
 * The parts of the FUSE protocol (linux/fuse.h, version 7) that a small file system needs. All numbers are
 * little endian.
 */

/** Numbers of the requests. */
export const opcode = {
  lookup: 1,
  forget: 2,
  getattr: 3,
  setattr: 4,
  readlink: 5,
  mknod: 8,
  mkdir: 9,
  unlink: 10,
  rmdir: 11,
  rename: 12,
  open: 14,
  read: 15,
  write: 16,
  statfs: 17,
  release: 18,
  fsync: 20,
  flush: 25,
  init: 26,
  opendir: 27,
  readdir: 28,
  releasedir: 29,
  fsyncdir: 30,
  create: 35,
  interrupt: 36,
  destroy: 38,
  batchForget: 42,
  rename2: 45,
} as const

export interface Request {
  readonly opcode: number
  readonly unique: bigint
  readonly inode: number
  /** The bytes after the header. */
  readonly body: Buffer
}

export function readRequest(bytes: Buffer): Request {
  return {
    opcode: bytes.readUInt32LE(4),
    unique: bytes.readBigUInt64LE(8),
    inode: Number(bytes.readBigUInt64LE(16)),
    body: bytes.subarray(40, bytes.readUInt32LE(0)),
  }
}

/** @param errno 0 for success. */
export function reply(unique: bigint, errno: number, body: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt32LE(16 + body.length, 0)
  header.writeInt32LE(-errno, 4)
  header.writeBigUInt64LE(unique, 8)
  return Buffer.concat([header, body])
}

/** The answer to `init`: as its only optional feature, it accepts writes of more than a page. */
export function initReply(): Buffer {
  const body = Buffer.alloc(64)
  body.writeUInt32LE(7, 0)
  body.writeUInt32LE(31, 4)
  body.writeUInt32LE(65_536, 8)
  body.writeUInt32LE(1 << 5, 12)
  body.writeUInt16LE(12, 16)
  body.writeUInt16LE(9, 18)
  body.writeUInt32LE(largestWrite, 20)
  body.writeUInt32LE(1_000_000_000, 24)
  return body
}

export const largestWrite = 131_072

export interface Attributes {
  readonly inode: number
  readonly size: number
  /** Seconds. */
  readonly mtime: number
  /** With the type of file in its high bits. */
  readonly mode: number
  readonly links: number
  readonly uid: number
  readonly gid: number
}

function attributeBytes(of: Attributes): Buffer {
  const body = Buffer.alloc(88)
  body.writeBigUInt64LE(BigInt(of.inode), 0)
  body.writeBigUInt64LE(BigInt(of.size), 8)
  body.writeBigUInt64LE(BigInt(Math.ceil(of.size / 512)), 16)
  for (const offset of [24, 32, 40]) body.writeBigUInt64LE(BigInt(of.mtime), offset)
  body.writeUInt32LE(of.mode, 60)
  body.writeUInt32LE(of.links, 64)
  body.writeUInt32LE(of.uid, 68)
  body.writeUInt32LE(of.gid, 72)
  body.writeUInt32LE(4096, 80)
  return body
}

/** The answer to requests that find or create a node. The kernel must not cache it. */
export function entryReply(of: Attributes): Buffer {
  const body = Buffer.alloc(40)
  body.writeBigUInt64LE(BigInt(of.inode), 0)
  return Buffer.concat([body, attributeBytes(of)])
}

export function attributeReply(of: Attributes): Buffer {
  return Buffer.concat([Buffer.alloc(16), attributeBytes(of)])
}

/** The answer to `open` and `opendir`: without a handle, because the inode number is enough. */
export function openReply(): Buffer {
  return Buffer.alloc(16)
}

export function writeReply(size: number): Buffer {
  const body = Buffer.alloc(8)
  body.writeUInt32LE(size, 0)
  return body
}

export function statfsReply(): Buffer {
  const body = Buffer.alloc(80)
  // 128 MiB in blocks of 4 KiB, as in pmxcfs
  for (const offset of [0, 8, 16]) body.writeBigUInt64LE(32_768n, offset)
  body.writeBigUInt64LE(262_144n, 24)
  body.writeBigUInt64LE(262_000n, 32)
  body.writeUInt32LE(4096, 40)
  body.writeUInt32LE(255, 44)
  body.writeUInt32LE(4096, 48)
  return body
}

export interface DirectoryEntry {
  readonly name: string
  readonly inode: number
  /** The high bits of its mode. */
  readonly type: number
}

/** Entries from `offset` on, as many as fit into `size`. */
export function readdirReply(entries: readonly DirectoryEntry[], offset: number, size: number): Buffer {
  const parts: Buffer[] = []
  let length = 0
  for (const [index, { name, inode, type }] of entries.entries()) {
    if (index < offset) continue
    const bytes = Buffer.from(name)
    const entry = Buffer.alloc(Math.ceil((24 + bytes.length) / 8) * 8)
    entry.writeBigUInt64LE(BigInt(inode), 0)
    entry.writeBigUInt64LE(BigInt(index + 1), 8)
    entry.writeUInt32LE(bytes.length, 16)
    entry.writeUInt32LE(type >> 12, 20)
    bytes.copy(entry, 24)
    if (length + entry.length > size) break
    parts.push(entry)
    length += entry.length
  }
  return Buffer.concat(parts)
}

/** Texts that end in NUL, one after the other. */
export function texts(bytes: Buffer): readonly string[] {
  return bytes.toString('utf8').split('\0')
}
