import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import {
  breakInternet,
  cable,
  changeHostKey,
  fillDisk,
  emptyDisk,
  holdDpkgLock,
  requests,
  slowReboots,
} from './faults.ts'
import { instance, network, stateRoot } from './instance.ts'
import { Lab } from './lab.ts'
import { whyNoLab } from './machine.ts'
import { attempt, run } from './process.ts'
import { snapshotDifferences } from './snapshot.ts'

const skip = whyNoLab() ?? false
const name = `test-${process.pid}`

describe('a lab', { skip, timeout: 300_000 }, () => {
  let lab: Lab

  before(async () => {
    lab = await Lab.up({ name, nodes: 2, containers: 1 })
  })
  after(async () => {
    await Lab.down(name)
  })

  it('has nodes that run systemd without failed units', async () => {
    for (const node of lab.nodes) {
      assert.equal((await node.exec('systemctl is-system-running --wait')).stdout, 'running\n')
      assert.equal((await node.output('cat /proc/1/comm')).trim(), 'systemd')
    }
  })

  it('accepts plain ssh from this machine, with the host keys in its known_hosts', async () => {
    assert.equal((await lab.ssh('pve2', 'hostname')).stdout, 'pve2\n')
    const changed = await changeHostKey(lab.node('pve2'))
    const refused = await lab.ssh('pve2', 'hostname')
    assert.equal(refused.code, 255)
    assert.match(refused.stderr, /REMOTE HOST IDENTIFICATION HAS CHANGED/)
    assert.ok(!readFileSync(lab.knownHosts, 'utf8').includes(changed))
  })

  it('keeps the disk over a reboot and resets /run, the uptime and the boot ID', async () => {
    const node = lab.node('pve1')
    await node.output('echo kept >/etc/kept; echo gone >/run/gone')
    const first = await node.bootId()
    await node.reboot()
    assert.equal(await node.output('cat /etc/kept'), 'kept\n')
    assert.notEqual((await node.exec('test -e /run/gone')).code, 0)
    assert.notEqual(await node.bootId(), first)
    assert.ok(Number((await node.output('cut -d " " -f 1 /proc/uptime')).trim()) < 60)
    assert.equal(await lab.node('pve1').output('hostname'), 'pve1\n')
  })

  it('takes as long to reboot as a test requests', async () => {
    slowReboots(lab.node('pve2'), 2)
    await lab.reboot('pve2')
    const log = readFileSync(lab.world.path('nodes/pve2/boots.log'), 'utf8').trim().split('\n').slice(-2)
    const [down = 0, boot = 0] = log.map((line) => Number(line.split(' ')[0]))
    assert.match(log.join(' '), /down 129 \S+ boot/)
    assert.ok(boot - down >= 2, log.join(' '))
  })

  it('serves signed apt repositories under their real addresses, with DNS and certificates', async () => {
    const node = lab.node('pve1')
    await node.output('apt-get -qq update')
    assert.match(
      await node.output('apt-cache policy dkms'),
      /Candidate: 3\.0\.10-8\+deb12u1\n[^]*debian\.mirror\.test/,
    )
    const address = 'https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64/InRelease'
    assert.match(await node.output(`wget -qO- ${address}`), /BEGIN PGP SIGNED MESSAGE/)
    assert.notEqual((await node.exec('wget -qO- https://www.example.org/')).code, 0)
    const program = `fetch('${address}').then((answer) => answer.text()).then((text) => process.stdout.write(text))`
    assert.match((await lab.run([process.execPath, '-e', program])).stdout, /BEGIN PGP SIGNED MESSAGE/)
    assert.ok(requests(lab.world).some(({ path, status }) => path.endsWith('/InRelease') && status === 200))
  })

  it('breaks downloads as requested: errors for a number of requests, an interruption, then a resumed download', async () => {
    const address = 'https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64/Packages'
    const node = lab.node('pve1')
    await node.output(`curl -fsS -o /root/whole ${address}`)
    breakInternet(lab.world, [{ match: 'debian12/x86_64/Packages', kind: { answer: 503 }, times: 1 }])
    assert.match((await node.exec(`curl -fsS -o /dev/null ${address}`)).stderr, /503/)
    await node.output(`curl -fsS -o /dev/null ${address}`)
    breakInternet(lab.world, [{ match: 'debian12/x86_64/Packages', kind: { cutAfter: 100 } }])
    assert.notEqual((await node.exec(`curl -fsS -o /root/part ${address}`)).code, 0)
    assert.equal(await node.output('stat -c %s /root/part'), '100\n')
    breakInternet(lab.world, [])
    await node.output(`curl -fsS -C - -o /root/part ${address} && cmp /root/part /root/whole`)
    breakInternet(lab.world, [{ match: 'debian12/x86_64/Packages', kind: { corrupt: true } }])
    await node.output(`curl -fsS -o /root/bad ${address}`)
    assert.match((await node.exec('cmp /root/bad /root/whole')).stdout, /differ/)
    breakInternet(lab.world, [])
  })

  it('saves and restores all disks', async () => {
    const node = lab.node('pve1')
    await node.output('echo before >/etc/state')
    await lab.save('early')
    const before = await lab.snapshotFiles()
    await node.output('echo after >/etc/state; rm /etc/kept; mkdir /etc/new; touch /etc/new/file')
    assert.deepEqual(
      snapshotDifferences(before, await lab.snapshotFiles()).map((line) =>
        line.split(' ').slice(0, 2).join(' '),
      ),
      ['- pve1:/etc/kept', '+ pve1:/etc/new/file', '~ pve1:/etc/state'],
    )
    await lab.restore('early')
    assert.equal(await node.output('cat /etc/state /etc/kept'), 'before\nkept\n')
    assert.deepEqual(snapshotDifferences(before, await lab.snapshotFiles()), [])
  })

  it('causes the faults that tests request', async () => {
    const node = lab.node('pve1')
    const release = await holdDpkgLock(node)
    assert.match((await node.exec('apt-get -y install make')).stderr, /Could not get lock .*unattended-upgr/)
    await release()
    await node.output('apt-get -qq update && apt-get -y -qq install make')

    await fillDisk(node, 'disk', 65536)
    assert.match(
      (await node.exec('head -c 1000000 /dev/zero >/root/large')).stderr,
      /No space left on device/,
    )
    await emptyDisk(node)
    await node.output('head -c 1000000 /dev/zero >/root/large')

    await cable(node, 'cut')
    const patient = ['ssh', '-F', lab.sshConfig, '-o', 'ConnectTimeout=1', 'pve1', 'true']
    assert.match((await attempt(patient)).stderr, /timed out/)
    await cable(node, 'mended')
    await lab.restore('early')
    assert.equal((await lab.ssh('pve1', 'hostname')).stdout, 'pve1\n')
  })

  it('leaves nothing after it is stopped', async () => {
    const owner = instance(name)
    const { link } = network(lab.world.network.slot)
    assert.match(await run(['ip', 'link', 'show', link]), /state UP/)
    await Lab.down(name)
    assert.equal(existsSync(owner.stateDir), false)
    assert.notEqual((await attempt(['ip', 'link', 'show', link])).code, 0)
    assert.equal((await attempt(['find', '/sys/fs/cgroup', '-name', owner.cgroup])).stdout, '')
    assert.ok(!readFileSync('/proc/self/mounts', 'utf8').includes(owner.stateDir))
    const processes = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))
    const left = processes.filter((pid) => commandLineOf(pid).includes(join(stateRoot, name)))
    assert.deepEqual(left, [])
    assert.equal(Lab.find(name), undefined)
  })
})

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return '' // it has ended meanwhile
  }
}
