/**
 * Writes a file whose content comes from the controller: sends it to a temporary file next to the target,
 * compares it, and renames it.
 */
import { HostError } from '../../base/errors.ts'
import { sh } from '../../base/shell.ts'
import type { Content, WriteFile } from '../action.ts'
import { ConnectionLostError } from '../connection-lost.ts'
import type { ActionResult, ExecutionContext, MachineAccess } from '../access.ts'
import { remotePath } from '../paths.ts'
import { fileStep } from './file-steps.ts'
import { freshNonce } from './send-frame.ts'
import { runStep } from './guarded.ts'
import { outcome } from './outcome.ts'

/** Milliseconds to compare and place a large file. */
const placeTimeout = 10 * 60_000

export type ControllerFile = Extract<Content, { kind: 'controllerFile' }>

export async function writeControllerFile(
  action: WriteFile & { readonly content: ControllerFile },
  machine: MachineAccess,
  context: ExecutionContext,
): Promise<ActionResult> {
  const path = remotePath(action.path)
  // The name is the same for each attempt, so that a new one overwrites the remains of an interrupted one.
  const staged = stagedPath(path)
  const sent = await send(action.content, staged, { machine, context })
  if (sent) return sent
  const { expects, notes } = context
  const { step, telling } = fileStep(action, { expects, notes, nonce: freshNonce(context), staged })
  const result = await runStep(step, machine, { context, timeout: placeTimeout })
  if (result.kind === 'stale' || result.kind === 'failed') {
    const shell = await machine.shell()
    await shell.run(sh`rm -f -- ${staged}`, { timeout: 60_000, signal: machine.signal })
  }
  return outcome(machine, result, telling)
}

/** Sends the content. Returns the failure, or undefined. */
async function send(
  content: ControllerFile,
  to: string,
  { machine, context }: { readonly machine: MachineAccess; readonly context: ExecutionContext },
): Promise<ActionResult | undefined> {
  context.signal.throwIfAborted()
  try {
    await machine.upload(content.path, to, {
      sha256: content.sha256,
      signal: machine.signal,
      progress: (done) => context.progress?.(`sending ${content.path}`, done, content.size),
    })
    return undefined
  } catch (error) {
    if (error instanceof ConnectionLostError) return { kind: 'lost', why: error.message }
    if (error instanceof HostError) return { kind: 'failed', problem: error.problem }
    throw error
  }
}

function stagedPath(path: string): string {
  const slash = path.lastIndexOf('/')
  return `${path.slice(0, slash)}/.gpuplay-upload-${path.slice(slash + 1)}`
}
