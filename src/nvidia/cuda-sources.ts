/**
 * NVIDIA's CUDA repository in apt's sources. If two entries for it have different `Signed-By`, or one has
 * none, apt refuses to read any source at all ("Conflicting values set for option Signed-By"). Formats:
 * sources.list(5).
 */

export interface SourceFile {
  readonly path: string
  readonly text: string
}

export interface CudaSource {
  readonly path: string
  /** From 1; for a deb822 stanza, its first line. */
  readonly line: number
  /** The entry as written in the file. */
  readonly text: string
  /** With https, without the final slash. */
  readonly url: string
  readonly signedBy: string | undefined
}

const address = /^https?:\/\/developer\.download\.nvidia\.com\/compute\/cuda\/repos\/\S+/

export function cudaRepository(distribution: string): string {
  return `https://developer.download.nvidia.com/compute/cuda/repos/${distribution}/x86_64`
}

/** All enabled entries for a CUDA repository of any distribution. */
export function findCudaSources(files: readonly SourceFile[]): readonly CudaSource[] {
  return files.flatMap((file) => (file.path.endsWith('.sources') ? inStanzas(file) : inLines(file)))
}

/** The file with these entries disabled and everything else unchanged. */
export function withoutSources(file: SourceFile, sources: readonly CudaSource[]): string {
  const lines = file.text.split('\n')
  const starts = new Set(sources.filter(({ path }) => path === file.path).map(({ line }) => line))
  return lines
    .flatMap((line, index) => {
      if (!starts.has(index + 1)) return [line]
      return file.path.endsWith('.sources') ? ['Enabled: no', line] : [`# ${line}`]
    })
    .join('\n')
}

function inLines({ path, text }: SourceFile): readonly CudaSource[] {
  return text.split('\n').flatMap((line, index) => {
    const found = /^\s*deb(?:-src)?\s+(?:\[([^\]]*)\]\s+)?(\S+)/.exec(line)
    const url = found?.[2]
    if (url === undefined || !address.test(url)) return []
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(found?.[1] ?? '')?.[1]
    return [{ path, line: index + 1, text: line, url: normalUrl(url), signedBy }]
  })
}

function inStanzas({ path, text }: SourceFile): readonly CudaSource[] {
  const found: CudaSource[] = []
  let line = 1
  for (const stanza of text.split(/(?<=\n)(?=[ \t]*\n)/)) {
    const blank = stanza.length - stanza.trimStart().length
    const first = line + stanza.slice(0, blank).split('\n').length - 1
    line += stanza.split('\n').length - 1
    if (/^Enabled:\s*(no|false|0|off)\s*$/im.test(stanza)) continue
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}:[ \\t]*(.*(?:\\n[ \\t]+\\S.*)*)`, 'im').exec(stanza)?.[1]
    for (const url of (field('URIs') ?? '').split(/\s+/)) {
      if (!address.test(url)) continue
      const key = field('Signed-By')?.trim()
      found.push({ path, line: first, text: stanza.trim(), url: normalUrl(url), signedBy: key })
    }
  }
  return found
}

function normalUrl(url: string): string {
  return url.replace(/^http:/, 'https:').replace(/\/+$/, '')
}
