import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The licences of the packages in a bundle, which every copy must include.
 * @param inputs paths of bundled files, as reported by esbuild
 * @throws Error for a package without a licence
 */
export function licencesOf(root: string, inputs: readonly string[]): string {
  const folders = new Set(
    inputs.flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  )
  return [...folders]
    .map((folder) => licenceOf(join(root, folder)))
    .sort()
    .join(`\n${'-'.repeat(80)}\n\n`)
}

function licenceOf(folder: string): string {
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const { name, version, license } = manifest
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file))
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim())
  if (texts.length > 0) return `${name} ${version}\n\n${texts.join('\n\n')}\n`
  if (license === undefined) throw new Error(`${name} does not state its licence`)
  return `${name} ${version}\n\nLicensed under ${license}: https://spdx.org/licenses/${license}.html\n`
}

interface Manifest {
  readonly name: string
  readonly version: string
  /** An SPDX expression. */
  readonly license?: string
}
