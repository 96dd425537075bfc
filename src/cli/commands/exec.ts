import { type ExitCode, exitCodes, InputError, type Problem, UnreachableError } from '../../base/errors.ts'
import { commandLine } from '../../base/shell.ts'
import { privilege } from '../../fleet/targets.ts'
import { plainText } from '../../view/text.ts'
import type { Context } from '../context.ts'
import type { ConnectionFlags, InventoryFlags } from '../flags.ts'
import { chooseHosts, onEach } from '../hosts.ts'
import { reportProblems } from '../show.ts'

export interface ExecFlags extends InventoryFlags, ConnectionFlags {
  readonly forks: number
  readonly become: boolean
  readonly shell: boolean
}

type Ran = { readonly code: number; readonly output: string } | { readonly problem: Problem }

/** Ten minutes: for longer work write a task. */
const timeout = 600_000

/** `gpuplay exec PATTERN -i INV -- CMD`. No check mode, no idempotence: what it does is the person's own. */
export async function exec(this: Context, flags: ExecFlags, ...words: string[]): Promise<void> {
  try {
    this.setExitCode(await execute(this, flags, words))
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: 'auto' })
    this.setExitCode(exitCodes.invalidInput)
  }
}

async function execute(context: Context, flags: ExecFlags, words: readonly string[]): Promise<ExitCode> {
  const [pattern = '', ...argv] = words
  const script = flags.shell ? argv.join(' ') : commandLine(argv)
  const { names, run, connection } = await chooseHosts(context, pattern, flags)
  const { fleet, secrets } = run
  let worst = 0
  let unreached = false
  try {
    await onEach(names, flags.forks, async (name) => {
      const { machine } = fleet.host(name)
      const become = flags.become ? privilege('root', fleet.variable(name), connection) : machine.privilege
      const ran = await runOn(async () => {
        const shell = await machine.shell('exec', become)
        const reply = await shell.run(script, { timeout, signal: context.signal })
        switch (reply.kind) {
          case 'exited':
            return {
              code: reply.code,
              output: `${reply.stdout.toString('utf8')}${reply.stderr.toString('utf8')}`,
            }
          case 'timedOut':
            return { problem: { code: 'timed-out', message: 'it was ended after ten minutes' } }
          case 'lost':
            return { problem: { code: 'connection-lost', message: `the connection dropped: ${reply.why}` } }
        }
      })
      if ('problem' in ran) {
        unreached = true
        context.errors.write(`${name} | ${plainText(ran.problem.message)}\n`)
        if (ran.problem.hint !== undefined)
          context.errors.write(`${name} |   help: ${plainText(ran.problem.hint)}\n`)
        return
      }
      worst = Math.max(worst, ran.code)
      const lines = secrets.redact(plainText(ran.output)).replace(/\n$/, '').split('\n')
      const head = `${name} | exit ${ran.code}`
      context.output.write(
        ran.output === '' ? `${head}\n` : `${head}\n${lines.map((line) => `  ${line}`).join('\n')}\n`,
      )
    })
  } finally {
    await fleet.close()
  }
  if (unreached) return exitCodes.unreachable
  return worst === 0 ? exitCodes.success : exitCodes.task
}

async function runOn(work: () => Promise<Ran>): Promise<Ran> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UnreachableError) return { problem: error.problem }
    throw error
  }
}
