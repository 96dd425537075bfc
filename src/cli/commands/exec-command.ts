import {
  type ExitCode,
  exitCodes,
  HostError,
  InputError,
  lowestFailure,
  type Problem,
  UnreachableError,
} from '../../base/errors.ts'
import { commandLine } from '../../base/shell.ts'
import type { ShellReply } from '../../connection/connection.ts'
import { plainText } from '../../view/text.ts'
import { configured } from '../configuration.ts'
import type { Configuration } from '../configuration-keys.ts'
import type { Context } from '../context.ts'
import type { ConnectionFlags, InventoryFlags } from '../flags.ts'
import { chooseHosts, onEach } from '../hosts.ts'
import { reportHost, reportProblems } from '../show.ts'

export interface ExecFlags extends InventoryFlags, ConnectionFlags, Partial<Pick<Configuration, 'forks'>> {
  readonly shell: boolean
}

type Ran =
  | { readonly code: number; readonly output: string }
  | { readonly problem: Problem; readonly exitCode: ExitCode }

/** Ten minutes. Longer work belongs in a task. */
const timeout = 600_000

/**
 * `gpuplay exec PATTERN -i INV -- CMD`. It has no check mode and is not idempotent: the user answers for the
 * effects of the command.
 */
export async function execCommand(this: Context, flags: ExecFlags, ...words: string[]): Promise<void> {
  try {
    this.setExitCode(await execute(this, flags, words))
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: 'auto' })
    this.setExitCode(exitCodes.invalidInput)
  }
}

async function execute(context: Context, given: ExecFlags, words: readonly string[]): Promise<ExitCode> {
  const flags = { ...given, ...configured(context, given) }
  const [pattern = '', ...argv] = words
  const script = flags.shell ? argv.join(' ') : commandLine(argv)
  const { names, run } = await chooseHosts(context, pattern, flags)
  const { fleet, secrets } = run
  const ended: ExitCode[] = []
  try {
    await onEach(names, flags.forks, async (name) => {
      const { machine } = fleet.host(name)
      const ran = await runOn(context.signal, async () => {
        const shell = await machine.shell('exec', machine.privilege)
        return outcomeOf(await shell.run(script, { timeout, signal: context.signal }))
      })
      if ('problem' in ran) {
        ended.push(ran.exitCode)
        reportHost(context, name, secrets.redact(ran.problem))
        return
      }
      ended.push(ran.code === 0 ? exitCodes.success : exitCodes.task)
      const lines = secrets.redact(plainText(ran.output)).replace(/\n$/, '').split('\n')
      const head = `${name} | exit ${ran.code}`
      context.output.write(
        ran.output === '' ? `${head}\n` : `${head}\n${lines.map((line) => `  ${line}`).join('\n')}\n`,
      )
      if (ran.code === 127 && !flags.shell && argv.length === 1 && /[\s|;&<>$]/.test(script))
        context.errors.write(
          `${name} |   help: gpuplay got the whole command as one word; remove the quotes, or add --shell\n`,
        )
    })
  } finally {
    await fleet.close()
  }
  if (context.signal.aborted) return exitCodes.interrupted
  return lowestFailure(ended) ?? exitCodes.success
}

function outcomeOf(reply: ShellReply): Ran {
  switch (reply.kind) {
    case 'exited':
      return { code: reply.code, output: `${reply.stdout.toString('utf8')}${reply.stderr.toString('utf8')}` }
    case 'timedOut':
      return {
        exitCode: exitCodes.task,
        problem: {
          code: 'timed-out',
          message: 'timed out after 600 s; the command was stopped',
          hint: 'write a task for longer work: `command` has a `timeout`',
        },
      }
    case 'lost':
      return {
        exitCode: exitCodes.unreachable,
        problem: {
          code: 'connection-lost',
          message: `the connection dropped; the command may or may not have finished: ${reply.why}`,
        },
      }
  }
}

async function runOn(signal: AbortSignal, work: () => Promise<Ran>): Promise<Ran> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UnreachableError) return { problem: error.problem, exitCode: exitCodes.unreachable }
    if (error instanceof HostError) return { problem: error.problem, exitCode: exitCodes.task }
    if (!signal.aborted) throw error
    const problem = { code: 'interrupted', message: 'interrupted; the command was stopped' }
    return { problem, exitCode: exitCodes.interrupted }
  }
}
