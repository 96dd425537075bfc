import assert from 'node:assert/strict'
import { test } from 'node:test'
import { revealed } from '../../host/content.ts'
import type { Action } from '../../host/action.ts'
import type { Plan } from '../../host/plan.ts'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
import type { Args } from './args.ts'
import { nvidiaSecureBoot } from './module.ts'

const on = {
  '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c':
    '\u0006\u0000\u0000\u0000\u0001',
}
const keys = { '/var/lib/dkms/mok.key': 'key', '/var/lib/dkms/mok.pub': 'certificate' }
const said = (text: string): NonNullable<GpuHost['programs']> => ({
  'mokutil --test-key': { stdout: `/var/lib/dkms/mok.pub is ${text}\n` },
})

async function look(
  given: GpuHost,
  password = 'sesame1',
): Promise<{ plan: Plan; state: string; pending: boolean }> {
  const args: Args = { version: '580.95.05', password }
  const seen = await nvidiaSecureBoot.probe(args, gpuHost(given))
  return { plan: nvidiaSecureBoot.plan(args, seen), ...nvidiaSecureBoot.report(args, seen) }
}

function words(action: Action | undefined): string {
  return action?.kind === 'run' ? action.argv.join(' ') : ''
}

test('without Secure Boot, with an enrolled key, and with the required driver loaded, nothing is pending', async () => {
  const modules = { nvidia: { version: '580.95.05' } }
  const hosts: readonly GpuHost[] = [
    {},
    { files: { ...on, ...keys }, programs: said('already enrolled') },
    { files: on, modules },
  ]
  for (const given of hosts) {
    const { plan, pending } = await look(given)
    assert.deepEqual([plan.actions, plan.refusal, plan.warnings, pending], [[], undefined, [], false])
  }
})

test('a missing key is created and its enrollment requested, with the password on standard input', async () => {
  const { plan, pending } = await look({ files: on })
  assert.equal(pending, true)
  assert.match(words(plan.actions[0]), / openssl req -new -x509 .*-out \/var\/lib\/dkms\/mok\.pub$/)
  const [, request] = plan.actions
  assert.equal(words(request), 'mokutil --import /var/lib/dkms/mok.pub')
  assert.equal(request?.kind === 'run' && revealed(request.stdin ?? ''), 'sesame1\nsesame1\n')
  assert.equal(String(request?.kind === 'run' && request.stdin), '(secret)')
  assert.match(plan.warnings[0] ?? '', /^KEY PENDING: .*choose Enroll MOK, Continue, Yes/)
})

test('an existing key is kept; half a key is replaced, as DKMS does', async () => {
  const whole = await look({ files: { ...on, ...keys }, programs: said('not enrolled') })
  assert.deepEqual(whole.plan.actions.map(words), ['mokutil --import /var/lib/dkms/mok.pub'])
  const half = await look({ files: { ...on, '/var/lib/dkms/mok.pub': 'certificate' } })
  assert.equal(half.plan.actions.length, 2)
})

test('a request that waits for the console is not repeated, and stays pending', async () => {
  const given = { files: { ...on, ...keys }, programs: said('already in the enrollment request') }
  const { plan, state, pending } = await look(given, '')
  assert.deepEqual([plan.actions, state, pending], [[], 'key-requested', true])
  assert.match(plan.warnings[0] ?? '', /^KEY PENDING/)
})

test('a request without a password is refused with the name of the variable', async () => {
  const { refusal } = (await look({ files: on }, '')).plan
  assert.equal(refusal?.code, 'no-password')
  assert.match(refusal?.hint ?? '', /nvidia_host_secure_boot_password/)
})
