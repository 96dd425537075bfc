/** The hardware addresses of a container, which tell it from a later one with the same number. */
import type { ContainerConfig } from './container-config.ts'
import { properties } from './container-settings.ts'

/**
 * In upper case, in the order of the file. Proxmox gives every network device of a new container a random
 * address (`hwaddr`).
 */
export function networkAddresses(config: ContainerConfig): readonly string[] {
  return config.current.entries.flatMap(({ key, value }) => {
    const address = /^net\d+$/.test(key) ? properties(value, 'name').get('hwaddr') : undefined
    return address !== undefined && /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i.test(address)
      ? [address.toUpperCase()]
      : []
  })
}
