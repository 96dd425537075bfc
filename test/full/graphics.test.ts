/**
 * Containers with the capability `graphics`: /dev/nvidia-modeset and the nodes of their own GPUs in
 * /dev/dri. A card of another vendor has /dev/dri/renderD128 on this lab's node, and an administrator has
 * passed it to ct102.
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { actions } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { inventoryOf } from '../whole/support/site-runs.ts'
import { boot, rolesRun } from './support/roles-play.ts'

const name = `graphics-${process.pid}`
const capabilities = (...more: readonly string[]): readonly string[] => [
  '-e',
  JSON.stringify({ lxc_userspace_driver_capabilities: ['compute', 'utility', 'video', ...more] }),
]
const graphics = capabilities('graphics')
const onNode = ['-e', 'nvidia_host_graphics=true']
const foreign = 'dev9: /dev/dri/renderD128,mode=0666'
const tail = ({ text }: Ended): string => text.slice(-4000)

describe('graphics in containers', { skip: whyNoLab() ?? false, timeout: 900_000 }, () => {
  let lab: Lab
  let play: (...more: readonly string[]) => Promise<Ended>

  const verify = (...more: readonly string[]): Promise<Ended> =>
    gpuplay(['run', 'playbooks/verify.yml', '-i', inventoryOf(lab), ...more])
  const node = (command: string): Promise<string> => lab.node('pve1').output(command)
  const config = (ctid: number): Promise<string> => node(`cat /etc/pve/lxc/${ctid}.conf`)
  const inDri = (ctid: number): Promise<string> =>
    lab.container(ctid).output('ls /dev/dri 2>/dev/null || true')

  /** Why the container's root cannot open this node; undefined if the kernel allows it. */
  async function denied(ctid: number, path: string): Promise<string | undefined> {
    const { stderr } = await lab.container(ctid).exec(`LC_ALL=C head -c 0 ${path}`)
    return /not permitted|ermission denied|No such file/.exec(stderr)?.[0]
  }

  before(async () => {
    lab = await Lab.up({
      name,
      nodes: 1,
      containers: 2,
      // ct101 has GPU 0: card1 and renderD129; ct102 has GPU 1: card2 and renderD130.
      adjust: (spec) => ({ ...spec, gpus: spec.gpus.map((gpu, index) => ({ ...gpu, drm: index + 1 })) }),
    })
    const words = rolesRun(lab, {
      nodes: 'runfile_cache, nvidia_host',
      containers: 'lxc_passthrough, lxc_userspace_driver, cuda_toolkit, verify',
    })
    play = (...more) => gpuplay(words(...more))
    const run = await play()
    assert.equal(run.exitCode, 0, tail(run))
    await lab.save('computing')
    const given = await play(...onNode, ...graphics)
    assert.equal(given.exitCode, 0, tail(given))
    await lab.save('graphics')
  })
  after(() => Lab.down(name))

  describe('on a node without nvidia_drm', () => {
    beforeEach(() => lab.restore('computing'))

    it('is refused, with the variable that is missing', async () => {
      for (const options of [['--check'], []]) {
        const run = await play(...graphics, '-l', 'pve1,ct102', ...options)
        assert.equal(run.exitCode, 4, tail(run))
        assert.match(run.text, /pve1 has no device nodes in \/dev\/dri for 0000:41:00\.0/)
        assert.match(run.text, /set nvidia_host_graphics: true for pve1/)
      }
    })

    it('is predicted by a dry run that loads it', async () => {
      const run = await play(...onNode, ...graphics, '--check')
      assert.equal(run.exitCode, 0, tail(run))
      assert.doesNotMatch(await node('lsmod'), /nvidia_drm/)
    })
  })

  describe('on a node with nvidia_drm', () => {
    beforeEach(() => lab.restore('graphics'))

    it('gives each container the nodes of its own GPU, in a second run too', async () => {
      assert.equal(await inDri(101), 'card1\nrenderD129\n')
      assert.equal(await inDri(102), 'card2\nrenderD130\n')
      for (const path of ['/dev/dri/renderD130', '/dev/dri/card2', '/dev/nvidia-modeset'])
        assert.equal(await denied(102, path), undefined, path)
      const again = await play(...onNode, ...graphics)
      assert.deepEqual(actions(again.events), [])
      assert.match(again.text, /nvidia_drm of pve1 is loaded without modeset=1/)
    })

    it('closes the nodes of other GPUs to root of a privileged container', async () => {
      await lab.container(101).output('mknod /root/other c 226 130; mknod /root/own c 226 129')
      assert.equal(await denied(101, '/root/other'), 'not permitted')
      assert.equal(await denied(101, '/root/own'), undefined)
    })

    it('takes the nodes away, and keeps those of another vendor', async () => {
      await node(
        `mknod -m 0666 /dev/dri/renderD128 c 226 128; echo '${foreign}' >>/etc/pve/lxc/102.conf; pct reboot 102`,
      )
      const kept = await play(...onNode, ...graphics)
      assert.deepEqual(actions(kept.events), [])
      assert.equal(await inDri(102), 'card2\nrenderD128\nrenderD130\n')
      const run = await play(...onNode, ...capabilities())
      assert.equal(run.exitCode, 0, tail(run))
      assert.equal(await inDri(102), 'renderD128\n')
      assert.equal(await inDri(101), '')
      assert.match(await config(102), /^dev9: \/dev\/dri\/renderD128,mode=0666$/m)
      assert.deepEqual(actions((await play(...onNode, ...capabilities())).events), [])
    })

    it('works with raw lines in a privileged container, and says why it does not in an unprivileged one', async () => {
      const run = await play(...onNode, ...graphics, '-e', 'lxc_passthrough_style=lxc')
      assert.equal(run.exitCode, 0, tail(run))
      await node('pct reboot 101; pct reboot 102')
      assert.match(await config(101), /^lxc\.cgroup2\.devices\.allow: c 226:129 rw$/m)
      assert.equal(await inDri(101), 'card1\nrenderD129\n')
      assert.equal(await denied(101, '/dev/dri/renderD129'), undefined)
      await lab.container(101).output('mknod /root/other c 226 130')
      assert.equal(await denied(101, '/root/other'), 'not permitted')
      const found = await verify(...graphics)
      assert.equal(found.exitCode, 7, tail(found))
      assert.match(found.text, /\/dev\/dri\/renderD130 cannot be opened/)
      assert.doesNotMatch(found.text, /renderD129 cannot be opened/)
      await node('chmod 0666 /dev/dri/*')
      const open = await verify(...graphics)
      assert.equal(open.exitCode, 0, tail(open))
    })

    it('removes the render node of another GPU that somebody has configured', async () => {
      await node(`echo 'dev8: /dev/dri/renderD129,mode=0666' >>/etc/pve/lxc/102.conf; pct reboot 102`)
      assert.equal(await denied(102, '/dev/dri/renderD129'), undefined)
      const found = await verify('-l', 'ct102', ...graphics)
      assert.equal(found.exitCode, 7, tail(found))
      assert.match(found.text, /\/dev\/dri\/renderD129 can be opened, but is not assigned/)
      const run = await play(...onNode, ...graphics, '-l', 'pve1,ct102')
      assert.equal(run.exitCode, 0, tail(run))
      assert.equal(await inDri(102), 'card2\nrenderD130\n')
    })

    it('restarts a container whose device rule alone opens the render node of another GPU', async () => {
      await node("echo 'lxc.cgroup2.devices.allow: c 226:130 rw' >>/etc/pve/lxc/101.conf; pct reboot 101")
      await lab.container(101).output('mknod /root/other c 226 130')
      assert.equal(await denied(101, '/root/other'), undefined)
      const run = await play(...onNode, ...graphics, '-l', 'pve1,ct101')
      assert.equal(run.exitCode, 0, tail(run))
      assert.doesNotMatch(await config(101), /226:130/)
      assert.equal(await denied(101, '/root/other'), 'not permitted')
      assert.deepEqual(actions((await play(...onNode, ...graphics, '-l', 'pve1,ct101')).events), [])
    })

    it('finds a rule that opens the render nodes of all cards through a mount of /dev/dri', async () => {
      await play(...onNode, ...capabilities())
      const rule = 'lxc.cgroup2.devices.allow: c 226:* rw'
      const mount = 'lxc.mount.entry: /dev/dri dev/dri none bind,create=dir 0 0'
      await node(
        `chmod 0666 /dev/dri/*; printf '${mount}\\n${rule}\\n' >>/etc/pve/lxc/102.conf; pct reboot 102`,
      )
      const found = await verify('-l', 'ct102')
      assert.equal(found.exitCode, 7, tail(found))
      assert.match(found.text, /\/dev\/dri\/renderD129 can be opened, but is not assigned/)
      assert.match(found.text, /c 226:\* rw/)
      assert.doesNotMatch(found.text, /renderD130 can be opened/)
    })
  })

  describe('after a boot that numbers /dev/dri anew', () => {
    beforeEach(() => lab.restore('graphics'))

    /** At the next boot of pve1, its cards have these numbers in /dev/dri. */
    async function renumber(...numbers: readonly number[]): Promise<void> {
      const script = `const f="/etc/lab/node.json",fs=require("fs"),n=JSON.parse(fs.readFileSync(f));n.gpus.forEach((g,i)=>{g.drm=${JSON.stringify(numbers)}[i]});fs.writeFileSync(f,JSON.stringify(n))`
      await node(`/usr/lib/lab/node -e '${script}'`)
      await boot(lab)
    }

    it('no container gets the render node of another GPU, and the next run gives it its own', async () => {
      await renumber(2, 1)
      assert.match(await node('pct list'), /^101\s+stopped[^]*^102\s+stopped/m)
      const journal = await node('journalctl -b -u gpuplay-nvidia.service --no-pager -o cat')
      assert.match(
        journal,
        /container 102 is held back: [^\n]*\/dev\/dri\/renderD130 is now card 0000:01:00\.0/,
      )
      const found = await verify(...graphics)
      assert.equal(found.exitCode, 7, tail(found))
      assert.match(found.text, /container 102 was held back at its start/)
      const run = await play(...onNode, ...graphics)
      assert.equal(run.exitCode, 0, tail(run))
      assert.equal(await inDri(101), 'card2\nrenderD130\n')
      assert.equal(await inDri(102), 'card1\nrenderD129\n')
      assert.deepEqual(actions((await play(...onNode, ...graphics)).events), [])
    })

    it('a container whose names in /dev/dri are gone is started by the next run', async () => {
      await renumber(3, 2)
      assert.match(await node('pct list'), /^101\s+stopped[^]*^102\s+running/m)
      const journal = await node('journalctl -b -u gpuplay-nvidia.service --no-pager -o cat')
      assert.match(journal, /container 101 is held back: \/dev\/dri\/card1 does not exist any longer/)
      const run = await play(...onNode, ...graphics)
      assert.equal(run.exitCode, 0, tail(run))
      assert.equal(await inDri(101), 'card3\nrenderD131\n')
    })
  })
})
