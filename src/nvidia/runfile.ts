/**
 * The names under which NVIDIA publishes its driver as a self-extracting `.run`, and the checksum file next
 * to it.
 */
import { driverVersionPattern } from './driver-version.ts'

const publisher = 'https://download.nvidia.com/XFree86/Linux-x86_64'
const dataCenterPublisher = 'https://us.download.nvidia.com/tesla'

/** `NVIDIA-Linux-x86_64-580.95.05.run` */
export function runfileName(version: string): string {
  return `NVIDIA-Linux-x86_64-${version}.run`
}

/**
 * NVIDIA's URLs for the `.run` of a version, the usual one first. Some drivers for data centers are only in the
 * second place.
 */
export function runfileUrls(version: string): readonly [string, ...string[]] {
  return [
    `${publisher}/${version}/${runfileName(version)}`,
    `${dataCenterPublisher}/${version}/${runfileName(version)}`,
  ]
}

/** The file with the `.run`'s sha256, published next to it. */
export function checksumUrl(url: string): string {
  return `${url}.sha256sum`
}

/** The path of a version's `.run` in a node's cache. */
export function cachedRunfile(directory: string, version: string): string {
  return `${directory.replace(/\/+$/, '')}/${runfileName(version)}`
}

/**
 * The file next to a cached `.run` with its sha256 in the format of sha256sum, written after verification.
 */
export function checksumRecord(runfile: string): string {
  return `${runfile}.sha256`
}

/**
 * The version in the URL or file name of a `.run`; undefined if the name has none. Recognizes
 * `NVIDIA-Linux-x86_64-580.95.05.run` and its variants `-no-compat32`, `-vgpu-kvm`, `-grid`.
 */
export function versionOfRunfile(urlOrName: string): string | undefined {
  const path = urlOrName.replace(/[?#].*$/, '')
  const name = path.slice(path.lastIndexOf('/') + 1)
  const found = /^NVIDIA-Linux-[a-z0-9_]+-([0-9.]+?)(?:-[a-z][a-z0-9-]*)?\.run$/.exec(name)
  const version = found?.[1]
  return version !== undefined && new RegExp(driverVersionPattern).test(version) ? version : undefined
}

/**
 * The version of the `.run` that a script installs; undefined if it names none. The last one counts: the helper first
 * gets that of the driver to which it returns after a failure.
 */
export function versionInScript(script: string): string | undefined {
  const name = [...script.matchAll(/NVIDIA-Linux-[\w.-]+\.run(?![\w.])/g)].at(-1)?.[0]
  return name === undefined ? undefined : versionOfRunfile(name)
}

/**
 * The sha256 of one file out of a checksum file: lines `HASH  NAME` or `HASH *NAME` (sha256sum), `SHA256
 * (NAME) = HASH` (BSD), or a hash alone. Lower case; undefined if the file does not list it.
 */
export function sha256FromFile(text: string, name: string): string | undefined {
  for (const line of text.split('\n')) {
    const plain = /^\s*([0-9a-fA-F]{64})(?:\s+\*?(\S+))?\s*$/.exec(line)
    if (plain?.[1] !== undefined && (plain[2] === undefined || baseName(plain[2]) === name))
      return plain[1].toLowerCase()
    const bsd = /^SHA256 \((.+)\) = ([0-9a-fA-F]{64})\s*$/.exec(line)
    if (bsd?.[1] !== undefined && baseName(bsd[1]) === name) return bsd[2]?.toLowerCase()
  }
  return undefined
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
