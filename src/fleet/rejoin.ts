/** Waits until a rebooted node is a full member of its cluster again. */
import {
  askClusterState,
  type ClusterState,
  newProblems,
  parseClusterState,
} from '../proxmox/cluster-state.ts'
import type { Run } from '../host/action.ts'

export interface Rejoin {
  readonly node: string
  readonly carryOut: (action: Run) => Promise<string>
  readonly sleep: (milliseconds: number) => Promise<void>
  readonly warn: (message: string) => void
}

/** Seconds. Corosync needs a few; after a boot, Ceph's OSDs start and catch up. */
const longest = { quorum: 120, ceph: 300 } as const
const pause = 2

export async function clusterState({ carryOut }: Pick<Rejoin, 'carryOut'>): Promise<ClusterState> {
  return parseClusterState(await carryOut(askClusterState()))
}

/** Nothing can be started on a node without quorum. Returns with a warning if the cluster does not come back. */
export async function awaitQuorum(before: ClusterState, rejoin: Rejoin): Promise<void> {
  if (!before.quorate) return
  const seconds = longest.quorum
  const back = await until(seconds, rejoin, ({ quorate }) => quorate)
  if (back === undefined) return
  rejoin.warn(`${rejoin.node} is back, but has no quorum in its cluster after ${seconds} s`)
}

/** Returns with a warning if Ceph has problems that it did not have before. */
export async function awaitCeph(before: ClusterState, rejoin: Rejoin): Promise<void> {
  const seconds = longest.ceph
  const late = await until(seconds, rejoin, (now) => newProblems(before, now).length === 0)
  if (late === undefined) return
  const problems = newProblems(before, late).join('; ')
  rejoin.warn(`${rejoin.node} is back, but Ceph has not recovered after ${seconds} s: ${problems}`)
}

/** Undefined as soon as the state is right; the last state if it never was. */
async function until(
  seconds: number,
  rejoin: Rejoin,
  isRight: (state: ClusterState) => boolean,
): Promise<ClusterState | undefined> {
  for (let waited = 0; ; waited += pause) {
    const state = await clusterState(rejoin)
    if (isRight(state)) return undefined
    if (waited >= seconds) return state
    await rejoin.sleep(pause * 1000)
  }
}
