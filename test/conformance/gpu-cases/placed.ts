/** Shared parts of the cases for GPUs. */
import type { ConformanceCase, Registered } from '../conformance.ts'

export type PlacedCase = ConformanceCase & { readonly on: string }

/** The installed driver and the one that replaces it. */
export const version = '580.95.05'
export const other = '590.48.01'
export const containers = [{ ctid: '101' }, { ctid: '102' }]
export const runfile = (wanted: string): string => `/var/cache/gpuplay/NVIDIA-Linux-x86_64-${wanted}.run`

/** A list of texts that an earlier case registered. */
export function strings(registered: Registered, name: string, field: string): readonly string[] {
  const found = registered.get(name)?.[field]
  if (!Array.isArray(found)) throw new Error(`${name} registered no ${field}`)
  return found.map(String)
}
