import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Answer } from '../../host/host.ts'
import type { Plan } from '../../host/plan.ts'
import { gpuHost } from '../../nvidia/testing/gpu-host.ts'
import type { Args } from './args.ts'
import { nvidiaPower } from './module.ts'

const gpus =
  '00000000:01:00.0, Enabled, 180.00\n00000000:41:00.0, Disabled, 250.00\n00000000:81:00.0, [N/A], [N/A]\n'

async function planOf(
  more: Partial<Args>,
  answer = { code: 0, stdout: gpus },
  files: Readonly<Record<string, string>> = {},
  find: Partial<Answer> = {},
): Promise<Plan> {
  const args: Args = { persistence: true, power_limit: {}, ...more }
  return nvidiaPower.plan(
    args,
    await nvidiaPower.probe(args, gpuHost({ files, programs: { 'nvidia-smi': answer, find } })),
  )
}

function commands({ actions }: Plan): readonly string[] {
  return actions.map((action) => (action.kind === 'run' ? action.argv.join(' ') : action.kind))
}

test('only GPUs with another value are set, and GPUs without the setting are skipped', async () => {
  assert.deepEqual(commands(await planOf({})), ['nvidia-smi -i 0000:41:00.0 -pm 1'])
  assert.deepEqual(commands(await planOf({ persistence: false })), ['nvidia-smi -i 0000:01:00.0 -pm 0'])
  assert.deepEqual(commands(await planOf({ power_limit: { '0000:01:00.0': 180, '0000:41:00.0': 200 } })), [
    'nvidia-smi -i 0000:41:00.0 -pm 1',
    'nvidia-smi -i 0000:41:00.0 -pl 200',
  ])
})

test('cards of VMs and excluded cards are released, and get no other settings', async () => {
  const information = (pci: string): Record<string, string> => ({
    [`/proc/driver/nvidia/gpus/${pci}/information`]: `Bus Location: \t ${pci}\nDevice Minor: \t ${pci === '0000:01:00.0' ? 1 : 0}\n`,
  })
  const files = {
    ...information('0000:01:00.0'),
    ...information('0000:41:00.0'),
    '/etc/pve/qemu-server/900.conf': 'hostpci0: 41:00\n',
    '/etc/gpuplay/nvidia.conf': 'EXCLUDE="0000:01:00.0 "\n',
  }
  const plan = await planOf({ power_limit: { '0000:41:00.0': 200 } }, undefined, files)
  const pending =
    'the driver keeps 0000:01:00.0, which is in nvidia_host_exclude_gpus, until the node reboots or a VM with this card starts'
  assert.deepEqual(
    plan.actions.map(({ label }) => label),
    ['turn persistence mode off on 0000:01:00.0: the card is in nvidia_host_exclude_gpus'],
  )
  assert.deepEqual(commands(plan), ['nvidia-smi -i 0000:01:00.0 -pm 0'])
  assert.deepEqual(plan.warnings, [
    'the power limit of 0000:41:00.0 is not set: the card is passed to VM 900',
    pending,
  ])
  const released = { code: 0, stdout: gpus.replace('Enabled', 'Disabled') }
  const found = { stdout: '77/fd/5 /dev/nvidia0\n' }
  const held = await planOf({}, released, { ...files, '/proc/77/comm': 'python3\n' }, found)
  assert.deepEqual(commands(held), [])
  assert.deepEqual(held.warnings, [
    pending,
    'the card at 0000:41:00.0 is passed to VM 900, but programs on this node have it open: python3 (process 77); VM 900 cannot start until they end: stop them, or the containers that they run in',
  ])
})

test('a limit for a missing GPU is refused with a list of the existing ones', async () => {
  const { refusal } = await planOf({ power_limit: { '0000:02:00.0': 100 } })
  assert.equal(refusal?.code, 'no-such-gpu')
  assert.match(refusal?.hint ?? '', /0000:01:00\.0, 0000:41:00\.0/)
})

test('if nvidia-smi fails, the message contains its output', async () => {
  const said = 'Failed to initialize NVML: Driver/library version mismatch'
  assert.match((await planOf({}, { code: 18, stdout: `${said}\n` })).refusal?.message ?? '', new RegExp(said))
})
