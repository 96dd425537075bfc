/** The hosts of `--rerun-failed`: those on which the last recorded run of the same playbooks did not succeed. */
import { InputError, type Problem } from '../base/errors.ts'
import { problem } from '../language/source.ts'
import type { RecordedRun } from '../view/runs-text.ts'
import type { Context } from './context.ts'
import { linesOf, recordedRun, recordsOf, samePlaybooks } from './recorded-runs.ts'

export interface Rerun {
  readonly playbooks: readonly string[]
  readonly inventories: readonly string[]
  /** A run repeats only a real run, because a dry run has changed no host. */
  readonly check: boolean
}

/** @throws InputError if no such run is recorded, or if it succeeded on all hosts */
export function hostsToRerun(context: Pick<Context, 'world' | 'errors'>, wanted: Rerun): readonly string[] {
  const same = ({ started }: RecordedRun): boolean =>
    samePlaybooks(started.playbooks, wanted.playbooks, context.world) && (wanted.check || !started.check)
  for (const { id, path } of [...recordsOf(context, wanted.inventories)].reverse()) {
    const read = linesOf(path)
    const run = 'lines' in read ? recordedRun(read.lines) : undefined
    if (run === undefined || !same(run)) continue
    const hosts = unfinishedHosts(run)
    if (hosts.length === 0) throw new InputError([allSucceeded(id)])
    return hosts
  }
  throw new InputError([noRun(wanted)])
}

/** After a run that was killed, the state of no host is known. */
function unfinishedHosts({ started, finished }: RecordedRun): readonly string[] {
  if (finished === undefined) return started.hosts
  const left = new Set(finished.unfinished)
  return started.hosts.filter((host) => {
    const counts = finished.hosts[host]
    return left.has(host) || (counts?.failed ?? 0) > 0 || (counts?.unreachable ?? 0) > 0
  })
}

function allSucceeded(id: string): Problem {
  return problem('nothing-to-rerun', `the last run of these playbooks (${id}) succeeded on all hosts`, {
    hint: 'leave --rerun-failed out to run them on all hosts again',
  })
}

function noRun({ check }: Rerun): Problem {
  const what = check ? 'no run of these playbooks' : 'no run of these playbooks that changes hosts'
  return problem('nothing-to-rerun', `${what} is recorded for this inventory`, {
    hint: 'see "gpuplay runs" for the list, or leave --rerun-failed out',
  })
}
