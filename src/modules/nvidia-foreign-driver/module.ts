/**
 * Handles an NVIDIA driver installed from packages, which conflicts with one from a `.run`: their files
 * overwrite each other, and apt restores those of the packages at its next upgrade. Removes only packages of
 * a fixed list.
 */
import type { Effect } from '../../host/action.ts'
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import { aptSimulation } from '../../host/questions/packages.ts'
import { isDriverPackage, readDriverPackages } from '../../nvidia/driver-packages.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly packages: readonly string[]
  readonly loaded: string | undefined
  /** Other packages that apt would remove with them; read only if they must be removed. */
  readonly removals: readonly string[]
}

export const nvidiaForeignDriver = {
  name: 'nvidia_foreign_driver',
  summary: 'Refuses or removes an NVIDIA driver that was installed from packages.',
  args,
  result,
  exitCode: 5,
  probe,
  plan,
  report: (_, { packages }) => ({ packages }),
} satisfies Module<Args, Seen>

async function probe({ policy }: Args, host: Host): Promise<Seen> {
  const [packages, driver] = await Promise.all([readDriverPackages(host), host.kernelModule('nvidia')])
  const removals =
    policy === 'remove' && packages.length > 0
      ? (await host.ask(aptSimulation({ options: [], verb: 'purge', names: packages }))).removes
      : []
  return { packages, loaded: driver.loaded ? driver.version : undefined, removals }
}

function plan({ version, policy }: Args, { packages, loaded, removals }: Seen): Plan {
  if (packages.length === 0) return done()
  if (policy === 'refuse') {
    const names = packages.join(', ')
    if (loaded === version)
      return done([`driver ${version} is loaded, but driver packages are installed as well: ${names}`])
    return refuse({
      code: 'foreign-driver',
      message: `an NVIDIA driver is installed from packages: ${names}`,
      hint: 'remove them yourself, or set nvidia_host_foreign_driver: remove to purge exactly these',
    })
  }
  const others = removals.filter((name) => !isDriverPackage(name))
  if (others.length > 0)
    return refuse({
      code: 'would-remove-others',
      message: `purging the packaged driver would also remove ${others.join(', ')}`,
      hint: 'remove the packages that depend on the packaged driver yourself, then run again',
    })
  return actions([
    {
      kind: 'run',
      argv: ['apt-get', '-y', '-q', '-o', 'DPkg::Lock::Timeout=300', 'purge', ...packages],
      environment: { DEBIAN_FRONTEND: 'noninteractive' },
      timeout: 900,
      lock: { kind: 'dpkg', timeout: 300 },
      label: `purge ${packages.length === 1 ? packages[0] : `${packages.length} packages of another NVIDIA driver`}`,
      effects: [
        ...packages.map((name): Effect => ({ kind: 'package', name, becomes: { installed: undefined } })),
        {
          kind: 'unknown',
          resources: [
            'command:nvidia*',
            'file:/usr/bin/nvidia*',
            'file:/usr/lib/nvidia*',
            'file:/etc/modprobe.d/*',
          ],
          why: 'an earlier action removes a packaged driver',
        },
      ],
    },
  ])
}
