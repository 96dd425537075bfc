/** Clusters that are asked over HTTPS, with whole command lines. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { gpuplay } from './testing/command-line.ts'
import { scratchFolder } from '../connection/testing/programs.ts'
import {
  apiToken,
  type ClusterServer,
  clusterServer,
  type OtherAnswer,
} from '../fleet/clusters/testing/cluster-server.ts'

const { user, id, secret } = apiToken

function sourceOf(
  { port, authority }: ClusterServer,
  more = `ca_path: ${authority}\n`,
  token = secret,
): string {
  return `plugin: proxmox\nurl: https://localhost:${port}\nuser: ${user}\ntoken_id: ${id}\ntoken_secret: ${token}\n${more}`
}

function written(text: string): string {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'proxmox.yml'), text)
  return folder
}

async function asking(
  words: readonly string[],
  text: (server: ClusterServer) => string = sourceOf,
  other?: OtherAnswer,
) {
  const server = await clusterServer(other)
  try {
    const folder = written(text(server))
    const ended = await gpuplay(folder, [...words, '-i', join(folder, 'proxmox.yml')])
    return { ...ended, server, folder }
  } finally {
    await server.close()
  }
}

/** The message of the only mistake. */
async function mistake(text: (server: ClusterServer) => string, other?: OtherAnswer): Promise<string> {
  const { exitCode, errors, server } = await asking(['inventory', '--list'], text, other)
  assert.equal(exitCode, 2, errors)
  assert.match(errors, /^1 problem;/m)
  assert.doesNotMatch(errors, new RegExp(secret))
  return errors.replaceAll(String(server.port), 'PORT').replaceAll(server.fingerprint, 'FINGERPRINT')
}

function answering(wanted: string, status: number, body: string): OtherAnswer {
  return (path, response) => {
    if (path !== wanted) return false
    response.writeHead(status, body.split('\n')[0]).end(body)
    return true
  }
}

describe('a cluster that is asked over HTTPS', () => {
  test('is an inventory of nodes and containers, and each question is asked once', async () => {
    const { output, errors, exitCode, server } = await asking(['inventory', '--list'])
    assert.equal(exitCode, 0, errors)
    assert.equal(errors, '')
    const { _meta, ...groups } = JSON.parse(output)
    assert.deepEqual(groups.proxmox_gpu_nodes, { hosts: ['pve1'] })
    assert.deepEqual(groups.proxmox_gpu_containers, { hosts: ['ollama', 'web'] })
    assert.deepEqual(groups.proxmox_all_templates, { hosts: ['base'] })
    assert.deepEqual(groups.proxmox_tag_ai, { hosts: ['ollama'] })
    assert.deepEqual(_meta.hostvars.pve2, {
      address: '192.0.2.12',
      proxmox_gpus: [],
      proxmox_status: 'online',
      pve_cluster: 'lab',
    })
    const { node, ctid, proxmox_pool, proxmox_gpu_devices } = _meta.hostvars.ollama
    assert.deepEqual(
      [node, ctid, proxmox_pool, proxmox_gpu_devices],
      ['pve1', 101, 'research', ['/dev/nvidia0', '/dev/nvidiactl']],
    )
    assert.deepEqual(_meta.hostvars.web.proxmox_gpu_devices, ['/dev/nvidia1'])
    assert.equal(_meta.hostvars.windows, undefined)
    assert.doesNotMatch(output, /opensesame/)
    assert.doesNotMatch(output, new RegExp(secret))
    assert.equal(server.asked.length, 7)
    assert.equal(new Set(server.asked).size, 7)
  })

  test('says where a value comes from', async () => {
    const { output } = await asking(['explain', 'var', 'ctid', '--host', 'ollama'])
    assert.match(output, /\* 101 +inventory: host +\S+proxmox\.yml:2:1/)
    assert.match((await asking(['inventory', '--graph'])).output, /@proxmox_pve1_lxc\n +ollama/)
    assert.match(
      (await asking(['inventory', '--host', 'ollama'])).output,
      /proxmox_pool +"research" +\S+proxmox\.yml:2:1/,
    )
  })

  test('may be known by its fingerprint, or not at all with a warning', async () => {
    const known = await asking(['inventory', '--graph'], (server) =>
      sourceOf(server, `fingerprint: ${server.fingerprint.replaceAll(':', '').toLowerCase()}\n`),
    )
    assert.equal(known.exitCode, 0, known.errors)
    const open = await asking(['inventory', '--graph'], (server) =>
      sourceOf(server, 'validate_certs: false\n'),
    )
    assert.equal(open.exitCode, 0)
    assert.match(open.errors, /warning: the certificate of localhost:\d+ is not verified/)
    assert.ok(open.errors.includes(`write fingerprint: ${open.server.fingerprint} in place`))
  })

  test('takes its token from secrets and variables of the command line', async () => {
    const program = await asking(['inventory', '--graph'], (server) =>
      sourceOf(server).replace(secret, `'{{secretFrom "printf" "${secret}"}}'`),
    )
    assert.equal(program.exitCode, 0, program.errors)
    const whole = await asking(['inventory', '--graph', '-e', 'wanted=gpuplay'], (server) =>
      sourceOf(server).replace(`token_id: ${id}`, `token_id: '${user}!{{wanted}}'`),
    )
    assert.equal(whole.exitCode, 0, whole.errors)
  })

  test('is not asked for configurations without want_facts', async () => {
    const { server, output } = await asking(['inventory', '--list'], (found) =>
      sourceOf(found, `ca_path: ${found.authority}\nwant_facts: false\n`),
    )
    assert.deepEqual(server.asked, ['/cluster/status', '/cluster/resources?type=vm'])
    assert.doesNotMatch(output, /gpu_devices/)
  })

  test('is not complete if a node does not answer, which is a warning', async () => {
    const down = (path: string): boolean => path.startsWith('/nodes/pve2/')
    const { errors, exitCode, output } = await asking(['inventory', '--list'], sourceOf, (path, response) => {
      if (down(path)) response.writeHead(595, 'No route to host').end()
      return down(path)
    })
    assert.equal(exitCode, 0, errors)
    assert.match(
      errors,
      /proxmox\.yml:2:1: warning: the GPUs of pve2 or of its containers are unknown: .*595: No route to host/,
    )
    assert.deepEqual(JSON.parse(output).proxmox_gpu_containers, { hosts: ['ollama'] })
  })

  test('is not complete if the token may not read the cards of a node', async () => {
    const { errors, exitCode } = await asking(
      ['inventory', '--list'],
      sourceOf,
      answering('/nodes/pve1/hardware/pci', 403, 'Permission check failed (/, Sys.Modify)'),
    )
    assert.equal(exitCode, 0, errors)
    assert.match(errors, /warning: the GPUs of pve1 .*may not read .*pci: Permission check failed/)
  })

  test('may lose a container while it is asked', async () => {
    const { errors, exitCode } = await asking(
      ['inventory', '--list'],
      sourceOf,
      answering(
        '/nodes/pve2/lxc/102/config?current=1',
        500,
        "Configuration file 'nodes/pve2/lxc/102.conf' does not exist",
      ),
    )
    assert.deepEqual([exitCode, errors], [0, ''])
  })
})

