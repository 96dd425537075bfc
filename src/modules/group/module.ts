/** Creates, changes or removes a group of the host (groupadd(8), groupmod(8), groupdel(8)). */
import { known, knownOr, Unknown } from '../../base/unknown.ts'
import type { Action } from '../../host/action.ts'
import type { GroupStatus, Host } from '../../host/host.ts'
import { actions, done, type Plan } from '../../host/plan.ts'
import { groupKind } from '../../host/resources/group.ts'
import type { Module } from '../module.ts'
import { accountsChange, anyAccount } from '../support/accounts.ts'
import { args, type Args, result } from './args.ts'

export const group = {
  name: 'group',
  summary: 'Creates or removes a group.',
  mayChange: () => anyAccount,
  args,
  result,
  probe,
  plan,
  report: ({ name }, { gid }) => ({ name, gid: gid ?? null }),
} satisfies Module<Args, GroupStatus>

async function probe({ name, gid, state }: Args, host: Host): Promise<GroupStatus> {
  const seen = await host.read(groupKind, name)
  if (gid !== undefined && state === 'present') known(seen.gid)
  return seen
}

function plan({ name, state, gid, system }: Args, seen: GroupStatus): Plan {
  const wanted = gid === undefined ? [] : ['-g', String(gid)]
  if (state === 'absent')
    return seen.exists
      ? actions([change(name, ['groupdel', name], { exists: false, gid: undefined })], {
          diffs: [diff(name, 'present', 'absent')],
        })
      : done()
  if (!seen.exists)
    return actions(
      [
        change(name, ['groupadd', ...wanted, ...(system ? ['-r'] : []), name], {
          exists: true,
          gid: gid ?? new Unknown(`the run chooses the ID of the group ${name}`),
        }),
      ],
      { diffs: [diff(name, 'absent', gid === undefined ? 'present' : `gid ${gid}`)] },
    )
  if (gid === undefined || seen.gid === gid) return done()
  return actions([change(name, ['groupmod', ...wanted, name], { exists: true, gid })], {
    diffs: [diff(name, `gid ${knownOr(seen.gid, undefined) ?? 'unknown'}`, `gid ${gid}`)],
    warnings: [`files that belong to the old ID of the group ${name} keep it`],
  })
}

function change(name: string, argv: readonly string[], becomes: GroupStatus): Action {
  const verb = { groupadd: 'create', groupmod: 'change', groupdel: 'remove' }[argv[0] ?? ''] ?? ''
  const { exists, gid } = becomes
  return {
    kind: 'run',
    argv,
    label: `${verb} the group ${name}`,
    effects: [
      ...accountsChange(`the group ${name}`),
      { kind: 'group', name, becomes: exists && gid !== undefined ? { exists, gid } : { exists } },
    ],
  }
}

function diff(name: string, before: string, after: string): { title: string; before: string; after: string } {
  return { title: `group ${name}`, before: `${before}\n`, after: `${after}\n` }
}
