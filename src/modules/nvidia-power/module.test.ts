import assert from 'node:assert/strict'
import { test } from 'node:test'
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
): Promise<Plan> {
  const args: Args = { persistence: true, power_limit: {}, ...more }
  return nvidiaPower.plan(
    args,
    await nvidiaPower.probe(args, gpuHost({ files, programs: { 'nvidia-smi': answer } })),
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

test('cards of VMs and excluded cards keep their settings', async () => {
  const information = (pci: string): Record<string, string> => ({
    [`/proc/driver/nvidia/gpus/${pci}/information`]: `Bus Location: \t ${pci}\n`,
  })
  const files = {
    ...information('0000:01:00.0'),
    ...information('0000:41:00.0'),
    '/etc/pve/qemu-server/900.conf': 'hostpci0: 41:00\n',
    '/etc/gpuplay/nvidia.conf': 'EXCLUDE="0000:01:00.0 "\n',
  }
  const plan = await planOf({ power_limit: { '0000:41:00.0': 200 } }, undefined, files)
  assert.deepEqual(commands(plan), [])
  assert.deepEqual(plan.warnings, [
    'the power limit of 0000:41:00.0 is not set: the card is passed to VM 900',
  ])
  assert.deepEqual(commands(await planOf({ persistence: false }, undefined, files)), [])
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
