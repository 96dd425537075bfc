/**
 * Reads a module in TypeScript without a build step: jiti removes the types, and the code runs with nothing but
 * `gpuplay/module` and the files beside it. This prevents accidents, not attacks: whoever writes modules also
 * writes playbooks.
 */
import { dirname, join } from 'node:path'
import { Script } from 'node:vm'
import { loadJiti } from '../../base/built.ts'
import type { Position, Problem } from '../../base/errors.ts'
import * as customModuleApi from '../../custom-module.ts'
import { type Files, readText } from '../../language/read-files.ts'
import { problem, SourceFile } from '../../language/source.ts'
import { checkShape, type LoadedModule } from './module-shape.ts'

/** @param name the name that the file stands for */
export function loadCustomModule(path: string, name: string, files: Files): LoadedModule {
  const problems: Problem[] = []
  const sources = new Map<string, SourceFile>()
  try {
    const exported = evaluate(path, { files, problems, sources, done: new Map() })
    const source = sources.get(path)
    if (source === undefined || problems.length > 0) return { module: undefined, problems }
    return checkShape(exported['default'], name, source)
  } catch (error) {
    if (error instanceof Refused) return { module: undefined, problems: [...problems, error.problem] }
    return { module: undefined, problems: [...problems, thrown(error, path, sources)] }
  }
}

/** A mistake ends the loading. */
class Refused extends Error {
  readonly problem: Problem
  constructor(mistake: Problem) {
    super(mistake.message)
    this.problem = mistake
  }
}

type Exports = Record<string, unknown>

interface Loading {
  readonly files: Files
  readonly problems: Problem[]
  readonly sources: Map<string, SourceFile>
  /** By path, so that two imports give the same values. */
  readonly done: Map<string, Exports>
}

/** Names of the process that a module has no use for: it reads hosts through `host`. */
const hidden =
  'process global globalThis fetch setTimeout setInterval setImmediate queueMicrotask performance WebAssembly'.split(
    ' ',
  )

/** @throws Refused; whatever the code throws */
function evaluate(path: string, loading: Loading): Exports {
  const { files, problems, sources, done } = loading
  const known = done.get(path)
  if (known !== undefined) return known
  const text = readText(files, path, problems)
  if (text === undefined) throw new Refused(problems.pop() ?? missing(path))
  const source = new SourceFile(path, text)
  sources.set(path, source)
  const exported: Exports = {}
  done.set(path, exported)
  const code = transpiled(source)
  const parameters = ['exports', 'require', ...hidden].join(', ')
  // The code begins on the first line, so that positions in errors are those of the file.
  const script = new Script(`(function (${parameters}) {${code}\n})`, { filename: path })
  const run: unknown = script.runInThisContext()
  if (typeof run !== 'function') throw new Error(`${path} is no script`)
  const take = (wanted: string): unknown => imported(wanted, source, loading)
  run.call(undefined, exported, take)
  return exported
}

function missing(path: string): Problem {
  return problem('missing-file', `there is no file ${path}`)
}

/** @throws Refused for code that cannot be parsed */
function transpiled(source: SourceFile): string {
  const jiti = loadJiti()('/', { fsCache: false, moduleCache: false })
  const code = jiti.transform({ source: source.text, filename: source.file, ts: true })
  // jiti reports a mistake in code that would run.
  const [, said] = /^exports\.__JITI_ERROR__ = (\{.*\})$/m.exec(code) ?? []
  if (said === undefined) {
    if (code.includes('jitiImport(')) throw new Refused(notAllowed('while it runs', source, 'import('))
    return code
  }
  const { line = 1, column = 0, message = '' }: Partial<ParseError> = JSON.parse(said)
  throw new Refused(
    problem('invalid-module', `cannot read ${source.file}: ${message.trim()}`, {
      where: source.position(source.lineStart(line) + column),
      hint: 'modules are TypeScript with `export default`',
    }),
  )
}

interface ParseError {
  readonly line: number
  readonly column: number
  readonly message: string
}

function imported(wanted: string, source: SourceFile, loading: Loading): unknown {
  if (wanted === 'gpuplay/module') return customModuleApi
  if (!/^\.\.?\//.test(wanted)) throw new Refused(notAllowed(JSON.stringify(wanted), source, wanted))
  const path = join(dirname(source.file), wanted)
  if (!path.endsWith('.ts'))
    throw new Refused(
      problem('invalid-module', `${source.file} imports ${JSON.stringify(wanted)}, which is no TypeScript`, {
        where: placeOf(source, wanted),
        hint: 'write the whole name of the file, such as "./text.ts"',
      }),
    )
  if (loading.files.kind(path) === undefined)
    throw new Refused(problem('missing-file', `there is no file ${path}`, { where: placeOf(source, wanted) }))
  return evaluate(path, loading)
}

function notAllowed(what: string, source: SourceFile, text: string): Problem {
  return problem('invalid-module', `a module cannot import ${what}`, {
    where: placeOf(source, text),
    hint: 'modules read hosts through `host`, and change nothing themselves: import "gpuplay/module" and "./FILE.ts"',
  })
}

function placeOf(source: SourceFile, text: string): Position {
  return source.position(Math.max(0, source.text.indexOf(text)), text.length)
}

/** An error of the code itself, with the place where it was thrown. */
function thrown(error: unknown, path: string, sources: ReadonlyMap<string, SourceFile>): Problem {
  const said = error instanceof Error ? error.message : String(error)
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  for (const [file, source] of sources) {
    const at = stack.indexOf(`${file}:`)
    const [, line] = at === -1 ? [] : (/^:(\d+)/.exec(stack.slice(at + file.length)) ?? [])
    if (line !== undefined)
      return problem('invalid-module', `cannot load ${path}: ${said}`, {
        where: source.position(source.lineStart(Number(line))),
      })
  }
  return problem('invalid-module', `cannot load ${path}: ${said}`)
}
