/** The cards that a driver supports, by PCI device ID and module type (the driver's lists of supported products). */
import type { LoadedModule } from './proc-files.ts'
import { atLeast } from './version.ts'

const firstTuring = 0x1e00
const firstBlackwell = 0x2900

/** Cards before Turing: proprietary modules up to branch 580. Blackwell: open modules since branch 570. */
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
