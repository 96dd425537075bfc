import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { countCosts } from './costs.ts'
import { instance } from './instance.ts'
import { whyNoLab } from './machine.ts'
import { type PlainHost, PlainHosts } from './plain.ts'
import { attempt, type Finished } from './process.ts'

describe('plain hosts', { skip: whyNoLab() ?? false, timeout: 240_000 }, () => {
  const name = `plain-${process.pid}`
  let plain: PlainHosts
  let hosts: readonly [PlainHost, PlainHost]
  before(async () => {
    plain = await PlainHosts.up({ name, count: 2 })
    const [one, two] = plain.hosts
    hosts = one === undefined || two === undefined ? assert.fail('not two hosts') : [one, two]
  })
  after(() => PlainHosts.down(name))

  function ssh({ address }: PlainHost, command: string): Promise<Finished> {
    const options = [`UserKnownHostsFile=${plain.knownHosts}`, `IdentityFile=${plain.privateKey}`]
    return attempt([
      'ssh',
      '-F',
      'none',
      ...options.flatMap((one) => ['-o', one]),
      `root@${address}`,
      command,
    ])
  }

  it('have their own names, processes and files', async () => {
    const [one, two] = hosts
    assert.equal((await ssh(one, 'hostname; echo 1 >/etc/mine; ls /etc/mine')).stdout, 'host1\n/etc/mine\n')
    assert.equal((await ssh(two, 'hostname; ls /etc/mine 2>/dev/null')).stdout, 'host2\n')
    assert.deepEqual(readdirSync(`${plain.disk(one)}/etc`), ['mine'])
    assert.match((await ssh(two, 'ps -o comm= -p 1')).stdout, /^sshd\n/)
  })

  it('can be reset to a new state', async () => {
    const [one] = hosts
    await ssh(one, 'touch /etc/mine')
    await plain.fresh([one])
    assert.notEqual((await ssh(one, 'test -e /etc/mine')).code, 0)
  })

  it('count the processes and programs of an operation, without those of opening a shell', async () => {
    const [one] = hosts
    const costs = await countCosts(plain, one, async ({ address, port, privateKey, knownHosts }) => {
      const options = [
        '-F',
        'none',
        '-i',
        privateKey,
        '-o',
        `UserKnownHostsFile=${knownHosts}`,
        '-p',
        `${port}`,
      ]
      const command = 'exec /bin/sh -c "true; /bin/true; (/bin/true; true); echo done"'
      const done = await attempt(['ssh', ...options, `root@${address}`, command])
      assert.equal(done.stdout, 'done\n', done.stderr)
    })
    assert.deepEqual([costs.forks, [...costs.programs]], [3, [['true', 2]]])
  })

  it('leave nothing behind', async () => {
    await plain.down()
    assert.ok(!existsSync(instance(name).stateDir))
    assert.equal((await attempt(['ip', 'link', 'show', plain.world.network.link])).code, 1)
  })
})
