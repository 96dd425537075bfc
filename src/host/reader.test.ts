import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hostName } from '../base/brand.ts'
import { HostError } from '../base/errors.ts'
import type { Action } from './action.ts'
import { ConnectionLostError } from './connection-lost.ts'
import { expectationsOf } from './expectations-of.ts'
import { withoutDriverPowers } from './queries/ask.ts'
import { createReader, type HostReader, type TaskReader } from './reader.ts'
import { question, type Question } from './question.ts'
import { machineType } from './questions/system.ts'
import { createLocalShell, type LocalShell } from './testing/local-shell.ts'
import { nothing } from './testing/questions.ts'
import { createTestMachine, executeAction, testContext } from './testing/test-machine.ts'

const controller = { file: async () => undefined, text: async () => undefined }
const placement = { ctid: undefined, nodeName: undefined, cluster: undefined }

function reading(environment?: Record<string, string>): { reader: HostReader; shell: LocalShell } {
  const shell = createLocalShell(environment)
  const reader = createReader({
    name: hostName('pve1'),
    shell: async () => shell,
    signal: new AbortController().signal,
    placement,
    controller,
  })
  return { reader, shell }
}

function contents(task: TaskReader): ReadonlyMap<string, string> {
  return new Map([...task.touched()].map(([key, { content }]) => [key, content]))
}

function scratch(): { directory: string; [Symbol.dispose](): void } {
  const directory = mkdtempSync(join(tmpdir(), 'gpuplay-reader-'))
  return { directory, [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }) }
}

test("only a program that reads by its author's promise gets relays", async () => {
  const local = createLocalShell()
  const light: unknown[] = []
  const reader = createReader({
    name: hostName('pve1'),
    shell: async () => ({
      ...local,
      run: (script, options) => {
        light.push(options.light)
        return local.run(script, options)
      },
    }),
    signal: new AbortController().signal,
    placement,
    controller,
  })
  await reader.view().ask(machineType)
  await reader.forTask().programHost.promised(['true'])
  assert.deepEqual(light, [true, false])
})

test('questions of one turn are sent in one frame: one process per kind, and equal queries once', async () => {
  using dir = scratch()
  for (const name of ['a', 'b', 'c']) writeFileSync(join(dir.directory, name), name)
  const { reader, shell } = reading()
  const path = (name: string): string => join(dir.directory, name)
  const one = reader.forTask()
  const two = reader.forTask()
  const [a, b, absent, sum, again] = await Promise.all([
    one.host.stat(path('a')),
    one.host.stat(path('b')),
    two.host.stat(path('none')),
    two.host.hash(path('c')),
    two.host.stat(path('a')),
  ])
  assert.equal(a?.size, 1)
  assert.equal(b?.kind, 'file')
  assert.equal(absent, undefined)
  assert.equal(sum, '2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6')
  assert.deepEqual(again, a)
  assert.equal(shell.scripts.length, 1)
  assert.equal(shell.scripts[0]?.match(/\bstat /g)?.length, 1)
})

test('file names with spaces, quotes, dashes, dollars and arrows are read correctly', async () => {
  using dir = scratch()
  const names = ['-rf', "it's", 'a b', '$HOME', 'x -> y', '*', 'ünï', 'back\\slash', '"q"']
  for (const name of names) writeFileSync(`${dir.directory}/${name}`, name)
  symlinkSync('target -> of link', `${dir.directory}/link -> here`)
  const host = reading().reader.view()
  assert.deepEqual(await host.list(dir.directory), [...names, 'link -> here'].sort())
  for (const name of names) {
    const [status, content] = await Promise.all([
      host.stat(`${dir.directory}/${name}`),
      host.text(`${dir.directory}/${name}`),
    ])
    assert.equal(status?.size, Buffer.byteLength(name))
    assert.equal(content, name)
  }
  assert.equal((await host.stat(`${dir.directory}/link -> here`))?.target, 'target -> of link')
  await assert.rejects(async () => host.stat('relative'), /the path "relative" is not absolute/)
  await assert.rejects(async () => host.stat('/a\nb'), /line break/)
})

