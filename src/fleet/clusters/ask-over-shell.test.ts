/** Clusters that are asked with pvesh. test/full/clusters.test.ts does it through real sshd. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defined } from '../../base/defined.ts'
import { Secret } from '../../base/secret.ts'
import { UnreachableError } from '../../base/errors.ts'
import type { ShellReply, Target } from '../../connection/connection.ts'
import type { ClusterListing } from '../../inventory/clusters/cluster-listing.ts'
import { memoryFiles } from '../../language/testing/memory-files.ts'
import { report } from '../../language/testing/report.ts'
import type { Reach } from '../machine.ts'
import { askClusters } from './ask-clusters.ts'
import { apiAnswers } from './testing/api-answers.ts'

const configs: Readonly<Record<string, string>> = {
  'pve1/lxc/101.conf':
    '#the password is opensesame\nhostname: ollama\ndev0: /dev/nvidia0,mode=0666\n[snap]\ndev1: /dev/nvidia1\n',
  'pve2/lxc/102.conf': 'hostname: web\nlxc.cgroup2.devices.allow: c 195:* rwm\n',
  'pve1/lxc/900.conf': 'hostname: base\ntemplate: 1\n',
}

interface Machine {
  /** Another answer to a script that has this text. */
  readonly other?: readonly [string, ShellReply | Error]
}

function exited(stdout: string, code = 0, stderr = ''): ShellReply {
  return { kind: 'exited', code, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) }
}

function answerTo(script: string): ShellReply {
  if (script.includes('base64'))
    return exited(
      Object.entries(configs)
        .map(([file, text]) => `${file} ${Buffer.from(text).toString('base64')}\n`)
        .join(''),
    )
  const [, path = '', type] =
    /exec pvesh get (\S+)(?: --type (\w+))? --output-format json$/.exec(script) ?? []
  const question = type === undefined ? path : `${path}?type=${type}`
  return Object.hasOwn(apiAnswers, question)
    ? exited(JSON.stringify(apiAnswers[question]))
    : exited('', 255, `No 'get' handler defined for '${path}'\n`)
}

async function asked(text: string, { other }: Machine = {}) {
  const targets: Target[] = []
  const scripts: string[] = []
  const shown: string[] = []
  let open = 0
  const reach: Reach = {
    connect: async (target) => {
      targets.push(target)
      if (other?.[0] === 'connect' && other[1] instanceof Error) throw other[1]
      return { kind: 'ssh', open: () => assert.fail('no channel'), close: async () => undefined }
    },
    openShell: async () => {
      open += 1
      return {
        greeting: { bootId: '', uid: 0, hostname: 'pve1' },
        gone: new AbortController().signal,
        run: async (script) => {
          scripts.push(script)
          if (other === undefined || !script.includes(other[0])) return answerTo(script)
          if (other[1] instanceof Error) throw other[1]
          return other[1]
        },
        close: async () => {
          open -= 1
        },
      }
    },
    upload: () => assert.fail('no upload'),
    close: async () => {
      assert.equal(open, 0, 'all shells are closed')
      open = -1
    },
  }
  const answers = await askClusters(['/i'], {
    extra: new Map(),
    localSources: {
      environment: { LOGIN_PASSWORD: 'opensesame', LOGIN_PORT: 'ssh' },
      files: memoryFiles({ '/i/pve.yml': text, '/i/hosts.yml': 'all: {hosts: {a: }}\n' }),
      folders: ['.'],
    },
    secrets: { add: (secret) => void shown.push(secret.reveal()) },
    home: '/home/ann',
    defaults: { user: 'default', ...defined({ privateKey: '/k' }) },
    reach: () => reach,
    contacting: () => undefined,
    signal: new AbortController().signal,
  })
  assert.deepEqual(answers('/i/hosts.yml'), { kind: 'not asked' })
  return { answer: answers('/i/pve.yml'), targets, scripts, shown, isClosed: open === -1 }
}

async function listed(text: string, machine?: Machine): Promise<ClusterListing> {
  const { answer } = await asked(text, machine)
  assert.ok(answer.kind === 'listing', JSON.stringify(answer))
  return answer.listing
}

async function mistakes(text: string, machine?: Machine): Promise<readonly string[]> {
  const { answer } = await asked(text, machine)
  assert.ok(answer.kind === 'failed')
  return report(answer.problems)
}

const source = 'plugin: proxmox\naddress: pve1.example.com\n'

