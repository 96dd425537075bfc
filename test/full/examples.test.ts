/** The roles of examples/: Docker and time on a node and in containers. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { loadedClock } from '../lab/internet/time-packages.ts'
import { whyNoLab } from '../lab/machine.ts'
import { actions, changedCount, keysOf, outcomes } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { inventoryOf } from '../whole/support/site-runs.ts'
import { problemsOf } from './support/roles-play.ts'

const name = `examples-${process.pid}`

describe('an example', { skip: whyNoLab() ?? false, timeout: 900_000 }, () => {
  let lab: Lab

  before(async () => {
    lab = await Lab.up({
      name,
      nodes: 1,
      containers: 3,
      adjust: (node) => ({
        ...node,
        containers: node.containers.map((one) =>
          one.ctid === 103 ? { ...one, os: 'ubuntu-24.04' as const } : one,
        ),
      }),
    })
    await lab.save('fresh')
  })
  after(() => Lab.down(name))

  interface Given {
    readonly limit: string
    readonly variables?: Readonly<Record<string, unknown>>
    readonly words?: readonly string[]
  }

  /** Runs one of the examples. The inventory of the lab has no group `docker`. */
  const play = (example: string, { limit, variables = {}, words = [] }: Given): Promise<Ended> =>
    gpuplay([
      'run',
      `examples/${example}.yml`,
      '-i',
      inventoryOf(lab),
      '-l',
      limit,
      '-e',
      JSON.stringify({ docker_hosts: 'all', ...variables }),
      ...words,
    ])

  /**
   * Makes a dry run, a run as the dry run predicted, and a second run without changes. Returns the tasks that
   * changed something.
   */
  async function converges(example: string, given: Given): Promise<readonly string[]> {
    const check = await play(example, { ...given, words: ['--check'] })
    assert.equal(check.exitCode, 0, check.text.slice(-3000))
    assert.deepEqual(actions(check.events), [])
    const real = await play(example, given)
    assert.equal(real.exitCode, 0, problemsOf(real))
    const told = outcomes(check.events)
    const unexpected = [...outcomes(real.events)].filter(
      ([key, outcome]) => told.get(key) !== 'unknown' && told.get(key) !== outcome,
    )
    assert.deepEqual(unexpected, [])
    const second = await play(example, given)
    assert.equal(second.exitCode, 0, problemsOf(second))
    assert.equal(changedCount(second.events), 0, second.text)
    return keysOf(outcomes(real.events), 'changed')
  }

  it('has no mistakes, and lint has no advice', async () => {
    for (const words of [[], ['-i', 'examples/inventory']]) {
      const lint = await gpuplay(['lint', 'examples', ...words])
      assert.equal(lint.exitCode, 0, lint.text)
    }
  })

  describe('installs Docker', () => {
    before(() => lab.restore('fresh'))

    it('from its own repository, with its configuration, a proxy and users', async () => {
      const proxy = { http: 'http://192.0.2.1:3128', no_proxy: 'localhost' }
      const given = { limit: 'ct101', variables: { docker_users: ['ann'], docker_proxy: proxy } }
      const changed = await converges('docker', given)
      assert.ok(changed.includes('ct101 docker : Install Docker'), changed.join('\n'))
      const container = lab.container(101)
      assert.match(await container.output('docker --version'), /^Docker version 29\.1\.3/)
      assert.equal(await container.output('systemctl is-active docker'), 'active\n')
      assert.deepEqual(JSON.parse(await container.output('cat /run/docker-daemon.json')), {
        'log-driver': 'json-file',
        'log-opts': { 'max-size': '10m', 'max-file': '3' },
      })
      const environment = await container.output('systemctl show -p Environment docker')
      assert.equal(environment, 'Environment=HTTP_PROXY=http://192.0.2.1:3128 NO_PROXY=localhost\n')
      assert.match(await container.output('id -nG ann'), /\bdocker\b/)
    })

    it('and restarts it once for another configuration, which keeps foreign keys', async () => {
      const container = lab.container(101)
      await container.output(
        `sed -i '1s/{/{"registry-mirrors": [],/' /etc/docker/daemon.json && systemctl restart docker`,
      )
      const changed = await converges('docker', {
        limit: 'ct101',
        variables: { docker_daemon: { 'log-driver': 'journald' } },
      })
      assert.deepEqual(changed, [
        'ct101 docker : Apply the configuration of Docker',
        'ct101 docker : Apply the proxy of Docker',
        'ct101 docker : Configure the daemon',
        'ct101 docker : Configure the proxy of the daemon',
      ])
      const daemon: unknown = JSON.parse(await container.output('cat /run/docker-daemon.json'))
      assert.deepEqual(daemon, {
        'registry-mirrors': [],
        'log-driver': 'journald',
        'log-opts': { 'max-size': '10m', 'max-file': '3' },
      })
      assert.equal(await container.output('systemctl show -p Environment docker'), 'Environment=\n')
    })

    it('in the version that is asked for, in place of the package of the distribution', async () => {
      const given = { limit: 'ct102', variables: { docker_source: 'distribution' } }
      await converges('docker', given)
      const status = "dpkg-query -W -f '${Package} ${db:Status-Status}\\n' 'docker*'"
      assert.match(await lab.container(102).output(status), /^docker\.io installed$/m)
      await converges('docker', { limit: 'ct102', variables: { docker_version: '29.1.3' } })
      const now = await lab.container(102).output(status)
      assert.match(now, /^docker-ce installed$/m)
      assert.doesNotMatch(now, /^docker\.io installed$/m)
    })

    it('on Ubuntu, from the repository for Ubuntu', async () => {
      await converges('docker', { limit: 'ct103' })
      const container = lab.container(103)
      assert.equal(await container.output('systemctl is-active docker'), 'active\n')
      const source = await container.output('cat /etc/apt/sources.list.d/docker.sources')
      assert.match(source, /^URIs: https:\/\/download\.docker\.com\/linux\/ubuntu$/m)
      assert.match(source, /^Suites: noble$/m)
    })

    it('unless the variables contradict each other', async () => {
      const variables = { docker_version: '29.1.3', docker_source: 'distribution' }
      const run = await play('docker', { limit: 'ct102', variables })
      assert.equal(run.exitCode, 2, run.text)
      assert.match(run.text, /docker_version is set, but the distribution has only one version/)
    })
  })

  describe('sets the time', () => {
    before(() => lab.restore('fresh'))

    // The nodes of the lab are containers of this machine.
    const clock = { ntp_clock: 'always' }

    const loaded = (service: string): Promise<string> =>
      lab.node('pve1').output(`systemctl is-active ${service} && cat ${loadedClock(service)}`)

    it('with chrony on a node, and only the time zone in a container', async () => {
      const variables = { ntp_timezone: 'Europe/Berlin', ntp_allow: ['192.0.2.0/24'] }
      assert.deepEqual(await converges('ntp', { limit: 'ct101', variables }), [
        'ct101 ntp : Set the time zone',
      ])
      const changed = await converges('ntp', { limit: 'pve1', variables: { ...variables, ...clock } })
      assert.ok(changed.includes('pve1 ntp : Install chrony'), changed.join('\n'))
      const text = await loaded('chrony')
      assert.match(text, /^active\n/)
      assert.match(text, /^pool 0\.debian\.pool\.ntp\.org iburst$/m)
      assert.match(text, /^allow 192\.0\.2\.0\/24$/m)
      for (const host of [lab.node('pve1'), lab.container(101)])
        assert.equal(await host.output('readlink /etc/localtime'), '/usr/share/zoneinfo/Europe/Berlin\n')
    })

    it('with other servers, after one restart', async () => {
      const variables = { ...clock, ntp_servers: ['192.0.2.123'] }
      assert.deepEqual(await converges('ntp', { limit: 'pve1', variables }), [
        'pve1 ntp : Configure chrony',
        'pve1 ntp : Restart chrony',
      ])
      const text = await loaded('chrony')
      assert.match(text, /^server 192\.0\.2\.123 iburst$/m)
      assert.doesNotMatch(text, /^pool /m)
    })

    it('with another program in place of it', async () => {
      for (const [program, service] of [
        ['ntpsec', 'ntpsec'],
        ['timesyncd', 'systemd-timesyncd'],
      ] as const) {
        await converges('ntp', { limit: 'pve1', variables: { ...clock, ntp_program: program } })
        assert.match(await loaded(service), /0\.debian\.pool\.ntp\.org/)
      }
      assert.equal((await lab.node('pve1').exec('systemctl is-active chrony ntpsec')).code, 3)
    })

    it('on Ubuntu, from the servers of Ubuntu', async () => {
      await converges('ntp', { limit: 'ct103', variables: clock })
      const text = await lab.container(103).output(`cat ${loadedClock('chrony')}`)
      assert.match(text, /^pool 0\.ubuntu\.pool\.ntp\.org iburst$/m)
    })

    it('and leaves the clock alone if that is asked for', async () => {
      const variables = { ...clock, ntp_program: 'timesyncd', ntp_enabled: false }
      assert.deepEqual(await converges('ntp', { limit: 'pve1', variables }), [
        'pve1 ntp : Start or stop systemd-timesyncd',
      ])
      assert.equal((await lab.node('pve1').exec('systemctl is-enabled systemd-timesyncd')).code, 1)
    })
  })
})
