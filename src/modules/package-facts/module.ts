/** Reports the installed packages, for later tasks. */
import type { Host } from '../../host/host.ts'
import { done } from '../../host/plan.ts'
import { type InstalledPackage, installedPackages } from '../../host/questions/packages.ts'
import type { Module } from '../module.ts'
import { args, result } from './args.ts'

export const packageFacts = {
  name: 'package_facts',
  summary: 'Reports the installed packages and their versions. Changes nothing.',
  args,
  result,
  probe: (_: object, host: Host) => host.ask(installedPackages),
  plan: () => done(),
  report,
} satisfies Module<object, readonly InstalledPackage[]>

function report(_: object, all: readonly InstalledPackage[]): Readonly<Record<string, unknown>> {
  const packages = new Map<string, unknown[]>()
  for (const { name, version, arch } of all)
    packages.set(name, [...(packages.get(name) ?? []), { name, version, arch, source: 'apt' }])
  return { packages: Object.fromEntries(packages) }
}
