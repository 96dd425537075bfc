/** Sends queries to a real shell, and records them. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { HostError } from '../../base/errors.ts'
import type { RunOptions } from '../../connection/connection.ts'
import { type Batcher, createBatcher } from '../batch.ts'
import { createLocalShell } from './local-shell.ts'
import type { Scratch } from './scratch.ts'

/** A batcher over a real shell, and its record. */
export interface Asking {
  readonly batcher: Batcher
  /** The scripts that were sent, in order. */
  readonly sent: { readonly script: string; readonly options: RunOptions }[]
}

/** Creates a batcher over a real shell, which opens when `opened` resolves. */
export function asking(
  environment: Readonly<Record<string, string>> = {},
  opened: Promise<void> = Promise.resolve(),
): Asking {
  const local = createLocalShell(environment)
  const sent: Asking['sent'] = []
  const shell = {
    ...local,
    run: (script: string, options: RunOptions) => {
      sent.push({ script, options })
      return local.run(script, options)
    },
  }
  const { signal } = new AbortController()
  const nonce = (): string => '0123456789abcdef0123456789abcdef'
  const open = async (): Promise<typeof shell> => {
    await opened
    return shell
  }
  return { batcher: createBatcher({ hostName: 'pve1', shell: open, signal, nonce }), sent }
}

/** Creates fake programs in a directory at the head of PATH. */
export function programs(dir: Scratch, scripts: Readonly<Record<string, string>>): { readonly PATH: string } {
  mkdirSync(dir.path('bin'))
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(dir.path(`bin/${name}`), `#!/bin/sh\n${script}\n`)
    chmodSync(dir.path(`bin/${name}`), 0o755)
  }
  return { PATH: `${dir.path('bin')}:${process.env['PATH'] ?? ''}` }
}

/** The answer, or the code, message and hint of the failure. */
export async function outcomeOf(asked: Promise<unknown>): Promise<unknown> {
  try {
    return await asked
  } catch (error) {
    if (!(error instanceof HostError)) throw error
    const { code, message, hint } = error.problem
    return [code, message, ...(hint === undefined ? [] : [hint])]
  }
}

/** The text of an answer. */
export function textOf(answer: { readonly text: string } | undefined): string | undefined {
  return answer?.text
}
