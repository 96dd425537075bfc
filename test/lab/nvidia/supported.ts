/** Which cards a driver drives, by PCI device id and module flavour (the driver's own lists of supported products). */
import type { LoadedModule } from './proc-files.ts'
import { atLeast } from './version.ts'

const firstTuring = 0x1e00
const firstBlackwell = 0x2900

/** Branch 590 dropped what came before Turing, which the open modules never drove; Blackwell came with 570, open only. */
export function drives(
  { version, license }: Pick<LoadedModule, 'version' | 'license'>,
  deviceId: string,
): boolean {
  const id = Number.parseInt(deviceId, 16)
  const open = license !== 'NVIDIA'
  if (id < firstTuring) return !open && !atLeast(version, '590')
  if (id >= firstBlackwell) return open && atLeast(version, '570')
  return true
}
