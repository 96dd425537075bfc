/**
 * How a cluster stands around the reboot of one of its nodes. The next node reboots only after this one is
 * back: before that, its votes and its part of the storage are missing.
 */
import { sh } from '../base/shell.ts'
import type { Run } from '../host/action.ts'
import { type CephProblems, parseHealth } from './ceph.ts'

export interface ClusterState {
  readonly quorate: boolean
  /** Empty without Ceph. */
  readonly ceph: CephProblems
}

const separator = '== ceph health'

/** Asks for the state; `parseClusterState` reads the output. */
export function askClusterState(): Run {
  const script = sh`pvecm status 2>/dev/null
echo ${separator}
[ -e /etc/pve/ceph.conf ] && command -v ceph >/dev/null 2>&1 || exit 0
ceph --connect-timeout 10 health --format json 2>&1
exit 0`
  return { kind: 'run', label: 'ask for the state of the cluster', argv: ['sh', '-c', script], timeout: 60 }
}

export function parseClusterState(printed: string): ClusterState {
  const [votes = '', health = ''] = printed.split(`${separator}\n`)
  return {
    quorate: /^Quorate:\s+Yes\s*$/m.test(votes),
    ceph: health.trim() === '' ? [] : (parseHealth(health) ?? [health.trim()]),
  }
}

/** Problems of Ceph that came with the reboot. */
export function newProblems(before: ClusterState, now: ClusterState): CephProblems {
  return now.ceph.filter((problem) => !before.ceph.includes(problem))
}
