/** Waits until the host answers. The engine connects; this module only says for how long it tries. */
import { defined } from '../../base/defined.ts'
import type { Host, KernelStatus } from '../../host/host.ts'
import { done, type Plan, settleAs } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export const waitForConnection = {
  name: 'wait_for_connection',
  summary: 'Waits until the host can be reached; as the first task, also before anything else is read there.',
  args,
  result,
  probe: (_: Args, host: Host) => host.kernel(),
  plan: (given) => delayed(given, done()),
  whileUnreachable: (given) =>
    delayed(
      given,
      settleAs({
        why: 'waiting until the host can be reached',
        timeout: given.timeout,
        ...defined({ sleep: given.sleep }),
      }),
    ),
  report: (_, { bootId }) => ({ boot_id: bootId }),
} satisfies Module<Args, KernelStatus>

function delayed({ delay }: Args, plan: Plan): Plan {
  return delay === 0 ? plan : { ...plan, pause: { seconds: delay } }
}