test('a failed read does not affect others', async () => {
  using dir = scratch()
  mkdirSync(join(dir.directory, 'sub'))
  writeFileSync(join(dir.directory, 'big'), Buffer.alloc(1024 * 1024 + 1))
  writeFileSync(join(dir.directory, 'fine'), 'fine')
  const { reader, shell } = reading()
  const results = await Promise.allSettled([
    reader.view().text(join(dir.directory, 'sub')),
    reader.view().text(join(dir.directory, 'big')),
    reader.view().text(join(dir.directory, 'fine')),
    reader.view().list(join(dir.directory, 'fine')),
    reader.view().text(join(dir.directory, 'fine', 'below-a-file')),
  ])
  assert.deepEqual(
    results.map((result) =>
      result.status === 'fulfilled' ? result.value : (result.reason as HostError).message,
    ),
    [
      `cannot read ${dir.directory}/sub: is a directory`,
      `${dir.directory}/big is larger than 1 MiB`,
      'fine',
      `cannot list ${dir.directory}/fine: not a directory`,
      undefined,
    ],
  )
  assert.equal(shell.scripts.length, 1)
})

test('a hanging program times out, and the other questions are answered', async () => {
  const host = reading().reader.forTask().programHost
  const [slow, kernel] = await Promise.allSettled([
    host.promised(['sleep', '30'], { timeout: 300 }),
    host.kernel(),
  ])
  assert.ok(slow.status === 'rejected' && slow.reason instanceof HostError)
  assert.match(slow.reason.message, /sleep did not answer within 1 s/)
  assert.ok(kernel.status === 'fulfilled' && /^[0-9a-f-]{36}$/.test(kernel.value.bootId))
})

test('a program with too much output fails alone', async () => {
  const host = reading().reader.forTask().programHost
  const [flood, command] = await Promise.allSettled([
    host.promised(['head', '-c', '9000000', '/dev/zero']),
    host.command('sh'),
  ])
  assert.ok(flood.status === 'rejected' && flood.reason instanceof HostError)
  assert.equal(flood.reason.problem.code, 'answer-too-long')
  assert.ok(command.status === 'fulfilled' && command.value?.endsWith('/sh'))
})

test('a lost connection rejects every read with a separate error', async () => {
  const { reader, shell } = reading()
  shell.lose()
  const results = await Promise.allSettled([reader.view().kernel(), reader.view().stat('/etc')])
  for (const result of results)
    assert.ok(result.status === 'rejected' && result.reason instanceof ConnectionLostError)
})

test('only declared questions can be asked, and the host of a module cannot run anything else', async () => {
  const host = reading().reader.view()
  const forged: Question<number> = { ...nothing, argv: ['rm', '/tmp/x'], command: ['rm', '/tmp/x'] }
  await assert.rejects(host.ask(forged), /not a named question/)
  assert.equal(Reflect.get(host, 'promised'), undefined)
  assert.equal(Reflect.get(host.node, 'promised'), undefined)
  assert.equal(await host.ask(nothing), 0)
})

test('if the parser rejects an answer, the host has failed', async () => {
  const host = reading().reader.view()
  const choking = question({ words: ['nproc'], reads: [], parse: () => assert.fail('no number') })
  await assert.rejects(host.ask(choking), (error: unknown) => {
    assert.ok(error instanceof HostError)
    assert.equal(error.problem.code, 'senseless-answer')
    return true
  })
})

test('the environment of a task applies to its questions on its own host', async () => {
  const { reader } = reading()
  const { host, programHost } = reader.forTask({ environment: { A: "it's" } })
  const printed = await programHost.promised(['sh', '-c', 'cat; echo "$A $PWD"; exit 7'], {
    stdin: 'in ',
    directory: '/etc',
  })
  assert.deepEqual(printed, { code: 7, stdout: "in it's /etc\n", stderr: '' })
  const seen = await reader.forTask({ environment: { PATH: '/nowhere' } }).host.ask(nothing)
  assert.deepEqual([await host.ask(nothing), seen], [0, 127])
})

