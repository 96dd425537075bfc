/** Whether the kernel loads modules built by DKMS. */
import { sha256Of } from '../host/content.ts'
import type { Host } from '../host/host.ts'
import { question } from '../host/question.ts'

/** `no-key`: Secure Boot is on and DKMS's signing key is not enrolled, or mokutil or the key is missing. */
export type SecureBoot = 'off' | 'key-enrolled' | 'no-key'

const variable = '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c'
/**
 * Four bytes of attributes (boot service and runtime access) and the value 1: UEFI specification, "Globally
 * Defined Variables".
 */
const on = sha256Of(Buffer.of(6, 0, 0, 0, 1))
/** Where DKMS keeps the public part of its signing key, in Debian and Proxmox VE. */
const key = '/var/lib/dkms/mok.pub'

export const keyEnrolled = question({
  words: ['mokutil', '--test-key', key],
  reads: ['file:/sys/firmware/efi/*', `file:${key}`],
  parse: ({ stdout, stderr }) => /is already enrolled/.test(stdout + stderr),
})

export async function readSecureBoot(host: Host): Promise<SecureBoot> {
  if ((await host.hash(variable)) !== on) return 'off'
  const [mokutil, keyFile] = await Promise.all([host.command('mokutil'), host.stat(key)])
  if (mokutil === undefined || keyFile === undefined) return 'no-key'
  return (await host.ask(keyEnrolled)) ? 'key-enrolled' : 'no-key'
}
