/** Containers of distributions that the roles do not support: refused before they get devices or are restarted. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import type { LabContainer, LabNode } from '../lab/host.ts'
import type { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { actions } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { doneLab, inventoryOf, site } from '../whole/support/site-runs.ts'
import { problemsOf } from './support/roles-play.ts'

describe('a container of another distribution', { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  let lab: Lab
  let node: LabNode
  let ct102: LabContainer
  let original: string
  let os: string
  const file = '/etc/pve/lxc/102.conf'

  before(async () => {
    lab = await doneLab()
    node = lab.node('pve1')
    ct102 = lab.container(102)
    original = await node.output(`cat ${file}`)
    os = await ct102.output('cat /usr/lib/os-release')
  })
  afterEach(async () => {
    await node.output(`cat >${file}`, { input: original })
    await ct102.output('cat >/usr/lib/os-release', { input: os })
  })
  after(() => lab.restore('done'))

  const play = (...words: readonly string[]): Promise<Ended> =>
    gpuplay(['run', site, '-l', 'ct102', '-i', inventoryOf(lab), '-e', 'gpu_assignment=all', ...words])

  /** Expects the refusal in a dry run and in a run, with nothing changed. */
  async function refused(message: RegExp): Promise<void> {
    const state = `cat ${file}; lxc-info -n 102 -pH; ls -l /var/lib/gpuplay/v1/assignments`
    const before = await node.output(state)
    for (const words of [['--check'], []]) {
      const run = await play(...words)
      assert.equal(run.exitCode, 2, problemsOf(run))
      assert.match(problemsOf(run), message)
      assert.deepEqual(actions(run.events), [])
    }
    assert.equal(await node.output(state), before)
  }

  for (const ostype of ['alpine', 'archlinux', 'centos', 'fedora', 'gentoo', 'nixos', 'opensuse'])
    it(`${ostype} is refused by its configuration`, async () => {
      await node.output(`sed -i 's/^ostype: .*/ostype: ${ostype}/' ${file}`)
      await refused(
        new RegExp(
          `container 102 has the distribution ${ostype}, which is not supported: debian, devuan, ubuntu, unmanaged`,
        ),
      )
    })

  for (const [release, message] of [
    [
      'ID=rocky\nID_LIKE="rhel centos fedora"\nPRETTY_NAME="Rocky Linux 9.5"\n',
      /runs Rocky Linux 9\.5; this role supports only/,
    ],
    [
      'ID=alpine\nPRETTY_NAME="Alpine Linux v3.22"\n',
      /runs Alpine Linux v3\.22, whose C library is not glibc/,
    ],
  ] as const)
    it(`${/^ID=(.*)/.exec(release)?.[1] ?? ''} is refused by itself if Proxmox does not manage it`, async () => {
      await node.output(`sed -i 's/^ostype: .*/ostype: unmanaged/' ${file}`)
      await ct102.output('cat >/usr/lib/os-release', { input: release })
      await refused(message)
    })

  it('may lose its GPUs, and Debian is supported if Proxmox does not manage it', async () => {
    await node.output(`sed -i 's/^ostype: .*/ostype: nixos/' ${file}`)
    const words = ['run', 'playbooks/containers.yml', '-l', 'ct102', '-i', inventoryOf(lab)]
    const lost = await gpuplay([...words, '--check', '-e', 'gpu_assignment=none'])
    assert.equal(lost.exitCode, 0, problemsOf(lost))
    await node.output(`sed -i 's/^ostype: .*/ostype: unmanaged/' ${file}`)
    assert.equal((await play('--check')).exitCode, 0)
  })
})
