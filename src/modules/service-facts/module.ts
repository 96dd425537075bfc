/** Reports the services of systemd, for later tasks. */
import type { Host } from '../../host/host.ts'
import { done } from '../../host/plan.ts'
import { loadedServices, serviceFiles } from '../../host/questions/system.ts'
import type { Module } from '../module.ts'
import { args, result } from './args.ts'

export interface Seen {
  readonly loaded: ReadonlyMap<string, { readonly active: string; readonly sub: string }>
  readonly files: ReadonlyMap<string, string>
}

export const serviceFacts = {
  name: 'service_facts',
  summary: 'Reports which services run and which start at boot. Changes nothing.',
  args,
  result,
  probe,
  plan: () => done(),
  report,
} satisfies Module<object, Seen>

async function probe(_: object, host: Host): Promise<Seen> {
  const [loaded, files] = await Promise.all([host.ask(loadedServices), host.ask(serviceFiles)])
  return { loaded, files }
}

function report(_: object, { loaded, files }: Seen): Readonly<Record<string, unknown>> {
  const names = [...new Set([...loaded.keys(), ...files.keys()])].sort()
  return {
    services: Object.fromEntries(
      names.map((name) => {
        const { active, sub } = loaded.get(name) ?? { active: 'inactive', sub: 'dead' }
        const state = sub === 'running' ? 'running' : active === 'failed' ? 'failed' : 'stopped'
        return [name, { name, state, status: files.get(name) ?? '', source: 'systemd' }]
      }),
    ),
  }
}
