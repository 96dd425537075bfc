/**
 * The parts of gpuplay that the build generates: `scripts/build.ts` bundles its own file instead of this one.
 * gpuplay uses this one when it runs from its sources, where nothing is generated.
 *
 * Loads packages that most runs do not need. Loading is synchronous because it happens while a file is being
 * read.
 */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { ValidateFunction } from 'ajv'
import type { Ajv2020 } from 'ajv/dist/2020.js'
import type { BuildOptions, buildSync } from 'esbuild'
import type { createJiti } from 'jiti'
import type { RE2JS } from 're2js'

export function loadAjv(): typeof Ajv2020 {
  const ajv: { readonly Ajv2020: typeof Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js')
  return ajv.Ajv2020
}

/** RE2: regular expressions that match in time linear in the text. */
export function loadRe2(): typeof RE2JS {
  const re2: { readonly RE2JS: typeof RE2JS } = createRequire(import.meta.url)('re2js')
  return re2.RE2JS
}

/** jiti turns TypeScript into JavaScript. */
export function loadJiti(): typeof createJiti {
  const jiti: { readonly createJiti: typeof createJiti } = createRequire(import.meta.url)('jiti')
  return jiti.createJiti
}

/** The validator for the schema with this digest; `json-schema` is the one for JSON Schemas themselves. */
export function preparedValidator(_digest: string): ValidateFunction | undefined {
  return undefined
}

/** The module of the thread that decrypts (`src/language/encrypted/age-worker.mjs`). */
export function ageWorker(): URL {
  return new URL('../language/encrypted/age-worker.mjs', import.meta.url)
}

/** How the page's script of a report is bundled: one classic script for current browsers, in ASCII. */
export const pageScriptOptions = {
  entryPoints: [fileURLToPath(new URL('../view/page/page-main.ts', import.meta.url))],
  bundle: true,
  platform: 'browser',
  format: 'iife',
  target: ['chrome123', 'firefox120', 'safari17.5'],
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
} satisfies BuildOptions

/** The script that draws a report in a browser. The built one has the licences of its packages. */
export function pageScript(): string {
  const esbuild: { readonly buildSync: typeof buildSync } = createRequire(import.meta.url)('esbuild')
  const { outputFiles } = esbuild.buildSync({ ...pageScriptOptions, write: false })
  return outputFiles.map(({ text }) => text).join('')
}
