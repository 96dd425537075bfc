/**
 * `npm run build`: builds `dist/`. It bundles the program with its packages into chunks that are loaded on
 * demand, because loading about five hundred separate files took half of the time of a short run. tsc
 * generates the types of `src/index.ts`.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { pageScriptOptions } from '../src/base/built.ts'
import { licencesOf } from './licences.ts'
import { prepareValidators } from './validators.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  // Optional native parts of ssh2: without them, installing needs no compiler.
  external: ['*.node', 'cpu-features'],
  logLevel: 'warning',
  metafile: true,
} satisfies BuildOptions

async function main(): Promise<void> {
  rmSync(dist, { recursive: true, force: true })
  declareTypes()
  const validators = prepareValidators()
  const inputs = [
    await bundleProgram(validators.map(({ digest }) => digest)),
    await bundleLoaded(),
    await bundlePage(),
  ]
  writeFileSync(join(dist, 'LICENSES.txt'), licencesOf(root, inputs.flat()))

  /** Loaded by `src/base/built.ts`: CommonJS, which loads synchronously. */
  async function bundleLoaded(): Promise<readonly string[]> {
    const codes = new Map(validators.map(({ digest, code }) => [digest, code]))
    codes.set('ajv', "module.exports = require('ajv/dist/2020.js')")
    codes.set('jiti', "export { createJiti } from 'jiti/static'")
    codes.set('re2', "module.exports = require('re2js')")
    codes.set('age-worker', "require('./src/language/encrypted/age-worker.mjs')")
    const { metafile } = await build({
      ...common,
      entryPoints: [...codes.keys()].map((name) => ({ in: `loaded:${name}`, out: name })),
      format: 'cjs',
      minify: true,
      outdir: join(dist, 'loaded'),
      outExtension: { '.js': '.cjs' },
      plugins: [virtual(/^loaded:/, (path) => codes.get(path.replace('loaded:', '')))],
    })
    return Object.keys(metafile.inputs)
  }
}

/** The script of reports. Each report is a copy of its packages, so it has their licences. */
async function bundlePage(): Promise<readonly string[]> {
  const { metafile, outputFiles } = await build({
    ...pageScriptOptions,
    absWorkingDir: root,
    write: false,
    metafile: true,
  })
  const inputs = Object.keys(metafile.inputs)
  const licences = licencesOf(root, inputs).replaceAll('\r', '')
  const script = outputFiles.map(({ text }) => text).join('')
  mkdirSync(join(dist, 'loaded'), { recursive: true })
  writeFileSync(join(dist, 'loaded', 'report-page.js'), `/*\n${licences}*/\n${script}`)
  return inputs
}

async function bundleProgram(digests: readonly string[]): Promise<readonly string[]> {
  const built = `import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
const load = createRequire(import.meta.url)
const digests = new Set(${JSON.stringify(digests)})
export const loadAjv = () => load('../loaded/ajv.cjs').Ajv2020
export const loadRe2 = () => load('../loaded/re2.cjs').RE2JS
export const ageWorker = () => new URL('../loaded/age-worker.cjs', import.meta.url)
export const pageScript = () => readFileSync(new URL('../loaded/report-page.js', import.meta.url), 'utf8')
export const loadJiti = () => load('../loaded/jiti.cjs').createJiti
export const preparedValidator = (digest) => digests.has(digest) ? load(\`../loaded/\${digest}.cjs\`) : undefined
`
  const { metafile } = await build({
    ...common,
    entryPoints: {
      'cli/main': 'src/cli/main.ts',
      index: 'src/index.ts',
      'custom-module': 'src/custom-module.ts',
    },
    format: 'esm',
    splitting: true,
    sourcemap: 'linked',
    sourcesContent: false,
    outdir: dist,
    chunkNames: 'cli/[name]-[hash]',
    // CommonJS packages expect these.
    banner: {
      js: "import { createRequire as gpuplayRequire } from 'node:module'; const require = gpuplayRequire(import.meta.url), __dirname = import.meta.dirname, __filename = import.meta.filename;",
    },
    // Without this package, Handlebars works without source maps.
    plugins: [instead(join(root, 'src/base/built.ts'), built), virtual(/^source-map$/, () => '')],
  })
  return Object.keys(metafile.inputs)
}

/** Replaces the content of a file. */
function instead(file: string, contents: string): Plugin {
  return {
    name: 'instead',
    setup(bundler) {
      bundler.onLoad({ filter: /\/built\.ts$/ }, ({ path }) =>
        path === file ? { contents, loader: 'js', resolveDir: dirname(file) } : undefined,
      )
    },
  }
}

/** Virtual files of the bundle. */
function virtual(filter: RegExp, textOf: (path: string) => string | undefined): Plugin {
  return {
    name: 'virtual',
    setup(bundler) {
      bundler.onResolve({ filter }, ({ path }) => ({ path, namespace: 'virtual' }))
      bundler.onLoad({ filter, namespace: 'virtual' }, ({ path }) => {
        const contents = textOf(path)
        return contents === undefined ? undefined : { contents, loader: 'js', resolveDir: root }
      })
    },
  }
}

function declareTypes(): void {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', root, '--emitDeclarationOnly'], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error(`tsc exited with status ${status}`)
}

await main()
