/** verify computes on the GPUs of a node and its containers: what nvidia-smi does not notice. */
import assert from 'node:assert/strict'
import { before, beforeEach, describe, it } from 'node:test'
import type { LabContainer, LabNode } from '../lab/host.ts'
import type { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { gpuplay } from '../whole/support/gpuplay.ts'
import { doneLab, inventoryOf } from '../whole/support/site-runs.ts'

const cuda = '/usr/lib/lab/node /usr/lib/lab/js/test/lab/nvidia/cuda.js'

describe('verify', { skip: whyNoLab() ?? false, timeout: 300_000 }, () => {
  let lab: Lab
  let node: LabNode
  let ct101: LabContainer
  let pci: string

  before(async () => {
    lab = await doneLab()
    node = lab.node('pve1')
    ct101 = lab.container(101)
    pci = node.spec.gpus.find(({ minor }) => minor === 0)?.pci ?? ''
  })

  interface Verified {
    readonly limit: string
    readonly words?: readonly string[]
    readonly code: number
  }

  async function verified(
    { limit, words = [], code }: Verified,
    ...sentences: readonly RegExp[]
  ): Promise<void> {
    const run = ['run', 'playbooks/verify.yml', '-l', limit, ...words, '-i', inventoryOf(lab)]
    const { exitCode, text } = await gpuplay(run, { output: 'plain' })
    assert.equal(exitCode, code, text)
    for (const sentence of sentences) assert.match(text, sentence)
  }

  const leftovers = async (): Promise<string> =>
    (await ct101.exec("find / -xdev -name '.gpuplay.*'; find /run -name '.gpuplay.*'")).stdout

  it('computes as root and as another user, says so, and leaves nothing behind', async () => {
    await verified(
      { limit: 'pve1,ct101', code: 0 },
      /^ok on a node: the driver is loaded and CUDA computes on each GPU$/m,
      /^ok in a container: CUDA computes on each assigned GPU, as root and nobody; no other GPU is accessible$/m,
    )
    assert.equal(await leftovers(), '')
  })

  it('computes where /run allows no programs', async () => {
    await ct101.output('mount -o remount,noexec /run')
    try {
      await verified({ limit: 'ct101', code: 0 }, /CUDA computes on each assigned GPU/)
    } finally {
      await ct101.output('mount -o remount,exec /run')
    }
  })

  describe('finds', () => {
    beforeEach(async () => {
      await node.output(`${cuda} fault ${pci} 0; ${cuda} fault init 0`)
    })

    it('unified memory that is closed, which nvidia-smi does not need', async () => {
      const { stdout: mode } = await ct101.exec('stat -c %a /dev/nvidia-uvm')
      await ct101.output('chmod 0600 /dev/nvidia-uvm')
      try {
        await verified(
          { limit: 'ct101', code: 7 },
          /CUDA does not work for the user nobody: cuInit: CUDA_ERROR_UNKNOWN \(999\)/,
          /cause +\/dev\/nvidia-uvm is missing, cannot be opened/,
        )
        await verified({ limit: 'ct101', words: ['-e', 'verify_user='], code: 0 })
      } finally {
        await ct101.output(`chmod ${mode.trim()} /dev/nvidia-uvm`)
      }
    })

    it('a GPU in MIG mode', async () => {
      await node.output(`nvidia-smi -i ${pci} -mig 1`)
      try {
        for (const limit of ['pve1', 'ct101'])
          await verified(
            { limit, code: 7 },
            new RegExp(`the GPU at ${pci} is in MIG mode`),
            /cause +in MIG mode, a GPU computes only in instances/,
            new RegExp(`fix +turn MIG mode off on the node: nvidia-smi -i ${pci} -mig 0`),
          )
      } finally {
        await node.output(`nvidia-smi -i ${pci} -mig 0`)
      }
    })

    it('a fabric manager that does not run', async () => {
      await node.output(`${cuda} fault ${pci} 802`)
      const sentence = new RegExp(`CUDA does not work on ${pci}: context: CUDA_ERROR_SYSTEM_NOT_READY`)
      await verified(
        { limit: 'pve1,ct101', code: 7 },
        sentence,
        /nvidia-fabricmanager does not run on the node/,
        /fix +on the node, install nvidia-fabricmanager in the driver's version/,
      )
      await node.output(`${cuda} fault ${pci} 0`)
      await verified({ limit: 'pve1,ct101', code: 0 })
    })

    it('nothing wrong with a GPU whose memory is full, but warns', async () => {
      await node.output(`${cuda} fault ${pci} 2`)
      await verified(
        { limit: 'ct101', code: 0 },
        new RegExp(`cannot check whether CUDA works in ct101 on ${pci}: other programs use the GPU's memory`),
        /not computed/,
      )
      await node.output(`${cuda} fault ${pci} 0`)
    })

    it('a device rule for all GPUs, unless access to other GPUs is not to be checked', async () => {
      const rule = 'lxc.cgroup2.devices.allow: c 195:* rwm'
      await node.output(
        `cp /etc/pve/lxc/101.conf /root/; echo '${rule}' >>/etc/pve/lxc/101.conf; pct reboot 101`,
      )
      try {
        await verified(
          { limit: 'ct101', code: 7 },
          /a device rule of this privileged container allows GPUs that are not assigned/,
        )
        await verified(
          { limit: 'ct101', words: ['-e', 'verify_isolation=false'], code: 0 },
          /access to other GPUs is not checked/,
        )
      } finally {
        await node.output('cp /root/101.conf /etc/pve/lxc/101.conf; pct reboot 101')
      }
      await verified({ limit: 'ct101', code: 0 }, /no other GPU is accessible/)
    })

    it('nothing if it need not compute', async () => {
      await node.output(`${cuda} fault init 999`)
      await verified({ limit: 'ct101', words: ['-e', 'verify_compute=false'], code: 0 })
      await verified({ limit: 'ct101', code: 7 }, /CUDA does not work: cuInit: CUDA_ERROR_UNKNOWN \(999\)/)
      await node.output(`${cuda} fault init 0`)
    })
  })
})
