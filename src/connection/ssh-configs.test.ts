import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import * as fc from 'fast-check'
import { UnreachableError } from '../base/errors.ts'
import { SshConfigs } from './ssh-configs.ts'
import { parseSshConfig, type SshConfig } from './ssh-config.ts'
import { testEffects } from './testing/test-effects.ts'
import { calm } from './testing/shells.ts'

const without = existsSync('/usr/bin/ssh') ? false : 'ssh is not installed'

describe('the configuration of ssh', { skip: without }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-config-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  /** The configurations of a run with this text, and the number of ssh processes. */
  function reading(text: string): { read: (address: string) => Promise<SshConfig>; asked: () => number } {
    const sshConfig = join(folder, 'config')
    writeFileSync(sshConfig, text)
    let asked = 0
    const effects = testEffects({ sshConfig })
    const configs = new SshConfigs({
      ...effects,
      spawn: (file, argv, options) => {
        asked += 1
        return effects.spawn(file, argv, options)
      },
    })
    return { read: (address) => configs.read({ address }, calm), asked: () => asked }
  }

  test('ssh does not run if no relevant line applies', async () => {
    const { read, asked } = reading(
      'Host *\n SendEnv LANG LC_*\n HashKnownHosts yes\nHost other\n User somebody\n',
    )
    const config = await read('pve1')
    assert.equal(config.hostname, 'pve1')
    assert.equal(config.hashKnownHosts, true)
    assert.equal(asked(), 0)
  })

  test('ssh runs once for all hosts with the same lines', async () => {
    const { read, asked } = reading('Host pve*\n User admin\nHost pve3\n Port 2222\n')
    const all = await Promise.all(['pve1', 'pve2', 'pve3', 'web'].map(read))
    assert.deepEqual(
      all.map(({ hostname, port }) => `${hostname} ${port}`),
      ['pve1 22', 'pve2 22', 'pve3 2222', 'web 22'],
    )
    assert.equal(all[1]?.user, 'admin')
    assert.equal(asked(), 2)
  })

  for (const [name, text] of [
    ['a Match', 'Match host pve*\n User admin\n'],
    ['names that are made canonical', 'CanonicalizeHostname yes\n'],
    ['a name that is made of what was asked for', 'HostName %h.example\n'],
    ['quotes in a Host line', 'Host "pve1"\n User admin\n'],
    ['an Include of an unusual form', 'Include /etc/*/none.conf\n'],
  ] as const) {
    test(`ssh runs for each host separately in case of ${name}`, async () => {
      const { read, asked } = reading(text)
      for (const address of ['pve1', 'pve2', 'pve1']) await read(address)
      assert.equal(asked(), 2)
    })
  }

  test('included files are read', async () => {
    mkdirSync(join(folder, 'parts'))
    writeFileSync(join(folder, 'parts/one.conf'), 'Port 2200\nHost pve2\n User second\n')
    writeFileSync(join(folder, 'parts/two.txt'), 'Port 99\n')
    const { read } = reading(`Host pve*\n Include ${folder}/parts/*.conf ${folder}/missing\n User first\n`)
    const all = await Promise.all(['pve1', 'pve2', 'web'].map(read))
    assert.deepEqual(
      all.map(({ user, port }) => `${user} ${port}`),
      ['first 2200', 'second 2200', `${testEffects().user} 22`],
    )
  })

  test('every host gets the configuration that ssh reports for it', async () => {
    const word = fc.constantFrom('pve1', 'pve2', 'Web', 'pve*', '*', 'pve?', '!pve1', '10.0.0.1')
    const option = fc.constantFrom(
      'User admin',
      'Port 2222',
      'HostName 10.9.8.7',
      'HostName %h.lan',
      'IdentityFile ~/.ssh/special',
      'IdentitiesOnly yes',
      'HashKnownHosts yes',
      'HashKnownHosts no',
      'StrictHostKeyChecking accept-new',
      'SendEnv LANG',
      'ProxyJump bastion',
      'hostkeyalias=thing',
      'UserKnownHostsFile /tmp/%h',
      '# a remark',
    )
    const head = fc.oneof(
      fc.array(word, { minLength: 1, maxLength: 3 }).map((list) => `Host ${list.join(' ')}`),
      fc.constant('Match host pve1'),
    )
    const block = fc.tuple(head, fc.array(option, { maxLength: 3 })).map(([first, rest]) => [first, ...rest])
    const config = fc
      .tuple(fc.array(option, { maxLength: 1 }), fc.array(block, { maxLength: 3 }))
      .map(([first, blocks]) => `${[...first, ...blocks.flat()].join('\n')}\n`)
    const sshConfig = join(folder, 'any')
    const effects = testEffects({ sshConfig })
    await fc.assert(
      fc.asyncProperty(config, async (text) => {
        writeFileSync(sshConfig, text)
        const configs = new SshConfigs(effects)
        for (const address of ['pve1', 'pve2', 'Web', '10.0.0.1']) {
          const said = await runSsh(['-G', '-F', sshConfig, '--', address])
          const wanted = parseSshConfig(said, { address }, effects)
          assert.deepEqual(usable(await configs.read({ address }, calm)), usable(wanted))
        }
      }),
      { numRuns: 30 },
    )
  })

  test('a hanging command of `Match exec` is killed after its time limit, and at the end of the run', async () => {
    const sshConfig = join(folder, 'hanging')
    const begun = join(folder, 'begun')
    writeFileSync(sshConfig, `Match exec "echo $PPID >>${begun}; exec sleep 86397"\n User never\n`)
    const late = new SshConfigs(testEffects({ sshConfig }), 200)
    await assert.rejects(late.read({ address: 'pve1' }, calm), (error) => {
      assert.ok(error instanceof UnreachableError)
      assert.equal(error.problem.code, 'ssh-config-timeout')
      assert.match(error.problem.message, /^`ssh -G pve1` did not finish within 0\.2 s$/)
      return true
    })
    const controller = new AbortController()
    const reading = new SshConfigs(testEffects({ sshConfig })).read({ address: 'pve1' }, controller.signal)
    while (!existsSync(begun) || readFileSync(begun, 'utf8').trim().split('\n').length < 2) await delay(10)
    controller.abort(new Error('enough'))
    await assert.rejects(reading, /enough/)
    for (const pid of readFileSync(begun, 'utf8').trim().split('\n')) {
      while (existsSync(`/proc/${pid}`)) await delay(10)
    }
  })
})

function runSsh(argv: readonly string[]): Promise<string> {
  const child = testEffects().spawn('ssh', argv, { group: false })
  child.stdin.end()
  child.stderr.resume()
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  return new Promise((resolve) => child.on('close', () => resolve(said)))
}

/** Default key files of unsupported types are left out. */
function usable(config: SshConfig): SshConfig {
  const identityFiles = config.identityFiles.filter((file) => !/_sk$|_xmss$|_dsa$/.test(file))
  return { ...config, identityFiles }
}