test('nvidia-smi does not run if it would load the module', async () => {
  using dir = scratch()
  writeFileSync(join(dir.directory, 'nvidia-smi'), `#!/bin/sh\ntouch ${dir.directory}/ran\n`)
  chmodSync(join(dir.directory, 'nvidia-smi'), 0o755)
  const host = reading({ PATH: `${dir.directory}:${process.env['PATH'] ?? ''}` }).reader.view()
  const driver = question({
    words: ['nvidia-smi', '--query-gpu=driver_version', '--format=csv'],
    reads: [],
    parse: (answer) => answer,
  })
  const answer = await host.ask(driver)
  assert.equal(answer.code, 9)
  assert.match(answer.stderr, /not run: the NVIDIA kernel module is not loaded/)
  assert.equal(await host.stat(join(dir.directory, 'ran')), undefined)
})

test('nvidia-smi runs without the capabilities to load modules or create nodes, as root and as another user', () => {
  const users = process.getuid?.() === 0 ? ['', 'setpriv --reuid 65534 --regid 65534 --clear-groups'] : ['']
  for (const user of users) {
    const program = `sh -c 'echo "no new: $(sed -n "s/^NoNewPrivs:.//p" /proc/self/status)"; sed -n "s/^Cap[PE][a-z]*:.//p" /proc/self/status'`
    const said = execFileSync('sh', ['-c', `${user} ${withoutDriverPowers} ${program}`], { encoding: 'utf8' })
    const [privileges, ...sets] = said.trim().split('\n')
    assert.equal(privileges, 'no new: 1')
    assert.equal(sets.length, 2)
    for (const set of sets) assert.equal(BigInt(`0x${set}`) & ((1n << 27n) | (1n << 16n)), 0n)
  }
})

test('packages, kernel modules, programs and space of this machine are read', async (t) => {
  const host = reading().reader.view()
  if ((await host.command('dpkg-query')) === undefined) return t.skip('no dpkg here')
  const [bash, none, module, command, space] = await Promise.all([
    host.package('bash'),
    host.package('no-such-package'),
    host.kernelModule('no-such-module'),
    host.command('no-such-program'),
    host.space('/var/no/such/place'),
  ])
  assert.equal(bash.status, 'installed')
  assert.ok(bash.installed)
  assert.deepEqual(none, { status: 'not-installed', installed: undefined })
  assert.deepEqual(module, { loaded: false, version: undefined, users: 0 })
  assert.equal(command, undefined)
  assert.ok(space > 0)
})

test('a view records the reads of its task', async () => {
  using dir = scratch()
  writeFileSync(join(dir.directory, 'a'), 'a')
  const { reader } = reading()
  const task = reader.forTask()
  const other = reader.forTask()
  await Promise.all([
    task.host.stat(join(dir.directory, 'a')),
    task.host.text(join(dir.directory, 'a')),
    task.host.node.text(join(dir.directory, 'none')),
    other.host.stat('/etc'),
  ])
  assert.deepEqual(Object.fromEntries(contents(task)), {
    [`pve1 file:${dir.directory}/a`]:
      'sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb',
    [`pve1 file:${dir.directory}/none`]: 'nothing',
  })
})

test('a dangling link is not an absent file, because a task can write through it', async () => {
  using dir = scratch()
  const [link, none] = [join(dir.directory, 'link'), join(dir.directory, 'none')]
  symlinkSync('nowhere', link)
  const { reader } = reading()
  const through = reader.forTask()
  assert.equal(await through.host.stat(link, { follow: true }), undefined)
  const both = reader.forTask()
  await Promise.all([both.host.stat(link), both.host.stat(link, { follow: true }), both.host.text(link)])
  const itself = reader.forTask()
  await Promise.all([itself.host.stat(none), itself.host.stat(none, { follow: true })])
  for (const task of [through, both]) assert.equal(contents(task).get(`pve1 file:${link}`), 'nothing')
  assert.equal(contents(itself).get(`pve1 file:${none}`), 'absent')

  const touched = through.touched()
  const action: Action = { kind: 'writeFile', path: link, content: { kind: 'text', text: 'new' } }
  const expects = expectationsOf(action, { host: hostName('pve1') }, { touched, before: [] })
  const target = createTestMachine({ stateDirectory: join(dir.directory, 'state') })
  assert.deepEqual(await executeAction(action, target, testContext({ expects })), { kind: 'done' })
  assert.equal(readFileSync(join(dir.directory, 'nowhere'), 'utf8'), 'new')
  assert.equal((await executeAction(action, target, testContext({ expects }))).kind, 'stale')
})
