/** Whether the kernel loads modules built by DKMS: Secure Boot, and the key with which DKMS signs. */
import { isUnknown } from '../base/unknown.ts'
import { sha256Of } from '../host/content.ts'
import type { Host } from '../host/host.ts'
import type { Finding, Refusal } from '../host/plan.ts'
import { question } from '../host/question.ts'

/**
 * `off`: Secure Boot is off, or there is no UEFI. Otherwise the state of DKMS's key. `key-enrolled`: the kernel
 * trusts it. `key-requested`: the firmware asks at its console during the next boot. `no-key`: neither, or
 * mokutil or the key is missing.
 */
export type SecureBoot = 'off' | 'key-enrolled' | 'key-requested' | 'no-key'

const variable = '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c'
/**
 * Four bytes of attributes (boot service and runtime access) and the value 1: UEFI specification, "Globally
 * Defined Variables".
 */
const on = sha256Of(Buffer.of(6, 0, 0, 0, 1))

/** Where DKMS keeps its signing key, in Debian and Proxmox VE: a private key in PEM, a certificate in DER. */
export const signingKey = { secret: '/var/lib/dkms/mok.key', certificate: '/var/lib/dkms/mok.pub' } as const

/** As DKMS creates it before its first build (`prepare_mok` in dkms 3.0.10). */
export const createKey: readonly string[] = [
  'openssl',
  'req',
  '-new',
  '-x509',
  '-nodes',
  '-days',
  '36500',
  '-newkey',
  'rsa:2048',
  '-subj',
  '/CN=DKMS module signing key',
  '-keyout',
  signingKey.secret,
  '-outform',
  'DER',
  '-out',
  signingKey.certificate,
]

export const importKey: readonly string[] = ['mokutil', '--import', signingKey.certificate]

/** Texts: `print_skip_message` in mokutil.c. The exit status does not distinguish the reasons. */
export const keyState = question({
  words: ['mokutil', '--test-key', signingKey.certificate],
  reads: ['file:/sys/firmware/efi/*', `file:${signingKey.certificate}`],
  parse: ({ stdout, stderr }): SecureBoot => {
    const said = stdout + stderr
    if (/is already enrolled/.test(said)) return 'key-enrolled'
    return /is already in the enrollment request/.test(said) ? 'key-requested' : 'no-key'
  },
})

export async function readSecureBoot(host: Host): Promise<SecureBoot> {
  if ((await host.hash(variable)) !== on) return 'off'
  if (!(await hasSigningKey(host)) || (await host.command('mokutil')) === undefined) return 'no-key'
  return host.ask(keyState)
}

/** Whether both parts of the key exist. Unknown only in a dry run: no package contains a key. */
export async function hasSigningKey(host: Host): Promise<boolean> {
  const parts = await Promise.all(Object.values(signingKey).map((path) => host.maybe(host.stat(path))))
  return parts.every((part) => part !== undefined && !isUnknown(part))
}

/** What happens at the console of the node, after a reboot. The menus are those of shim's MokManager. */
export const atConsole =
  'reboot the node; at its console, before the boot continues, press a key and choose Enroll MOK, Continue, Yes; enter the password; choose Reboot'

/** For a driver that the kernel would not load, because no enrolled key can sign it. */
export function noEnrolledKey(state: SecureBoot): Refusal {
  const steps: readonly Finding[] = [
    { message: 'DKMS or mokutil may be missing', fix: 'apt install dkms mokutil openssl' },
    { message: `there may be no key in ${signingKey.certificate}`, fix: shellLine(createKey) },
    { message: 'the firmware does not know the key', fix: shellLine(importKey) },
  ]
  const requested = state === 'key-requested'
  return {
    code: 'secure-boot',
    message: requested
      ? "Secure Boot is on, and the request to enroll DKMS's key waits for the console"
      : 'Secure Boot is on, but no enrolled key can sign the driver: the kernel would not load it',
    hint: requested
      ? `${atConsole}; then run again`
      : `run these commands on the node, the second only if there is no key; then ${atConsole}. Or set nvidia_host_secure_boot to prepare: then gpuplay runs the commands. Or turn Secure Boot off`,
    findings: requested ? [] : steps,
  }
}

function shellLine(words: readonly string[]): string {
  return words.map((word) => (/[ ]/.test(word) ? `'${word}'` : word)).join(' ')
}
