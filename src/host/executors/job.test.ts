import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { defined } from '../../base/defined.ts'
import { Secret } from '../../base/secret.ts'
import type { Run } from '../action.ts'
import { createLocalShell } from '../testing/local-shell.ts'
import { createTestMachine, executeAction, testContext } from '../testing/test-machine.ts'
import { type Scratch, scratch } from '../testing/scratch.ts'

function here(dir: Scratch): ReturnType<typeof createTestMachine> {
  return createTestMachine({ stateDirectory: dir.path('state') })
}

/** Appends a line to a file when it starts, and waits for another file before it exits. */
function waiting(dir: Scratch, fingerprint = 'one'): Run {
  const script = `echo started >> ${dir.path('starts')}; echo half way; while [ ! -e ${dir.path('go')} ]; do sleep 0.05; done; echo ended; exit 3`
  return {
    kind: 'run',
    argv: ['sh', '-c', script],
    success: [0, 3],
    detached: { name: 'install', fingerprint },
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20)
}

test('a program runs with its input, environment and directory, and its output is returned', async () => {
  using dir = scratch()
  const run: Run = {
    kind: 'run',
    argv: ['sh', '-c', 'cat; echo "$A $PWD"; echo oops >&2; exit 4'],
    stdin: new Secret('hush '),
    environment: { A: "it's" },
    directory: '/etc',
    success: [4],
  }
  const machine = here(dir)
  const result = await executeAction(run, machine, testContext())
  assert.deepEqual(result, { kind: 'done', reply: { code: 4, stdout: "hush it's /etc\n", stderr: 'oops\n' } })
})

test('a failed program is reported with the reason', async () => {
  using dir = scratch()
  const machine = here(dir)
  const fails = async (script: string, hint?: string): Promise<string> => {
    const argv = ['sh', '-c', script]
    const result = await executeAction(
      { kind: 'run', label: 'install x', argv, ...defined({ hint }) },
      machine,
      testContext(),
    )
    assert.ok(result.kind === 'failed')
    return `${result.problem.code}: ${result.problem.message} [${result.problem.hint ?? ''}]`
  }
  assert.equal(
    await fails('echo first; echo bad luck >&2; exit 9', 'be lucky'),
    'program-failed: cannot install x: sh failed with exit status 9: bad luck (stdout: first) [be lucky]',
  )
  assert.match(
    await fails(
      'echo "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (unattended-upgr)" >&2; exit 100',
    ),
    /^dpkg-locked: .*process 4711 \(unattended-upgr\) holds \/var\/lib\/dpkg\/lock-frontend/,
  )
  assert.match(
    await fails(
      'echo "E: Failed to fetch http://deb.example/x.deb  503  Service Unavailable [IP: ::1 80]" >&2; exit 100',
    ),
    /^repository-failed: .* 503 \(Service Unavailable\): http:\/\/deb.example\/x.deb/,
  )
  assert.match(await fails('echo "CT is locked (backup)" >&2; exit 255'), /^container-locked: .*\(backup\)/)
  const absent = await executeAction({ kind: 'run', argv: ['no-such-program'] }, machine, testContext())
  assert.ok(absent.kind === 'failed' && /no-such-program is not installed/.test(absent.problem.message))
})

test('a program that times out is killed by the host itself', async () => {
  using dir = scratch()
  const action: Run = { kind: 'run', label: 'wait', argv: ['sh', '-c', 'echo busy; sleep 60'], timeout: 1 }
  const result = await executeAction(action, here(dir), testContext())
  assert.ok(result.kind === 'failed' && result.problem.code === 'timed-out')
  assert.equal(result.problem.message, 'cannot wait: timed out after 1 s; last output: busy')
})

test('the progress of a detached program consists of whole lines', async () => {
  for (const [log, shown] of [
    ['printf "key opensesame%02041d" 1; printf "\\nmore"', undefined],
    ['printf "key opensesame%02041d\\nline\\nopen" 1', 'line'],
    ['printf "10 %%\\r20 %%\\r3"', '20 %'],
    ['printf "one\\n%0300d\\n" 1', `${'0'.repeat(299)}1`],
  ] as const) {
    using dir = scratch()
    const messages: string[] = []
    const go = dir.path('go')
    const argv = [
      'sh',
      '-c',
      `${log}; echo x > ${dir.path('begun')}; while [ ! -e ${go} ]; do sleep 0.05; done`,
    ]
    await executeAction(
      { kind: 'run', label: 'install', argv, detached: { name: 'install', fingerprint: log } },
      here(dir),
      testContext({
        progress: (_, message) => {
          if (!existsSync(dir.path('begun'))) return
          messages.push(message)
          // The first one may have been read before.
          if (messages.length > 1) writeGo(dir)
        },
      }),
    )
    assert.deepEqual(messages.at(-1), shown === undefined ? 'install' : `install: ${shown}`)
  }
})

test('the script of the last program that succeeded stays when a later one fails', async () => {
  using dir = scratch()
  const machine = here(dir)
  const run = (word: string, code: number): Promise<unknown> =>
    executeAction(
      {
        kind: 'run',
        argv: ['sh', '-c', `: ${word}; exit ${code}`],
        success: [0, 3],
        detached: { name: 'install', fingerprint: word },
      },
      machine,
      testContext(),
    )
  const kept = (name: string): string => readFileSync(dir.path(`state/jobs/install/${name}`), 'utf8')
  await run('first', 3)
  assert.throws(() => kept('succeeded'), /ENOENT/)
  await run('second', 0)
  await run('third', 1)
  assert.match(kept('succeeded'), /: second; exit 0/)
  assert.match(kept('run'), /: third; exit 1/)
})