describe('a cluster that is asked with pvesh', () => {
  test('lists nodes with their cards, and containers with the settings in force', async () => {
    const { cluster, nodes, containers, warnings } = await listed(source)
    assert.equal(cluster, 'lab')
    assert.deepEqual(
      nodes.map(({ name, isLocal, gpus }) => [name, isLocal, gpus?.map(({ id }) => id)]),
      [
        ['pve1', true, ['0000:01:00.0']],
        ['pve2', false, []],
      ],
    )
    assert.deepEqual(
      containers.map(({ ctid, name, node, tags, isTemplate }) => [ctid, name, node, tags, isTemplate]),
      [
        [101, 'ollama', 'pve1', ['ai', 'gpu'], false],
        [102, 'web', 'pve2', [], false],
        [900, 'base', 'pve1', [], true],
      ],
    )
    assert.deepEqual(containers[0]?.config, {
      settings: { hostname: 'ollama', dev0: '/dev/nvidia0,mode=0666' },
      lxc: [],
    })
    assert.deepEqual(containers[1]?.config?.lxc, [['lxc.cgroup2.devices.allow', 'c 195:* rwm']])
    assert.deepEqual(warnings, [])
  })

  test('is reached with the settings of the source, and those of the command line where it has none', async () => {
    const text = `${source}port: 2022\nknown_hosts: /kh\npassword: '{{env "LOGIN_PASSWORD"}}'\nbecome: true\n`
    const { targets, shown, isClosed } = await asked(text)
    const [{ password, ...target } = assert.fail('nothing was reached')] = targets.map((found) =>
      found.kind === 'ssh' ? found : assert.fail(found.kind),
    )
    assert.deepEqual(target, {
      kind: 'ssh',
      address: 'pve1.example.com',
      hostKeyChecking: 'strict',
      port: 2022,
      user: 'default',
      privateKey: '/k',
      knownHosts: '/kh',
      become: { user: 'root', method: 'sudo' },
    })
    assert.ok(password instanceof Secret)
    assert.deepEqual(shown, ['opensesame'])
    assert.equal(isClosed, true)
    assert.deepEqual((await asked('plugin: proxmox\nconnection: local\n')).targets, [{ kind: 'local' }])
  })

  test('answers four questions in all but those about cards', async () => {
    const { scripts } = await asked(`${source}want_facts: false\n`)
    assert.deepEqual(scripts, [
      'PATH=$PATH:/usr/sbin:/sbin; exec pvesh get /cluster/status --output-format json',
      'PATH=$PATH:/usr/sbin:/sbin; exec pvesh get /cluster/resources --type vm --output-format json',
    ])
    assert.equal((await asked(source)).scripts.length, 5)
  })

  test('is not complete if a node does not answer', async () => {
    const lost = exited('', 255, 'ssh: connect to host pve2 port 22: No route to host\n')
    const { warnings } = await listed(source, { other: ['/nodes/pve2/', lost] })
    assert.deepEqual(report(warnings), [
      'pve.yml:2:1 unknown-gpus: the GPUs of pve2 or of its containers are unknown: "pvesh get /nodes/pve2/hardware/pci" failed on the node: ssh: connect to host pve2 port 22: No route to host (they are missing in the groups of hosts with GPUs; run again when the node is up, or leave it out with --limit)',
    ])
  })
})

describe('problems with pvesh name the place and the cure', () => {
  const status = '/cluster/status'
  for (const [says, reply, expected] of [
    [
      'not root',
      exited(
        '',
        255,
        'ipcc_send_rec[1] failed: Unknown error -1\nUnable to load access control list: Unknown error -1\n',
      ),
      /"pvesh get \/cluster\/status" failed on the node: ipcc_send_rec.*\(log in as root, or write "become: true"/s,
    ],
    [
      'no Proxmox VE',
      exited('', 127, 'sh: 1: exec: pvesh: not found\n'),
      /\(write the address of a node that runs Proxmox VE\)/,
    ],
    ['no JSON', exited('Welcome\n'), /the answer to \/cluster\/status is not that of Proxmox VE: .*JSON/],
    [
      'too late',
      { kind: 'timedOut', stdout: Buffer.of(), stderr: Buffer.of() } as const,
      /"pvesh get \/cluster\/status" did not end within 30 s \(.*"api_timeout"/,
    ],
    [
      'lost',
      { kind: 'lost', why: 'closed' } as const,
      /the connection was lost during "pvesh get \/cluster\/status": closed/,
    ],
  ] as const) {
    test(says, async () => {
      const [found = '', ...others] = await mistakes(source, { other: [status, reply] })
      assert.match(found, expected)
      assert.match(found, /^pve\.yml:2:1 [a-z-]+: cannot ask the cluster: /)
      assert.deepEqual(others, [])
    })
  }

  test('a node that cannot be reached', async () => {
    const error = new UnreachableError({
      code: 'connection-refused',
      message: 'cannot reach pve1',
      hint: 'check',
    })
    assert.deepEqual(await mistakes(source, { other: ['connect', error] }), [
      'pve.yml:2:1 connection-refused: cannot ask the cluster: cannot reach pve1 (check)',
    ])
  })

  test('a setting that its template makes wrong', async () => {
    const [found = ''] = await mistakes(`${source}port: '{{env "LOGIN_PORT"}}'\n`)
    assert.match(found, /^pve\.yml:3:7 invalid-variable: "port" is "ssh"/)
    const [secret = ''] = await mistakes(`${source}port: '{{env "LOGIN_PASSWORD"}}'\n`)
    assert.match(secret, /^pve\.yml:3:7 secret-in-connection: "port" contains a secret/)
  })
})
