/** Shorthands for steps of windows in tests. */
import { writeFileSync } from 'node:fs'
import type { Action, Content, Run, WriteFile } from '../action.ts'
import { sha256Of } from '../content.ts'
import type { Step, StepResult } from '../action-frame.ts'
import { createTestMachine } from './test-machine.ts'
import type { Scratch } from './scratch.ts'

export function step(action: Action, more: Partial<Step> = {}): Step {
  return { action, expects: new Map(), notes: [], ...more }
}

export function writeAction(path: string, text: string, more: Partial<WriteFile> = {}): WriteFile {
  return { kind: 'writeFile', path, content: { kind: 'text', text }, ...more }
}

/** A file of the controller with this text, as content by reference. */
export function controllerFile(path: string, text: string): Extract<Content, { kind: 'controllerFile' }> {
  writeFileSync(path, text)
  return { kind: 'controllerFile', path, size: Buffer.byteLength(text), sha256: sha256Of(text) }
}

export function runAction(script: string, more: Partial<Run> = {}): Run {
  return { kind: 'run', argv: ['sh', '-c', script], ...more }
}

export function here(
  dir: Scratch,
  environment: Readonly<Record<string, string>> = {},
): ReturnType<typeof createTestMachine> {
  return createTestMachine({ stateDirectory: dir.path('state'), environment })
}

export function kinds(results: readonly StepResult[]): readonly string[] {
  return results.map(({ kind }) => kind)
}

export function outputOf(result: StepResult | undefined): string | undefined {
  return result?.kind === 'done' ? result.reply?.stdout : undefined
}
