/** Inspects a container runtime inside a container. */
import { isUnknown } from '../../base/unknown.ts'
import type { Host } from '../../host/host.ts'
import { cdiDevices, type CdiState, readCdi, usesCdi } from '../../nvidia/cdi.ts'
import { type InDocker, visibleInDocker } from '../../nvidia/docker.ts'
import type { Args } from './args.ts'

export interface RuntimeSeen {
  readonly installed: boolean
  /** systemd's word for the state of docker.service. */
  readonly service: string
  readonly cdi: CdiState
  /** The devices that the runtime offers. */
  readonly devices: readonly string[]
  /** Undefined without an image. */
  readonly test: InDocker | undefined
}

export async function readRuntime(
  { runtime, runtime_image: image }: Args,
  host: Host,
  gpus: boolean,
): Promise<RuntimeSeen | undefined> {
  if (runtime === '') return undefined
  const [program, unit, cdi] = await Promise.all([
    host.command('docker'),
    host.unit('docker.service'),
    readCdi(host),
  ])
  const installed = program !== undefined
  const [devices, test] = await Promise.all([
    gpus && usesCdi(cdi) ? host.ask(cdiDevices) : [],
    gpus && installed && image !== '' ? host.ask(visibleInDocker({ image })) : undefined,
  ])
  return { installed, service: isUnknown(unit.active) ? '' : unit.active, cdi, devices, test }
}
