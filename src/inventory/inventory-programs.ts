/** Inventory programs: `PROGRAM --list` prints groups and hosts as JSON, `PROGRAM --host NAME` variables of a host. */
import { spawnSync } from 'node:child_process'
import { isUtf8 } from 'node:buffer'
import { resolve } from 'node:path'
import { systemReason } from '../base/regular-file.ts'
import { problem, SourceFile } from '../language/source.ts'
import { readYaml, type YamlMap } from '../language/yaml.ts'
import type { InventoryBuilder } from './builder.ts'
import { readProgramOutput } from './program-output.ts'

/** What a program printed; `why` completes a sentence such as "X failed: ...". */
export type ProgramAnswer =
  | { readonly kind: 'output'; readonly text: string }
  | { readonly kind: 'failed'; readonly why: string; readonly hint: string }

/** Runs an inventory program and waits until it exits. */
export type RunProgram = (path: string, words: readonly string[]) => ProgramAnswer

/** Milliseconds. Programs that query clouds take up to a minute. */
const longest = 120_000

/** Bytes of output. */
const largest = 8 * 1024 * 1024

/** Runs programs on this machine, with this environment and without input. */
export function localPrograms(environment: Readonly<Record<string, string | undefined>>): RunProgram {
  return (path, words) => {
    const { error, signal, status, stdout, stderr } = spawnSync(resolve(path), words, {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: longest,
      killSignal: 'SIGKILL',
      maxBuffer: largest,
    })
    if (error !== undefined) return failedCall(error, path)
    if (status !== 0) {
      const end = signal === null ? `it exited with ${String(status)}` : `it was terminated by ${signal}`
      const [last] = stderr.toString('utf8').trimEnd().split('\n').slice(-1)
      const said = last === undefined || last === '' ? '' : `: ${last}`
      return { kind: 'failed', why: `${end}${said}`, hint: 'run it yourself to see all its messages' }
    }
    if (isUtf8(stdout)) return { kind: 'output', text: stdout.toString('utf8') }
    return { kind: 'failed', why: 'its output is not UTF-8 text', hint: 'correct the program' }
  }
}

function failedCall(error: Error, path: string): ProgramAnswer {
  const code = 'code' in error ? error.code : undefined
  if (code === 'ETIMEDOUT') {
    return {
      kind: 'failed',
      why: `it timed out after ${longest / 1000} s`,
      hint: 'save its output to a file, and use the file with -i',
    }
  }
  if (code === 'ENOBUFS') {
    return {
      kind: 'failed',
      why: `it printed more than ${largest / 1024 / 1024} MiB`,
      hint: 'make it print fewer variables',
    }
  }
  const hints: Readonly<Record<string, string>> = {
    EACCES: `make it executable: chmod +x ${path}; if it is no program, remove its first line`,
    ENOENT: 'check the interpreter in its first line',
  }
  const hint = typeof code === 'string' ? hints[code] : undefined
  return { kind: 'failed', why: systemReason(error), hint: hint ?? 'check its first line' }
}

/** Runs a program and reads what it prints. Hosts without variables in `_meta` are asked for with `--host`. */
export function readProgram(builder: InventoryBuilder, path: string, run: RunProgram): void {
  const root = outputOf(builder, path, { words: ['--list'], run })
  if (root === undefined) return
  readProgramOutput(builder, root, (host) => outputOf(builder, path, { words: ['--host', host], run }))
}

function outputOf(
  builder: InventoryBuilder,
  path: string,
  { words, run }: { readonly words: readonly string[]; readonly run: RunProgram },
): YamlMap | undefined {
  const called = [path, ...words].join(' ')
  const wrong = (message: string, hint: string): undefined => {
    const where = { file: path, line: 1, column: 1 }
    builder.values.problems.push(problem('inventory-program', message, { where, hint }))
  }
  const answer = run(path, words)
  if (answer.kind === 'failed') return wrong(`"${called}" failed: ${answer.why}`, answer.hint)
  if (answer.text.trim() === '' && words[0] === '--host') return undefined
  const hint = 'it must print a JSON object; messages belong on standard error'
  try {
    const data: unknown = JSON.parse(answer.text)
    if (typeof data !== 'object' || data === null || Array.isArray(data))
      return wrong(`"${called}" printed JSON, but no object`, hint)
  } catch (error) {
    const why = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : ''
    return wrong(`"${called}" did not print JSON: ${why}`, hint)
  }
  const { root, problems } = readYaml(new SourceFile(called, answer.text))
  builder.values.problems.push(...problems)
  return root?.kind === 'map' ? root : undefined
}
