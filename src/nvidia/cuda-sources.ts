/**
 * NVIDIA's CUDA repository in apt's sources. If two entries for it have different `Signed-By`, or one has
 * none, apt refuses to read any source at all ("Conflicting values set for option Signed-By").
 */
import { entriesOf, type PlacedEntry } from '../apt/source-files.ts'

export interface CudaSource {
  readonly path: string
  readonly entry: PlacedEntry
  /** The entry as written in the file. */
  readonly text: string
  /** With https, without the final slash. */
  readonly url: string
}

const original = 'https://developer.download.nvidia.com/compute/cuda/repos'

/**
 * The directory of the repositories, without a slash at its end.
 * @param mirror Address of a copy of NVIDIA's directory `compute/cuda/repos`; empty: NVIDIA's own.
 */
export function cudaRepositories(mirror: string): string {
  return mirror === '' ? original : mirror.replace(/\/+$/, '')
}

export function cudaRepository(distribution: string, mirror: string): string {
  return `${cudaRepositories(mirror)}/${distribution}/x86_64`
}

/** Whether an entry is for this repository. */
export function isFor({ url }: CudaSource, repository: string): boolean {
  return url === normalUrl(repository)
}

/**
 * All enabled entries for a CUDA repository of any distribution, at NVIDIA or in the mirror. `files`: the texts
 * of apt's sources by path.
 */
export function findCudaSources(files: ReadonlyMap<string, string>, mirror: string): readonly CudaSource[] {
  const bases = [original, ...(mirror === '' ? [] : [mirror])].map((base) => `${normalUrl(base)}/`)
  const isOne = (uri: string): boolean => bases.some((base) => normalUrl(uri).startsWith(base))
  return [...files].flatMap(([path, text]) =>
    entriesOf(path, text).flatMap((entry) => {
      const url = entry.uris.find(isOne)
      if (url === undefined) return []
      const written = text.split('\n').slice(entry.from, entry.to).join('\n')
      return [{ path, entry, text: written, url: normalUrl(url) }]
    }),
  )
}

function normalUrl(url: string): string {
  return url.replace(/^http:/, 'https:').replace(/\/+$/, '')
}