test('a detached program survives its follower; another follower attaches to it, and its result is read once', async () => {
  using dir = scratch()
  const machine = here(dir)
  const messages: string[] = []
  const first = executeAction(
    waiting(dir),
    machine,
    testContext({ progress: (_, message) => messages.push(message) }),
  )
  await until(() => messages.some((message) => message.includes('half way')))
  machine.current.lose()
  assert.deepEqual(await first, { kind: 'lost', why: 'dropped' })

  machine.current = createLocalShell()
  const second = executeAction(waiting(dir), machine, testContext({ progress: () => writeGo(dir) }))
  assert.deepEqual(await second, {
    kind: 'done',
    reply: { code: 3, stdout: 'half way\nended\n', stderr: '' },
  })
  assert.equal(readFileSync(dir.path('starts'), 'utf8'), 'started\n')

  // The result was already read, so a new request runs the program again.
  assert.equal((await executeAction(waiting(dir), machine, testContext())).kind, 'done')
  assert.equal(readFileSync(dir.path('starts'), 'utf8'), 'started\nstarted\n')
})

function writeGo(dir: Scratch): void {
  if (!existsSync(dir.path('go')))
    void import('node:fs').then(({ writeFileSync }) => writeFileSync(dir.path('go'), ''))
}

test('a detached program that ended without a follower does not run again', async () => {
  using dir = scratch()
  const machine = here(dir)
  const controller = new AbortController()
  const following = executeAction(waiting(dir), machine, testContext({ signal: controller.signal }))
  await until(() => existsSync(dir.path('starts')))
  controller.abort(new Error('interrupted'))
  await assert.rejects(following, { message: /interrupted|aborted/ })
  writeGo(dir)
  await until(() => existsSync(dir.path('state/jobs/install/status')))
  const result = await executeAction(waiting(dir), machine, testContext())
  assert.ok(result.kind === 'done' && result.reply?.code === 3)
  assert.equal(readFileSync(dir.path('starts'), 'utf8'), 'started\n')
})

test('a task waits for another program with the same name, and then plans again', async () => {
  using dir = scratch()
  const machine = here(dir)
  const first = executeAction(waiting(dir), machine, testContext())
  await until(() => existsSync(dir.path('starts')))
  const other = { ...waiting(dir, 'two'), argv: ['true'] }
  const second = await executeAction(other, machine, testContext({ progress: () => writeGo(dir) }))
  assert.ok(second.kind === 'stale')
  assert.equal((await first).kind, 'done')
})

test('a killed detached program is not reported as a success', async () => {
  using dir = scratch()
  const machine = here(dir)
  const script = 'kill -9 $PPID $$'
  const action: Run = {
    kind: 'run',
    argv: ['sh', '-c', script],
    detached: { name: 'doomed', fingerprint: 'x' },
  }
  const result = await executeAction({ ...action, argv: ['sh', '-c', 'exit 5'] }, machine, testContext())
  assert.ok(result.kind === 'failed' && /failed with exit status 5/.test(result.problem.message))
  const killed = await executeAction(action, machine, testContext())
  assert.ok(killed.kind === 'failed')
})

test('a detached program reads its input from a file that only its user can read, and that is removed at its start', async () => {
  using dir = scratch()
  const machine = here(dir)
  const action: Run = {
    kind: 'run',
    argv: [
      'sh',
      '-c',
      `cat; ls ${dir.path('state/jobs/feed')} | grep -c stdin; stat -c %a ${dir.path('state/jobs/feed/run')}`,
    ],
    stdin: new Secret('hush\n'),
    detached: { name: 'feed', fingerprint: 'x' },
  }
  const result = await executeAction(action, machine, testContext())
  assert.ok(result.kind === 'done')
  assert.equal(result.reply?.stdout, 'hush\n0\n600\n')
})

test('the logs that a detached program has written are reported, whether it succeeds or not; older ones are not', async () => {
  using dir = scratch()
  const machine = here(dir)
  const [log, old, big] = [dir.path('own.log'), dir.path('old.log'), dir.path('big.log')]
  writeFileSync(old, 'of an earlier program\n')
  for (const code of [0, 5]) {
    const reported: (readonly [string, number, string])[] = []
    const script = `echo "ended with ${code}" > ${log}; seq 100000 > ${big}; exit ${code}`
    const action: Run = {
      kind: 'run',
      argv: ['sh', '-c', script],
      logs: [log, old, dir.path('none.log'), big],
      detached: { name: 'install', fingerprint: String(code) },
    }
    const context = testContext({
      log: (_step, path, text) => void reported.push([path, text.length, text.slice(0, 12)]),
    })
    assert.equal((await executeAction(action, machine, context)).kind, code === 0 ? 'done' : 'failed')
    const [first, [path, size, start] = [], ...others] = reported
    assert.deepEqual([first, path, others], [[log, 13, `ended with ${code}`], big, []])
    assert.ok(Number(size) <= 256 * 1024 && Number(size) > 256 * 1024 - 8, String(size))
    assert.match(start ?? '', /^\d{5}\n\d{5}\n/)
  }
})

test('if a host gives no answer about a job, the job is not assumed to be absent', async () => {
  using dir = scratch()
  const machine = here(dir)
  const shell = createLocalShell()
  machine.current = {
    ...shell,
    run: async (script, options) =>
      shell.run(script.includes('state=running') ? 'echo "sh: Cannot fork" >&2; exit 2' : script, options),
  }
  const result = await executeAction(waiting(dir), machine, testContext())
  assert.deepEqual(result, { kind: 'lost', why: 'cannot read the state of install: sh: Cannot fork' })
  assert.ok(!existsSync(dir.path('starts')))
})
