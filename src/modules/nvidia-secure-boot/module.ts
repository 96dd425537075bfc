/**
 * Creates DKMS's signing key and requests its enrollment, on a node with Secure Boot. Only a person at the
 * console can confirm the request during a boot; until then the task reports that the key is pending.
 */
import { Secret } from '../../base/secret.ts'
import type { Action } from '../../host/action.ts'
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import {
  atConsole,
  createKey,
  hasSigningKey,
  importKey,
  readSecureBoot,
  type SecureBoot,
  signingKey,
} from '../../nvidia/secure-boot.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly state: SecureBoot
  readonly hasKey: boolean
  readonly loaded: string | undefined
}

export const nvidiaSecureBoot = {
  name: 'nvidia_secure_boot',
  summary: "Creates DKMS's signing key for Secure Boot and requests its enrollment.",
  args,
  result,
  mayBeSecret: ['password'],
  exitCode: 4,
  probe,
  plan,
  report: (given, seen) => ({ state: seen.state, pending: isNeeded(given, seen) }),
} satisfies Module<Args, Seen>

async function probe(_: Args, host: Host): Promise<Seen> {
  const [state, hasKey, driver] = await Promise.all([
    readSecureBoot(host),
    hasSigningKey(host),
    host.kernelModule('nvidia'),
  ])
  return { state, hasKey, loaded: driver.loaded ? driver.version : undefined }
}

function isNeeded({ version }: Args, { state, loaded }: Seen): boolean {
  return (state === 'no-key' || state === 'key-requested') && loaded !== version
}

function plan(given: Args, seen: Seen): Plan {
  if (!isNeeded(given, seen)) return done()
  if (seen.state === 'key-requested') return done([pending])
  if (given.password === '')
    return refuse({
      code: 'no-password',
      message: "the request to enroll DKMS's key needs a password, which you enter once at the console",
      hint: 'choose one of letters and digits and set nvidia_host_secure_boot_password, best in a file secrets.yml',
      exitCode: 2,
    })
  return actions([seen.hasKey ? undefined : create, request(given.password)], { warnings: [pending] })
}

const pending = `KEY PENDING: the driver is not changed until the firmware trusts DKMS's key. To confirm the request, ${atConsole}. The password is the value of nvidia_host_secure_boot_password. Then run again`

const create: Action = {
  kind: 'run',
  argv: ['sh', '-c', `umask 077 && mkdir -p -m 0755 "$0" && exec "$@"`, '/var/lib/dkms', ...createKey],
  label: `create DKMS's signing key ${signingKey.certificate}`,
  effects: [
    {
      kind: 'unknown',
      resources: [`file:${signingKey.secret}`, `file:${signingKey.certificate}`],
      why: 'an earlier action creates the key',
    },
  ],
}

function request(password: string): Action {
  return {
    kind: 'run',
    argv: importKey,
    // mokutil asks for the password twice.
    stdin: new Secret(`${password}\n${password}\n`, [password]),
    label: "request the enrollment of DKMS's key",
    hint: 'see the message of mokutil above; `mokutil --list-new` shows pending requests',
    effects: [
      {
        kind: 'unknown',
        resources: ['file:/sys/firmware/efi/*'],
        why: 'an earlier action requests the enrollment of a key',
      },
    ],
  }
}
