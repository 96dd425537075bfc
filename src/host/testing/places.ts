/** The node and the container that tests of readers use. */
import { hostName } from '../../base/brand.ts'

export const pve1 = hostName('pve1')
export const node = { name: pve1 }
export const ct = { name: hostName('ct'), nodeName: pve1, ctid: '101' }
