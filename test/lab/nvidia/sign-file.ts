/** Stand-in of the kernel's `scripts/sign-file HASH KEY CERTIFICATE MODULE`: appends a signature. */
import { appendFileSync } from 'node:fs'
import { readCertificate } from './mok.ts'
import { Exit, exists, runMain } from './system.ts'

function signFile([hash, key, certificate, module]: readonly string[]): number {
  if (hash === undefined || key === undefined || certificate === undefined || module === undefined)
    throw new Exit(2, 'Usage: scripts/sign-file [-dp] <hash algo> <key> <x509> <module> [<dest>]')
  for (const file of [key, certificate, module])
    if (!exists(file)) throw new Exit(1, `At main.c:298:\n- SSL error: No such file or directory: ${file}`)
  const { name, fingerprint } = readCertificate(certificate)
  appendFileSync(module, `signer=${name}\nsig_key=${fingerprint}\n`)
  return 0
}

runMain(signFile)