describe('problems over HTTPS name the place and the cure', () => {
  test('a certificate that nobody trusts, before the token is sent', async () => {
    const { errors, server } = await asking(['inventory', '--list'], (found) => sourceOf(found, ''))
    assert.match(
      errors,
      /proxmox\.yml:2:1: error: cannot ask the cluster: the certificate of localhost:\d+ is not trusted: its authority is unknown/,
    )
    assert.ok(errors.includes(`write fingerprint: ${server.fingerprint}; or write ca_path: FILE`))
    assert.deepEqual(server.tokens, [])
  })

  test('a certificate for another name, and one with another fingerprint', async () => {
    const name = await mistake((server) => sourceOf(server).replace('localhost', '127.0.0.1'))
    assert.match(name, /the certificate of 127\.0\.0\.1:PORT is not trusted: it is for another name/)
    const other = await mistake((server) => sourceOf(server, `fingerprint: ${'ab'.repeat(32)}\n`))
    assert.match(other, /the certificate of localhost:PORT has another fingerprint: FINGERPRINT/)
    assert.match(other, /someone may be intercepting/)
  })

  test('a wrong token', async () => {
    const text = await mistake((server) => sourceOf(server, undefined, 'wrong-token-value'))
    assert.match(text, /Proxmox VE refuses the token "monitor@pve!gpuplay": invalid token value!/)
    assert.match(text, /pveum user token list USER/)
    assert.doesNotMatch(text, /wrong-token-value/)
    assert.match(text, /^1 problem; nothing was changed$/m)
  })

  test('a token without permissions', async () => {
    const refused = answering('/cluster/status', 403, 'Permission check failed (/, Sys.Audit)')
    const text = await mistake(sourceOf, refused)
    assert.match(
      text,
      /the token "monitor@pve!gpuplay" may not read \/cluster\/status: Permission check failed/,
    )
    assert.match(text, /pveum acl modify \/ --roles PVEAuditor --tokens 'monitor@pve!gpuplay'/)
  })

  test('an answer that is not that of Proxmox VE', async () => {
    const answers: readonly (readonly [string, RegExp])[] = [
      ['<html>', /the answer to \/cluster\/status is not that of Proxmox VE: .*JSON/],
      ['[]', /it has no "data"/],
      ['{"data": {}}', /it is no list of objects/],
      ['{"data": []}', /it lists no node/],
      ['{"data": [{"type": "node", "name": "a/../b"}]}', /"a\/\.\.\/b" is no name of a node/],
    ]
    for (const [body, expected] of answers)
      assert.match(await mistake(sourceOf, answering('/cluster/status', 200, body)), expected)
    assert.match(await mistake(sourceOf, answering('/cluster/status', 302, '')), /its status is 302/)
  })

  test('a server that is not there, is silent, or speaks no TLS', async () => {
    const closed = await clusterServer()
    await closed.close()
    const refused = await mistake(() => sourceOf(closed))
    assert.match(refused, /cannot reach localhost:\d+: it refused the connection/)
    const silent = await mistake(
      (server) => sourceOf(server, `ca_path: ${server.authority}\napi_timeout: 1\n`),
      () => true,
    )
    assert.match(silent, /localhost:PORT did not answer within 1 s/)
    const lost = await mistake(sourceOf, (_, response) => {
      response.destroy()
      return true
    })
    assert.match(lost, /cannot reach localhost:PORT: socket hang up/)
  })

  test('an authority that cannot be read, and a value that is known too late', async () => {
    const missing = await mistake((server) => sourceOf(server, 'ca_path: /none.pem\n'))
    assert.match(
      missing,
      /proxmox\.yml:6:10: error: cannot read the authority "\/none\.pem": it does not exist/,
    )
    const unset = await mistake((server) => sourceOf(server).replace(secret, '\'{{env "NO_TOKEN"}}\''))
    assert.match(unset, /proxmox\.yml:5:/)
    assert.match(unset, /NO_TOKEN/)
  })
})
