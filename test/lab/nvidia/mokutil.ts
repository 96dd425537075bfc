/**
 * Stand-in of mokutil (0.6.0): the state of Secure Boot, enrolled keys, and keys that wait for the console.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { nodeSpec } from './node-spec.ts'
import { certificatesIn, enrolledDir, isEnrolled, readCertificate, requestedDir } from './mok.ts'
import { Exit, exists, isRoot, runMain } from './system.ts'

function mokutil([option = '', ...argv]: readonly string[]): number {
  const { secureBoot } = nodeSpec()
  if (secureBoot === undefined) throw new Exit(1, 'EFI variables are not supported on this system')
  switch (option) {
    case '--sb-state':
      process.stdout.write(`SecureBoot ${secureBoot ? 'enabled' : 'disabled'}\n`)
      return 0
    case '--test-key':
    case '-t':
      return testKey(argv[0] ?? '')
    case '--import':
    case '-i':
      return requestImport(argv)
    case '--list-enrolled':
    case '-l':
      return list(enrolledDir)
    case '--list-new':
    case '-N':
      return list(requestedDir)
    case '--revoke-import':
      rmSync(requestedDir, { recursive: true, force: true })
      return 0
    default:
      throw new Exit(255, `mokutil: unrecognized option '${option}'`)
  }
}

/** Exit status 1 means that no key needs to be enrolled (`test_key` in mokutil.c). */
function testKey(file: string): number {
  const known = knownAs(file)
  process.stdout.write(`${known ?? `${file} is not enrolled`}\n`)
  return known === undefined ? 0 : 1
}

function knownAs(file: string): string | undefined {
  if (!exists(file)) throw new Exit(255, `Failed to open ${file}: No such file or directory`)
  const { fingerprint } = readCertificate(file)
  if (isEnrolled(fingerprint)) return `${file} is already enrolled`
  return exists(`${requestedDir}/${fingerprint}`) ? `${file} is already in the enrollment request` : undefined
}

/**
 * Reads the password for the console at the next boot: twice from standard input, or from one of two options.
 */
function requestImport(argv: readonly string[]): number {
  if (!isRoot()) throw new Exit(255, 'Failed to enroll new keys')
  const files: string[] = []
  let asked = true
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? ''
    if (word === '--root-pw' || word === '-P') asked = false
    else if (word === '--hash-file' || word === '-f') {
      asked = false
      index += 1
    } else files.push(word)
  }
  const wanted = files.filter((file) => {
    const known = knownAs(file)
    if (known !== undefined) process.stdout.write(`SKIP: ${known}\n`)
    return known === undefined
  })
  if (wanted.length === 0) return 0
  if (asked) askPassword()
  mkdirSync(requestedDir, { recursive: true })
  for (const file of wanted) copyFileSync(file, `${requestedDir}/${readCertificate(file).fingerprint}`)
  return 0
}

function askPassword(): void {
  process.stdout.write('input password: \ninput password again: \n')
  const [first = '', second = ''] = readFileSync(0, 'utf8').split('\n')
  if (first === '') throw new Exit(255, 'password should be 1~256 characters\nFailed to enroll new keys')
  if (first !== second) throw new Exit(255, "password doesn't match\nFailed to enroll new keys")
}

function list(directory: string): number {
  certificatesIn(directory).forEach(({ name, fingerprint }, index) => {
    process.stdout.write(
      `[key ${index + 1}]\nSHA1 Fingerprint: ${fingerprint}\nCertificate:\n    Data:\n        Subject: CN=${name}\n\n`,
    )
  })
  return 0
}

runMain(mokutil)
