/** Whether the kernel will load modules that DKMS built. */
import { createHash } from 'node:crypto'
import type { Host } from '../host/host.ts'

/** `no-key`: Secure Boot is on and the key that DKMS signs with is not enrolled, or nothing is there that could tell. */
export type SecureBoot = 'off' | 'key-enrolled' | 'no-key'

const variable = '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c'
/** Four bytes of attributes (boot service and runtime access) and the value 1: UEFI specification, "Globally Defined Variables". */
const on = createHash('sha256')
  .update(Uint8Array.of(6, 0, 0, 0, 1))
  .digest('hex')
/** Where DKMS keeps the public part of its signing key, in Debian and Proxmox VE. */
const key = '/var/lib/dkms/mok.pub'

export async function readSecureBoot(host: Host): Promise<SecureBoot> {
  if ((await host.hash(variable)) !== on) return 'off'
  const [mokutil, keyFile] = await Promise.all([host.command('mokutil'), host.stat(key)])
  if (mokutil === undefined || keyFile === undefined) return 'no-key'
  const answer = await host.ask(['mokutil', '--test-key', key])
  return /is already enrolled/.test(answer.stdout + answer.stderr) ? 'key-enrolled' : 'no-key'
}
