/** What a node does for a container follows no link that the container's root has planted. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { LabContainer, LabNode } from '../lab/host.ts'
import type { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { gpuplay } from '../whole/support/gpuplay.ts'
import { doneLab, inventoryOf } from '../whole/support/site-runs.ts'

const state = '/var/lib/gpuplay'
const work = `${state}/v1/work`

/** Puts something at the two names under which a pushed file appears. */
function atPushed(command: (path: string) => string): string {
  const file = `${work}/NVIDIA-Linux-x86_64-580.95.05.run`
  return [`mkdir -p -m 0700 ${work}`, ...[file, `${file}.gpuplay-push`].map(command)].join('; ')
}

/**
 * Commands of the container's root at the paths inside it that the node uses: the directory in which pushed
 * files arrive, and the device nodes. `/bait` exists only on the node.
 */
const plants: Readonly<Record<string, string>> = {
  'the state directory is a link': `rm -rf ${state}; ln -s /bait ${state}`,
  'the directory of pushed files is a link': `mkdir -p ${state}/v1; ln -s /bait/v1/work ${work}`,
  'the directory of pushed files is a FIFO': `mkdir -p ${state}/v1; mkfifo ${work}`,
  'pushed files are links': atPushed((path) => `rm -rf ${path}; ln -s /bait/v1/file ${path}`),
  'pushed files are FIFOs': atPushed((path) => `rm -rf ${path}; mkfifo ${path}`),
  'the directory of pushed files becomes a link again and again': `mkdir -p -m 0700 ${work} /root/kept; (
    while [ -e /root/kept ]; do
      mv -T ${work} /root/kept/work && ln -sT /bait/v1/work ${work}
      rm -f ${work}; mv -T /root/kept/work ${work}
    done) </dev/null >/dev/null 2>&1 &`,
  'a directory of device nodes is a link': 'rm -rf /dev/nvidia-caps; ln -s /bait/v1 /dev/nvidia-caps',
}

describe('links of a container', { skip: whyNoLab() ?? false, timeout: 300_000 }, () => {
  let lab: Lab
  let node: LabNode
  let ct102: LabContainer

  before(async () => {
    lab = await doneLab()
    node = lab.node('pve1')
    ct102 = lab.container(102)
    // Old access times: with relatime, the first read changes them.
    await node.output(`mkdir -p /bait/v1/work && chmod 0755 /bait /bait/v1 && echo secret >/bait/v1/file
      mknod /bait/v1/nvidia-cap1 c 1 3; find /bait -depth -exec touch -a -d 2001-01-01 {} +`)
  })
  after(async () => {
    await ct102.exec(`rm -rf /root/kept ${state} /dev/nvidia-caps`)
    await node.exec('rm -rf /bait')
  })

  /** Names, attributes, times and contents below `/bait`. Reading a directory here may change its access time. */
  const bait = (): Promise<string> =>
    node.output(
      String.raw`stat -c '%n %F %a %u:%g %s %y %z' /bait /bait/v1 /bait/v1/*; stat -c %x /bait/v1/file; ls /bait/v1/work; stat -c '%Y %Z' /bait/v1/work`,
    )

  for (const [what, plant] of Object.entries(plants)) {
    it(`change and read nothing on the node if ${what}`, async () => {
      const before = await bait()
      await ct102.output(`[ ! -x /usr/bin/nvidia-uninstall ] || nvidia-uninstall --silent; ${plant}`)
      const { exitCode, text } = await gpuplay([
        'run',
        'playbooks/containers.yml',
        '-i',
        inventoryOf(lab),
        '-l',
        'ct102',
      ])
      await ct102.output(`rm -rf /root/kept; sleep 0.2; rm -rf ${state} /dev/nvidia-caps`)
      assert.equal(await bait(), before, text)
      // A refusal is fine, and so is success: the container harms only itself.
      assert.ok([0, 4, 5, 7].includes(exitCode), text)
      assert.match(text, /ct102/)
    })
  }
})
