/** The smallest shared library that `ldconfig` accepts: an ELF header, a dynamic section and its name. No code. */

const align8 = (size: number): number => Math.ceil(size / 8) * 8

/** @param soname the link that `ldconfig` creates for the file: `libcuda.so.1` */
export function sharedLibrary(soname: string): Buffer {
  const headers = 64 + 2 * 56
  const strings = Buffer.from(`\0${soname}\0`)
  const stringsAt = headers
  const symbolsAt = align8(stringsAt + strings.length)
  const dynamicAt = symbolsAt + 24
  const dynamic = [
    [14, 1], // DT_SONAME
    [5, stringsAt], // DT_STRTAB
    [10, strings.length], // DT_STRSZ
    [6, symbolsAt], // DT_SYMTAB
    [11, 24], // DT_SYMENT
    [0, 0],
  ] as const
  const size = dynamicAt + dynamic.length * 16
  const file = Buffer.alloc(size)
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(file)
  file.writeUInt16LE(3, 16) // shared object
  file.writeUInt16LE(62, 18) // x86-64
  file.writeUInt32LE(1, 20)
  file.writeBigUInt64LE(64n, 32) // program headers follow
  file.writeUInt16LE(64, 52)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(2, 56)
  file.writeUInt16LE(64, 58)
  programHeader(file, 64, { type: 1, flags: 5, at: 0, size, align: 4096 }) // PT_LOAD
  programHeader(file, 120, { type: 2, flags: 4, at: dynamicAt, size: dynamic.length * 16, align: 8 }) // PT_DYNAMIC
  strings.copy(file, stringsAt)
  dynamic.forEach(([tag, value], index) => {
    file.writeBigUInt64LE(BigInt(tag), dynamicAt + index * 16)
    file.writeBigUInt64LE(BigInt(value), dynamicAt + index * 16 + 8)
  })
  return file
}

interface Segment {
  readonly type: number
  readonly flags: number
  readonly at: number
  readonly size: number
  readonly align: number
}

function programHeader(file: Buffer, place: number, { type, flags, at, size, align }: Segment): void {
  file.writeUInt32LE(type, place)
  file.writeUInt32LE(flags, place + 4)
  for (const offset of [8, 16, 24]) file.writeBigUInt64LE(BigInt(at), place + offset)
  for (const offset of [32, 40]) file.writeBigUInt64LE(BigInt(size), place + offset)
  file.writeBigUInt64LE(BigInt(align), place + 48)
}
