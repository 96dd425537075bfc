/** Reports a program that a task with `async` and `poll: 0` has started. */
import { isUnknown } from '../../base/unknown.ts'
import { endOfOutput } from '../../host/diagnose.ts'
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import { jobRuns } from '../../host/questions/jobs.ts'
import type { Module } from '../module.ts'
import { chomp } from '../../base/chomp.ts'
import { lines } from '../support/program.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly state: 'absent' | 'running' | 'died' | 'ended'
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export const asyncStatus = {
  name: 'async_status',
  summary: 'Reports a program that a task with async and poll: 0 has started.',
  args,
  result,
  probe,
  plan,
  report,
} satisfies Module<Args, Seen>

/** Bytes of each output. */
const largest = 700 * 1024

async function probe({ jid }: Args, host: Host): Promise<Seen> {
  if ((await host.stat(`${jid}/alive`)) === undefined)
    return { state: 'absent', code: 0, stdout: '', stderr: '' }
  // In this order: a program that ends meanwhile has written its status.
  const runs = await host.ask(jobRuns({ alive: `${jid}/alive` }))
  const [status, collected, stdout, stderr] = await Promise.all([
    host.text(`${jid}/status`),
    host.text(`${jid}/collected`),
    outputIn(`${jid}/log`, host),
    outputIn(`${jid}/errors`, host),
  ])
  const code = /^\d{1,3}\s*$/.test(status ?? collected ?? '') ? Number(status ?? collected) : undefined
  const state = code !== undefined ? 'ended' : runs ? 'running' : 'died'
  return { state, code: code ?? 0, stdout, stderr }
}

async function outputIn(path: string, host: Host): Promise<string> {
  const status = await host.stat(path)
  if (status === undefined) return ''
  if (!isUnknown(status.size) && status.size > largest) return `(${status.size} bytes in ${path})`
  return (await host.text(path)) ?? ''
}

function plan({ jid, mode }: Args, { state, code, stdout, stderr }: Seen): Plan {
  if (mode === 'cleanup') {
    if (state === 'running')
      return refuse({ code: 'job-running', message: `the program of ${jid} is still running` })
    return state === 'absent' ? done() : actions([{ kind: 'remove', path: jid, recursive: true }])
  }
  if (state === 'absent')
    return refuse({
      code: 'no-such-job',
      message: `there is no job ${jid} on this host`,
      hint: 'ask on the host, and as the user, that started it',
    })
  if (state === 'died')
    return refuse({
      code: 'job-died',
      message: `the program of ${jid} ended without an exit status: it was killed, or the host went down`,
    })
  if (state === 'running' || code === 0) return done()
  const said = endOfOutput({ stdout, stderr })
  const why = code === 124 || code === 137 ? 'its time ("async") was over' : `exit status ${code}`
  return refuse({
    code: 'program-failed',
    message: `the program failed: ${why}${said === '' ? '' : `: ${said}`}`,
  })
}

function report({ jid }: Args, { state, code, stdout, stderr }: Seen): Readonly<Record<string, unknown>> {
  const [out, err] = [chomp(stdout), chomp(stderr)]
  return {
    ansible_job_id: jid,
    started: true,
    finished: state === 'ended' || state === 'died',
    rc: code,
    stdout: out,
    stderr: err,
    stdout_lines: lines(out),
    stderr_lines: lines(err),
  }
}
