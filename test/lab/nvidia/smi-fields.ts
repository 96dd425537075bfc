/** The fields of `nvidia-smi --query-gpu`, with their headings and values. */
import type { VisibleGpu } from './smi-gpu.ts'

type Heading = () => string

const plain = (name: string): [string, Heading] => [name, () => name]
const measured = (name: string, unit: string): [string, Heading] => [name, () => `${name} [${unit}]`]

/**
 * Every supported field with the heading of its column. The heading contains the unit even with `nounits`.
 */
export const fieldNames: ReadonlyMap<string, Heading> = new Map([
  ...`index name gpu_name uuid gpu_uuid pci.bus_id gpu_bus_id pci.domain pci.bus pci.device pci.device_id driver_version count serial
  vbios_version persistence_mode pstate temperature.gpu compute_cap mig.mode.current mig.mode.pending ecc.mode.current
  display_active display_mode compute_mode fan.speed timestamp`
    .split(/\s+/)
    .map(plain),
  ...['memory.total', 'memory.used', 'memory.free', 'memory.reserved'].map((name) => measured(name, 'MiB')),
  ...[
    'power.draw',
    'power.limit',
    'power.default_limit',
    'power.min_limit',
    'power.max_limit',
    'enforced.power.limit',
  ].map((name) => measured(name, 'W')),
  ...['utilization.gpu', 'utilization.memory'].map((name) => measured(name, '%')),
])

export function queryField(
  name: string,
  driver: string,
  gpu: VisibleGpu,
  count: number,
  units: boolean,
): string {
  const amount = (value: number | string, unit: string): string =>
    units ? `${value} ${unit}` : String(value)
  const [domain = '', bus = '', slot = ''] = gpu.pci.split(':')
  switch (name) {
    case 'index':
      return String(gpu.index)
    case 'name':
    case 'gpu_name':
      return gpu.model
    case 'uuid':
    case 'gpu_uuid':
      return gpu.uuid
    case 'pci.bus_id':
    case 'gpu_bus_id':
      return `0000${gpu.pci.toUpperCase()}`
    case 'pci.domain':
      return `0x${domain}`
    case 'pci.bus':
      return `0x${bus.toUpperCase()}`
    case 'pci.device':
      return `0x${slot.split('.')[0] ?? ''}`
    case 'pci.device_id':
      return `0x${gpu.deviceId.toUpperCase()}10DE`
    case 'driver_version':
      return driver
    case 'count':
      return String(count)
    case 'vbios_version':
      return '94.06.14.00.1c'
    case 'persistence_mode':
      return gpu.persistence ? 'Enabled' : 'Disabled'
    case 'mig.mode.current':
    case 'mig.mode.pending':
      return gpu.mig ? 'Enabled' : /A100|A30|H100|H200|B200/.test(gpu.model) ? 'Disabled' : '[N/A]'
    case 'pstate':
      return 'P8'
    case 'temperature.gpu':
      return '35'
    case 'compute_mode':
      return 'Default'
    case 'display_active':
    case 'display_mode':
      return 'Disabled'
    case 'compute_cap':
      return Number.parseInt(gpu.deviceId, 16) >= 0x2900 ? '12.0' : '8.6'
    case 'fan.speed':
      return amount(0, '%')
    case 'timestamp':
      return new Date().toISOString().replaceAll('-', '/').replace('T', ' ').slice(0, 23)
    case 'memory.total':
      return amount(gpu.memoryMiB, 'MiB')
    case 'memory.used':
      return amount(1, 'MiB')
    case 'memory.reserved':
      return amount(200, 'MiB')
    case 'memory.free':
      return amount(gpu.memoryMiB - 201, 'MiB')
    case 'power.draw':
      return amount('12.10', 'W')
    case 'power.limit':
    case 'enforced.power.limit':
      return amount(`${gpu.powerLimit}.00`, 'W')
    case 'power.default_limit':
      return amount('180.00', 'W')
    case 'power.min_limit':
      return amount('100.00', 'W')
    case 'power.max_limit':
      return amount('200.00', 'W')
    case 'utilization.gpu':
    case 'utilization.memory':
      return amount(0, '%')
    default:
      return '[N/A]'
  }
}
