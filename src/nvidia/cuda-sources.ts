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

const address = /^https?:\/\/developer\.download\.nvidia\.com\/compute\/cuda\/repos\/\S+/

export function cudaRepository(distribution: string): string {
  return `https://developer.download.nvidia.com/compute/cuda/repos/${distribution}/x86_64`
}

/**
 * All enabled entries for a CUDA repository of any distribution. `files`: the texts of apt's sources by path.
 */
export function findCudaSources(files: ReadonlyMap<string, string>): readonly CudaSource[] {
  return [...files].flatMap(([path, text]) =>
    entriesOf(path, text).flatMap((entry) => {
      const url = entry.uris.find((uri) => address.test(uri))
      if (url === undefined) return []
      const written = text.split('\n').slice(entry.from, entry.to).join('\n')
      return [{ path, entry, text: written, url: normalUrl(url) }]
    }),
  )
}

function normalUrl(url: string): string {
  return url.replace(/^http:/, 'https:').replace(/\/+$/, '')
}
