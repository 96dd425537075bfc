/** A container like Ubuntu 24.04's: its os-release and apt, an address that arrives late, and downloads that fail. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { failFirstDownloads } from './faults.ts'
import { Lab } from './lab.ts'
import { whyNoLab } from './machine.ts'

const skip = whyNoLab() ?? false
const name = `test-ubuntu-${process.pid}`
/** Shorter than in practice (20 s), for a short test. */
const delay = 6

describe('a container like Ubuntu 24.04', { skip, timeout: 300_000 }, () => {
  let lab: Lab
  before(async () => {
    lab = await Lab.up({
      name,
      nodes: 1,
      containers: 2,
      adjust: (node) => ({
        ...node,
        containers: node.containers.map((one) => ({
          ...one,
          os: 'ubuntu-24.04' as const,
          addressAfter: delay,
        })),
      }),
    })
  })
  after(() => Lab.down(name))

  it('is ready before it has an address, after every start', async () => {
    const container = lab.container(102)
    await lab.node('pve1').output('pct reboot 102')
    const started = Date.now()
    let state = ''
    while (!/running|degraded/.test(state))
      state = (await container.exec('systemctl is-system-running')).stdout
    assert.doesNotMatch(await container.output('ip -4 addr show eth0'), /inet /)
    while (!/inet /.test(await container.output('ip -4 addr show eth0'))) {
      assert.ok(Date.now() - started < (delay + 10) * 1000)
    }
    assert.ok(Date.now() - started > (delay - 3) * 1000)
    assert.match(
      await container.output('ip -4 addr show eth0; ip route'),
      new RegExp(`${container.spec.address}/[^]*default via`),
    )
    assert.match(await lab.node('pve1').output('pct config 102'), /^net0: .*ip=dhcp.*$[^]*^ostype: ubuntu$/m)
  })

  it('has os-release, apt sources and driver packages of Ubuntu, privileged or not', async () => {
    for (const container of lab.containers) {
      while (!/inet /.test(await container.output('ip -4 addr show eth0')))
        await container.output('sleep 0.5')
      assert.match(await container.output('. /etc/os-release; echo $ID $VERSION_ID'), /^ubuntu 24\.04$/m)
      const listed = await container.output(
        'apt-get update 2>&1; apt-cache policy nvidia-driver-580-open dkms',
      )
      assert.match(listed, /ubuntu noble\/restricted/)
      assert.match(listed, /580\.142-0ubuntu0\.24\.04\.1/)
      await container.output('apt-get -y -qq install libnvidia-compute-580 nvidia-utils-580 2>&1')
      assert.match(
        await container.output('apt-get -s purge nvidia-firmware-580-580.142 2>&1 || :'),
        /Purg|not installed/,
      )
    }
  })

  it('has downloads that fail twice, and then succeed', async () => {
    const container = lab.container(101)
    failFirstDownloads(container, 2)
    const fetch = 'wget -q -O /dev/null http://ubuntu.mirror.test/ubuntu/dists/noble/InRelease'
    assert.notEqual((await container.exec(fetch)).code, 0)
    assert.equal((await lab.container(102).exec(fetch)).code, 0)
    assert.notEqual((await container.exec(fetch)).code, 0)
    assert.equal((await container.exec(fetch)).code, 0)
  })
})
