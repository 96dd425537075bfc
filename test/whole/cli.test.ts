/** The commands, on this machine only. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Ended, inShell, makeFolder, repository, runProgram } from './command-line.ts'

const files = {
  'inventory.yml': 'all:\n  hosts:\n    here: { connection: local }\n',
  'site.yml': `- name: Greeting
  hosts: here
  tasks:
    - name: Greet
      copy: { dest: "{{ playbook_dir }}/motd", content: "hello\\n" }
    - name: Look
      stat: { path: "{{ playbook_dir }}/motd" }
      register: motd
    - name: Tell
      debug: { msg: "it is {{ motd.stat.size }} bytes long" }
`,
  'broken.yml': `- hosts: here
  tasks:
    - name: Cannot work
      command: sh -c 'echo too bad >&2; exit 3'
      exit_code: 5
    - name: Never reached
      debug: { msg: never }
`,
}

let folder: ReturnType<typeof makeFolder>
before(() => {
  folder = makeFolder(files)
})
after(() => folder.remove())

const gpuplay = (...words: readonly string[]): Promise<Ended> => inShell(words, folder.path)

test('--version prints the version of the package', async () => {
  const text = readFileSync(join(repository, 'package.json'), 'utf8')
  const { version }: { version: string } = JSON.parse(text)
  assert.deepEqual(await gpuplay('--version'), { exitCode: 0, stdout: `${version}\n`, stderr: '' })
})

test('help lists every command on one line and fits on a screen', async () => {
  const { stdout, exitCode } = await gpuplay('--help')
  assert.equal(exitCode, 0)
  for (const command of [
    'run',
    'status',
    'runs',
    'inventory',
    'modules',
    'facts',
    'exec',
    'init',
    'config',
    'completion',
  ])
    assert.match(stdout, new RegExp(`\\n  ${command} +[A-Z]`))
  assert.ok(stdout.split('\n').length < 36)
  assert.ok(Math.max(...stdout.split('\n').map((line) => line.length)) <= 80, stdout)
})

test('nothing but the command line is loaded to show the version', async () => {
  const listing = `import { writeSync } from 'node:fs'
export async function load(url, context, next) { writeSync(2, url + '\\n'); return next(url, context) }`
  const hook = `import { register } from 'node:module'
register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(listing)}))`
  const { stderr } = await runProgram(
    process.execPath,
    [
      '--import',
      `data:text/javascript,${encodeURIComponent(hook)}`,
      join(repository, 'bin/gpuplay'),
      '--version',
    ],
    folder.path,
  )
  const loaded = stderr.split('\n').filter((url) => url.startsWith('file:'))
  assert.ok(loaded.length > 3)
  const others = loaded.filter((url) => !/\/(bin\/gpuplay|dist\/cli\/[^/]+)$/.test(url))
  assert.deepEqual(others, [])
  const bytes = loaded.map((url) => statSync(fileURLToPath(url)).size)
  assert.ok(
    bytes.reduce((sum, size) => sum + size, 0) < 180_000,
    `${loaded.join(' ')}: ${bytes.join(' + ')} bytes`,
  )
})

for (const [words, told] of [
  [['rum'], /did you mean "run"\?/],
  [['site.yml'], /type: gpuplay run site\.yml\n/],
  [['run', '--chek', 'site.yml'], /did you mean "--check"\?/],
  [['run', '--step', 'site.yml'], /--step cannot ask: there is no terminal/],
  [['run'], /help: type: gpuplay run site\.yml\n/],
  [['run', 'site.yml', '--forks', '0'], /--forks: "0" is not a whole number above 0/],
  [['run', 'site.yml', '--output', 'pretty'], /--output cannot be "pretty"/],
  [['run', 'stie.yml', '-i', 'inventory.yml'], /did you mean "site.yml"\?/],
  [['run', 'site.yml', '-i', 'inventori.yml'], /did you mean "inventory.yml"\?/],
  [['modules', 'coppy'], /did you mean "copy"\?/],
  [['inventory', '-i', 'inventory.yml', '--host', 'hree'], /did you mean "here"\?/],
  [['facts', 'hree', '-i', 'inventory.yml'], /did you mean "here"\?/],
] as const) {
  test(`gpuplay ${words.join(' ')} exits with 2 and a suggestion`, async () => {
    const { exitCode, stdout, stderr } = await gpuplay(...words)
    assert.match(stderr, told)
    assert.equal(exitCode, 2, stderr)
    assert.equal(stdout, '')
  })
}

test('the output of inventory --list is an inventory', async () => {
  const hosts = join(folder.path, 'groups.ini')
  writeFileSync(
    hosts,
    `alone x=1\n[web]\na:22 y="[1, {'z': None}]"\nb ansible_host={{ip}} ip=192.0.2.1 bad="{{ x | lower }}"\n[site:children]\nweb\n[site:vars]\ntext=a b\n`,
  )
  const list = await gpuplay('inventory', '-i', 'groups.ini', '--list')
  assert.equal(list.exitCode, 0)
  writeFileSync(join(folder.path, 'list.json'), list.stdout)
  assert.deepEqual(await gpuplay('inventory', '-i', 'list.json', '--list'), list)
  const host = await gpuplay('inventory', '-i', 'list.json', '--host', 'b')
  assert.match(host.stdout, /^b {2}@site @web\n {2}ansible_host +"192\.0\.2\.1"/)
})

test('inventory prints hosts, groups and the place of a variable', async () => {
  const list = await gpuplay('inventory', '-i', 'inventory.yml', '--list')
  const { _meta }: { _meta: unknown } = JSON.parse(list.stdout)
  assert.deepEqual(_meta, { hostvars: { here: { connection: 'local' } } })
  assert.match((await gpuplay('inventory', '-i', 'inventory.yml', '--graph')).stdout, /^@all\n/)
  const host = await gpuplay('inventory', '-i', 'inventory.yml', '--host', 'here')
  assert.match(host.stdout, /connection +"local" +inventory\.yml:3:13\n/)
})

test('modules lists all modules with a summary, or describes one', async () => {
  assert.match((await gpuplay('modules')).stdout, /\nnvidia_driver +\S/)
  assert.match((await gpuplay('modules', 'copy')).stdout, /\n {2}dest +required +string/)
  const data: unknown = JSON.parse((await gpuplay('modules', '--json')).stdout)
  assert.ok(Array.isArray(data) && data.length > 20)
})

/** One after the other, because a run takes the lease of this machine. */
describe('on this machine', { concurrency: 1 }, () => {
  const run = (...words: readonly string[]): Promise<Ended> => gpuplay('run', '-i', 'inventory.yml', ...words)

  test('facts and exec answer', async () => {
    const facts = await gpuplay('facts', 'here', '-i', 'inventory.yml', '--only', 'kernel')
    const { here }: { here: { kernel: unknown } } = JSON.parse(facts.stdout)
    assert.ok(here.kernel)
    const said = await gpuplay('exec', 'here', '-i', 'inventory.yml', '--', 'echo', 'two  words')
    assert.deepEqual(said, { exitCode: 0, stdout: 'here | exit 0\n  two  words\n', stderr: '' })
    assert.equal((await gpuplay('exec', 'here', '-i', 'inventory.yml', '--', 'false')).exitCode, 7)
  })

  test('a dry run lists the changes and makes none; with --fail-on-change it exits with 8', async () => {
    const dry = await run('--check', 'site.yml')
    assert.equal(dry.exitCode, 0, dry.stderr)
    assert.match(dry.stdout, /\nwould +here  Greet\n/)
    assert.match(dry.stdout, /nothing was changed: 1 would change/)
    assert.throws(() => readFileSync(join(folder.path, 'motd')), /ENOENT/)
    assert.equal((await run('--check', '--fail-on-change', 'site.yml')).exitCode, 8)
  })

  test('a second run changes nothing, and the last event has the counts', async () => {
    const first = await run('-D', 'site.yml')
    assert.equal(first.exitCode, 0, first.stderr)
    assert.match(first.stdout, /\nchanged +here  Greet\n[^]*\+hello\n/)
    assert.match(first.stdout, /it is 6 bytes long/)
    const second = await run('--output', 'jsonl', 'site.yml')
    const events = second.stdout.trimEnd().split('\n')
    const last: Record<string, unknown> = JSON.parse(events.at(-1) ?? '')
    assert.equal(last['type'], 'run.finished')
    assert.equal(last['exitCode'], 0)
    assert.deepEqual(last['hosts'], {
      here: { ok: 3, changed: 0, skipped: 0, failed: 0, unreachable: 0, unknown: 0, rescued: 0, ignored: 0 },
    })
    assert.doesNotMatch(second.stdout, /"type":"action\.finished"/)
  })

  test('a failed task sets the exit code with exit_code', async () => {
    const { exitCode, stdout } = await run('broken.yml')
    assert.equal(exitCode, 5)
    assert.match(stdout, /\nFAILED +here  Cannot work\n[^]*too bad/)
    assert.doesNotMatch(stdout, /Never reached/)
    assert.match(stdout, /\nfailed on here: "Cannot work" \(exit 5\) in /)
  })

  const script = spawnSync('script', ['--version']).status === 0 ? false : 'needs the program "script"'
  test(
    'a terminal shows a line for each task, then the output, then the recap',
    { skip: script },
    async () => {
      const line = `${join(repository, 'bin/gpuplay')} run -i inventory.yml site.yml broken.yml`
      const { exitCode, stdout } = await runProgram(
        'script',
        ['--quiet', '--return', '--command', `stty cols 100 rows 40; ${line}`, '/dev/null'],
        folder.path,
      )
      // oxlint-disable-next-line no-control-regex -- removes escape sequences
      const screen = stdout.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]|\r/g, '')
      assert.equal(exitCode, 5, screen)
      assert.match(screen, /PLAY Greeting {2}here\n/)
      assert.match(screen, /✔ Greet {2}1 ok/)
      assert.match(screen, /✖ Cannot work {2}1 failed/)
      assert.match(screen, /Never reached {2}not run/)
      assert.match(screen, /FAILED +here {2}Cannot work\n/)
      assert.match(screen, /\nRECAP +ok[^]*\(exit 5\)/)
    },
  )
})
