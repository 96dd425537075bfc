/** Where drivers and packages come from: repositories without a subscription, files without a checksum, mirrors. */
import assert from 'node:assert/strict'
import { before, beforeEach, describe, it } from 'node:test'
import { breakInternet, requests } from '../lab/faults.ts'
import type { LabContainer, LabNode } from '../lab/host.ts'
import type { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { changedCount } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { doneLab, inventoryOf } from '../whole/support/site-runs.ts'
import { problemsOf } from './support/roles-play.ts'

const cache = '/var/cache/gpuplay'

describe('a source', { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  let lab: Lab
  let node: LabNode
  let ct101: LabContainer

  before(async () => {
    lab = await doneLab()
    node = lab.node('pve1')
    ct101 = lab.container(101)
  })
  beforeEach(() => lab.restore('done'))

  const play = (playbook: string, limit: string, ...words: readonly string[]): Promise<Ended> =>
    gpuplay(['run', `playbooks/${playbook}.yml`, '-l', limit, '-i', inventoryOf(lab), ...words])

  it('that answers 401 is named, with the subscription as the cause, and its entry stays', async () => {
    const list = '/etc/apt/sources.list.d/pve-enterprise.list'
    const entry = 'deb http://enterprise.proxmox.com/debian/pve bookworm pve-enterprise'
    await node.output(
      `echo "$(getent hosts download.proxmox.com | cut -d ' ' -f 1) enterprise.proxmox.com" >>/etc/hosts
       echo '${entry}' >${list}; apt-get -y -qq purge nvtop; rm -rf /var/lib/apt/lists/*`,
    )
    breakInternet(lab.world, [{ match: 'enterprise.proxmox.com', kind: { answer: 401 } }])
    const run = await play('nodes', 'pve1')
    assert.equal(run.exitCode, 5, problemsOf(run))
    assert.match(
      problemsOf(run),
      /a repository answered 401 \(Unauthorized\): http:\/\/enterprise\.proxmox\.com\/debian\/pve/,
    )
    assert.match(problemsOf(run), /requires a subscription: add the key, or disable the repository/)
    assert.equal(await node.output(`cat ${list}`), `${entry}\n`)
    await node.output(`sed -i 's/^/#/' ${list}`)
    const next = await play('nodes', 'pve1')
    assert.equal(next.exitCode, 0, problemsOf(next))
    await node.output('nvtop --version')
  })

  it('of a .run without a published checksum is refused, unless the user knows the checksum', async () => {
    const [sum = ''] = (await node.output(`sha256sum ${cache}/*.run`)).split(' ')
    await node.output(`rm -r ${cache}`)
    breakInternet(lab.world, [{ match: '.sha256sum', kind: { answer: 404 } }])
    for (const words of [['--check'], []]) {
      const run = await play('nodes', 'pve1', ...words)
      assert.equal(run.exitCode, 5, problemsOf(run))
      assert.match(problemsOf(run), /no sha256 is known for NVIDIA-Linux-x86_64-580\.95\.05\.run/)
      assert.match(problemsOf(run), /set runfile_cache_sha256, from a source that you trust/)
      assert.notEqual((await node.exec(`ls ${cache}/*`)).code, 0)
    }
    const run = await play('nodes', 'pve1', '-e', `runfile_cache_sha256=${sum}`)
    assert.equal(run.exitCode, 0, problemsOf(run))
    await node.output(`cd ${cache} && sha256sum -c *.sha256`)
  })

  it('of CUDA can be a mirror: then NVIDIA is not asked, and back', async () => {
    const { address } = node.spec
    const mirror = `http://${address}:8080/cuda`
    const server = `require("http").createServer((q, s) => require("https").get({ host: "developer.download.nvidia.com",
      path: "/compute/cuda/repos" + q.url.slice(5), rejectUnauthorized: false }, (a) => { s.writeHead(a.statusCode, a.headers); a.pipe(s) })).listen(8080)`
    await node.output(
      `cat >/root/mirror.cjs; setsid /usr/lib/lab/node /root/mirror.cjs </dev/null >/dev/null 2>&1 &`,
      { input: server },
    )
    await ct101.output(
      "apt-get -y -qq purge 'cuda-*'; rm -rf /var/lib/apt/lists/* /etc/apt/sources.list.d/cuda*",
    )
    const asked = (): number =>
      requests(lab.world).filter(
        ({ host, from }) =>
          host === 'developer.download.nvidia.com' && from.replace(/^::ffff:/, '') === ct101.spec.address,
      ).length
    const before = asked()
    const words = ['-e', `cuda_toolkit_mirror=${mirror}`] as const
    const run = await play('containers', 'ct101', ...words)
    assert.equal(run.exitCode, 0, problemsOf(run))
    assert.match(await ct101.output('bash -lc "nvcc --version"'), /release 12\.8/)
    assert.match(
      await ct101.output('cat /etc/apt/sources.list.d/cuda-*.list'),
      new RegExp(`^deb \\[signed-by=\\S+\\] ${mirror}/debian12/x86_64/ /$`, 'm'),
    )
    assert.equal(asked(), before)
    const second = await play('containers', 'ct101', ...words)
    assert.equal(changedCount(second.events), 0, second.text)
    await ct101.output("apt-get -y -qq purge 'cuda-toolkit-*' 'cuda-nvcc-*'")
    const back = await play('containers', 'ct101')
    assert.equal(back.exitCode, 0, problemsOf(back))
    assert.match(
      await ct101.output('cat /etc/apt/sources.list.d/cuda-*.list'),
      / https:\/\/developer\.download\.nvidia\.com\/compute\/cuda\/repos\/debian12\/x86_64\/ \/$/m,
    )
    assert.ok(asked() > before)
  })
})
