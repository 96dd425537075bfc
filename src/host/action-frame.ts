/**
 * A window: actions of one or more tasks that go to a machine together, run in order, and stop at the first
 * failure. All changes of a host go through it.
 *
 * Steps that can share a frame travel in one. Steps that need more than a script (large files, downloads,
 * power actions, detached programs) have their own executors. Each step runs under its lock and its
 * expectations, and is reported as it ends.
 */
import type { Action, Run } from './action.ts'
import { revealed } from './content.ts'
import { writeControllerFile } from './executors/controller-file.ts'
import { download } from './executors/download.ts'
import { fetchFile } from './executors/fetch.ts'
import { type FileAction, fileStep } from './executors/file-steps.ts'
import { freshNonce, frameTimeout, type FrameResult, sendFrame } from './executors/send-frame.ts'
import type { FrameStep } from './executors/frame-step.ts'
import { outcome } from './executors/outcome.ts'
import { containerPower, rebootMachine } from './executors/restarts.ts'
import { push } from './executors/push.ts'
import { programOutcome, programStep, runDetached } from './executors/run-program.ts'
import type { ActionResult, ExecutionContext, MachineAccess } from './access.ts'
import { expectedNow } from './expected-now.ts'
import type { Step, StepResult, WindowContext } from './step.ts'

export type { Step, StepResult, WindowContext } from './step.ts'

/**
 * Carries out the steps of a task's host, there or on its node. A failure of the host is a result, never an
 * exception. After an interruption, the remaining steps are `notBegun`.
 * @throws UnreachableError if no shell can be opened; the reason of `MachineAccess.signal` if that aborts
 */
export async function carryOut(
  steps: readonly Step[],
  machine: MachineAccess,
  context: WindowContext,
): Promise<readonly StepResult[]> {
  const settled = expectedNow(steps)
  const results: StepResult[] = []
  while (results.length < settled.length) {
    const first = settled[results.length]
    if (first === undefined || context.signal.aborted || results.some(({ kind }) => kind !== 'done')) break
    const run = frameFrom(settled, results.length)
    const ended =
      run.length > 0
        ? await carryOutFrame(run, {
            machine: targetOf(first.action, machine),
            context,
            offset: results.length,
            last: results.length + run.length === settled.length && first.action.on !== 'node',
          })
        : [await carryOutAlone(first, machine, { context, index: results.length })]
    results.push(...ended)
  }
  return settled.map((_, index) => results[index] ?? { kind: 'notBegun' })
}

interface FrameAction {
  readonly action: FileAction | Run
  readonly step: Step
}

/** The content limit of a frame, in bytes; a larger file gets its own frame. */
const frameContent = 64 * 1024

/** The steps from `start` that can share a frame: all on one machine, within the content limit. */
function frameFrom(steps: readonly Step[], start: number): readonly FrameAction[] {
  const run: FrameAction[] = []
  let content = 0
  for (const step of steps.slice(start)) {
    const action = inFrame(step.action)
    if (action === undefined || (action.on ?? 'host') !== (steps[start]?.action.on ?? 'host')) break
    content += contentSize(action)
    if (content > frameContent && run.length > 0) break
    run.push({ action, step })
  }
  return run
}

function inFrame(action: Action): FileAction | Run | undefined {
  switch (action.kind) {
    case 'writeFile':
      return action.content.kind === 'controllerFile' ? undefined : action
    case 'run':
      return action.detached === undefined ? action : undefined
    case 'setAttributes':
    case 'makeDirectory':
    case 'makeLink':
    case 'remove':
      return action
    case 'download':
    case 'push':
    case 'fetch':
    case 'containerPower':
    case 'reboot':
      return undefined
  }
}

function contentSize(action: FileAction | Run): number {
  if (action.kind === 'writeFile' && action.content.kind === 'text')
    return revealed(action.content.text).length
  return action.kind === 'run' && action.stdin !== undefined ? revealed(action.stdin).length : 0
}

interface Conclusion {
  readonly step: FrameStep
  readonly conclude: (result: Exclude<FrameResult, { kind: 'notBegun' }>) => Promise<ActionResult>
}

interface FramePlace {
  readonly machine: MachineAccess
  readonly context: WindowContext
  /** The position of the frame's first step in the window. */
  readonly offset: number
  /** The frame is the last of the window, and runs on the host itself. */
  readonly last: boolean
}

async function carryOutFrame(
  actions: readonly FrameAction[],
  { machine, context, offset, last: ends }: FramePlace,
): Promise<readonly StepResult[]> {
  const prepared = actions.map(({ action, step }) => prepare(action, step, { machine, context }))
  const steps = prepared.map(({ step }) => step)
  let reported = 0
  const report = (index: number, result: ActionResult): void => {
    // Reports in order, each step once.
    if (index !== reported) return
    reported += 1
    context.finished?.(offset + index, result)
  }
  const last = steps.length - 1
  const ended = await sendFrame(steps, machine, {
    ...context,
    timeout: frameTimeout(steps),
    onWay: ends ? context.onWay?.bind(context) : undefined,
    // The output of the last step arrives with the end of the frame.
    done: (index) => {
      if (index < last || steps[index]?.work.kind === 'files') report(index, { kind: 'done' })
    },
  })
  const results: StepResult[] = []
  for (const [index, { conclude }] of prepared.entries()) {
    const result = ended[index] ?? { kind: 'notBegun' }
    if (result.kind === 'notBegun') results.push(result)
    else {
      const concluded = await conclude(result)
      results.push(concluded)
      report(index, concluded)
    }
  }
  return results
}

function prepare(
  action: FileAction | Run,
  { expects, notes }: Step,
  { machine, context }: Pick<FramePlace, 'machine' | 'context'>,
): Conclusion {
  if (action.kind === 'run') {
    return {
      step: programStep(action, { expects, notes }),
      conclude: (result) => programOutcome(action, machine, result),
    }
  }
  const { step, telling } = fileStep(action, { expects, notes, nonce: freshNonce(context) })
  return { step, conclude: (result) => outcome(machine, result, telling) }
}

async function carryOutAlone(
  step: Step,
  machine: MachineAccess,
  { context, index }: { readonly context: WindowContext; readonly index: number },
): Promise<StepResult> {
  const { action, expects, notes } = step
  const own: ExecutionContext = {
    ...context,
    expects,
    notes,
    progress: (message, done, total) => context.progress?.(index, message, done, total),
    log: (path, text) => context.log?.(index, path, text),
  }
  const result = await byExecutor(action, machine, own)
  context.finished?.(index, result)
  return result
}

async function byExecutor(
  action: Action,
  machine: MachineAccess,
  context: ExecutionContext,
): Promise<ActionResult> {
  const target = targetOf(action, machine)
  switch (action.kind) {
    case 'writeFile': {
      const { content } = action
      if (content.kind !== 'controllerFile') throw new Error(`${action.path} belongs into a frame`)
      return writeControllerFile({ ...action, content }, target, context)
    }
    case 'run':
      return runDetached(action, target, context)
    case 'download':
      return download(action, target, context)
    // A push runs on both machines.
    case 'push':
      return push(action, machine, context)
    case 'fetch':
      return fetchFile(action, target, context)
    case 'containerPower':
      return containerPower(action, target, context)
    case 'reboot':
      return rebootMachine(action, target, context)
    case 'setAttributes':
    case 'makeDirectory':
    case 'makeLink':
    case 'remove':
      throw new Error(`${action.path} belongs into a frame`)
  }
}

function targetOf(action: Action, machine: MachineAccess): MachineAccess {
  return action.on === 'node' ? (machine.node ?? machine) : machine
}
