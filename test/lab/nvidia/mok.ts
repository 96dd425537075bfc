/**
 * Secure Boot of a lab node: the certificates that its firmware trusts, and signatures of module files.
 *
 * A signature is two lines at the end of a module file; the last one counts, as with `scripts/sign-file` of
 * the kernel. The directories below represent EFI variables, so a reboot keeps their content.
 */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { kernelKey } from '../hardware.ts'
import { Exit, exists, namesIn, textOf } from './system.ts'

/** Certificates by SHA-1 fingerprint: enrolled (MokListRT), and requested for the next boot (MokNew). */
export const enrolledDir = '/var/lib/lab/efi/MokListRT'
export const requestedDir = '/var/lib/lab/efi/MokNew'
/**
 * While this file exists, somebody at the console confirms requests during a boot, and MokManager enrols
 * them.
 */
export const consoleFile = '/etc/lab/mok-console'

export interface Certificate {
  /** Common name, which `modinfo -F signer` prints. */
  readonly name: string
  /** SHA-1 of the certificate as `mokutil` prints it: lower case, with colons. */
  readonly fingerprint: string
}

/** Reads a certificate in DER or PEM. @throws Exit if the file is not one */
export function readCertificate(file: string): Certificate {
  try {
    const certificate = new X509Certificate(readFileSync(file))
    const name = /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? certificate.subject
    return { name, fingerprint: certificate.fingerprint.toLowerCase() }
  } catch {
    throw new Exit(1, `${file}: no X.509 certificate`)
  }
}

export interface Signature {
  readonly signer: string
  readonly key: string
}

export function signatureOf(moduleFile: string): Signature | undefined {
  const text = textOf(moduleFile) ?? ''
  const last = (field: string): string | undefined =>
    [...text.matchAll(new RegExp(`^${field}=(.*)$`, 'gm'))].at(-1)?.[1]
  const [signer, key] = [last('signer'), last('sig_key')]
  return signer === undefined || key === undefined ? undefined : { signer, key }
}

export function isEnrolled(fingerprint: string): boolean {
  return exists(`${enrolledDir}/${fingerprint}`)
}

/** Whether a module file has a signature that the kernel trusts. */
export function isTrusted(moduleFile: string): boolean {
  const signature = signatureOf(moduleFile)
  return signature !== undefined && (signature.key === kernelKey || isEnrolled(signature.key))
}

export function certificatesIn(directory: string): readonly Certificate[] {
  return namesIn(directory).map((name) => readCertificate(`${directory}/${name}`))
}
