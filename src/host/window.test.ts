import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { test } from 'node:test'
import type { Action, Run } from './action.ts'
import { sha256Of } from './content.ts'
import type { MachineAccess } from './machine.ts'
import { openFramed } from './testing/framed-machine.ts'
import { createTestMachine } from './testing/machine.ts'
import { type Scratch, scratch } from './testing/scratch.ts'
import { carryOut, type Step, type StepResult, type WindowContext } from './window.ts'

const { signal } = new AbortController()

function step(action: Action, more: Partial<Step> = {}): Step {
  return { action, expects: new Map(), notes: [], ...more }
}

function write(
  path: string,
  text: string,
  more: Partial<Extract<Action, { kind: 'writeFile' }>> = {},
): Action {
  return { kind: 'writeFile', path, content: { kind: 'text', text }, ...more }
}

function run(script: string, more: Partial<Run> = {}): Run {
  return { kind: 'run', argv: ['sh', '-c', script], ...more }
}

function here(
  dir: Scratch,
  environment: Readonly<Record<string, string>> = {},
): ReturnType<typeof createTestMachine> {
  return createTestMachine({ stateDirectory: dir.path('state'), environment })
}

function kinds(results: readonly StepResult[]): readonly string[] {
  return results.map(({ kind }) => kind)
}

function outputOf(result: StepResult | undefined): string | undefined {
  return result?.kind === 'done' ? result.reply?.stdout : undefined
}

/** A context that writes down in which order steps ended. */
function listening(): { readonly context: WindowContext; readonly ended: string[] } {
  const ended: string[] = []
  return { ended, context: { signal, finished: (index, { kind }) => ended.push(`${index} ${kind}`) } }
}

test('steps travel together, run in order, and each has its own outcome and output', async () => {
  using dir = scratch()
  const machine = here(dir)
  const { context, ended } = listening()
  const results = await carryOut(
    [
      step({ kind: 'makeDirectory', path: dir.path('d') }),
      step(write(dir.path('d/a'), 'one\n')),
      step(run(`cat ${dir.path('d/a')}; echo first; echo oops >&2; exit 3`, { success: [3] })),
      step({ kind: 'makeLink', path: dir.path('d/l'), target: 'a' }),
      step(run(`cat ${dir.path('d/l')}; echo second`)),
    ],
    machine,
    context,
  )
  assert.deepEqual(results, [
    { kind: 'done' },
    { kind: 'done' },
    { kind: 'done', reply: { code: 3, stdout: 'one\nfirst\n', stderr: 'oops\n' } },
    { kind: 'done' },
    { kind: 'done', reply: { code: 0, stdout: 'one\nsecond\n', stderr: '' } },
  ])
  assert.deepEqual(ended, ['0 done', '1 done', '2 done', '3 done', '4 done'])
  assert.equal(machine.current.scripts.length, 1)
})

test('an outcome is known before the steps behind it have ended', async () => {
  using dir = scratch()
  const go = dir.path('go')
  const finished = (index: number): void => {
    if (index === 0) writeFileSync(go, '')
  }
  const waits = run(`while [ ! -e ${go} ]; do sleep 0.02; done; echo went on`)
  const results = await carryOut([step(write(dir.path('a'), 'x')), step(waits)], here(dir), {
    signal,
    finished,
  })
  assert.equal(outputOf(results[1]), 'went on\n')
})

test('the first step that fails is the last that begins', async () => {
  using dir = scratch()
  for (const fails of [run('echo why >&2; exit 4'), write(dir.path('no/such/directory'), 'x')]) {
    const { context, ended } = listening()
    const results = await carryOut(
      [step(write(dir.path('a'), 'x')), step(fails), step(write(dir.path('b'), 'x')), step(run('true'))],
      here(dir),
      context,
    )
    assert.deepEqual(kinds(results), ['done', 'failed', 'notBegun', 'notBegun'])
    assert.deepEqual(ended, ['0 done', '1 failed'])
    assert.ok(existsSync(dir.path('a')) && !existsSync(dir.path('b')))
  }
})

test('a program that fails behind megabytes of complaints has failed, and its last words are kept', async () => {
  using dir = scratch()
  const flood = 'head -c 2000000 /dev/zero | tr "\\0" x'
  const results = await carryOut(
    [step(run(flood)), step(run(`${flood} >&2; echo; echo the reason >&2; exit 1`)), step(run('true'))],
    here(dir),
    { signal },
  )
  assert.deepEqual(kinds(results), ['done', 'failed', 'notBegun'])
  const [fine, bad] = results
  assert.equal(outputOf(fine)?.length, 1024 * 1024)
  assert.ok(bad?.kind === 'failed' && bad.reply?.code === 1)
  assert.equal(bad.reply.stderr.length, 1024 * 1024)
  assert.match(bad.problem.message, /the reason$/)
  assert.ok(bad.problem.message.length < 2000)
})

test('the time of one step is its own: what came before is done, what comes after does not begin', async () => {
  using dir = scratch()
  const results = await carryOut(
    [step(write(dir.path('a'), 'x')), step(run('sleep 60', { timeout: 1 })), step(write(dir.path('b'), 'x'))],
    here(dir),
    { signal },
  )
  assert.deepEqual(kinds(results), ['done', 'failed', 'notBegun'])
  assert.ok(results[1]?.kind === 'failed' && results[1].problem.code === 'timed-out')
  const own = await carryOut([step(run('exit 124', { timeout: 60 }))], here(dir), { signal })
  assert.ok(own[0]?.kind === 'failed' && own[0].problem.code === 'program-failed')
})

test('a file that something else has changed ends the window where it is met', async () => {
  using dir = scratch()
  for (const name of ['a', 'b', 'c']) writeFileSync(dir.path(name), 'old')
  writeFileSync(dir.path('b'), 'changed by another')
  const expecting = (name: string): Step => ({
    ...step(write(dir.path(name), 'new')),
    expects: new Map([[dir.path(name), { content: `sha256:${sha256Of('old')}` }]]),
  })
  const results = await carryOut(['a', 'b', 'c'].map(expecting), here(dir), { signal })
  assert.deepEqual(kinds(results), ['done', 'stale', 'notBegun'])
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => readFileSync(dir.path(name), 'utf8')),
    ['new', 'changed by another', 'old'],
  )
})

test('a file that an earlier step has written is expected as that step left it', async () => {
  using dir = scratch()
  const path = dir.path('a')
  const expects = new Map([[path, { content: 'absent' }]])
  const results = await carryOut(
    [step(write(path, 'one'), { expects }), step(write(path, 'two'), { expects })],
    here(dir),
    { signal },
  )
  assert.deepEqual(kinds(results), ['done', 'done'])
  const meddled = await carryOut(
    [
      step(write(path, 'three')),
      step(run(`echo other > ${path}`)),
      step(write(path, 'four'), { expects: new Map([[path, { content: 'present' }]]) }),
    ],
    here(dir),
    { signal },
  )
  assert.deepEqual(kinds(meddled), ['done', 'done', 'stale'])
})

test('after an interruption the step under way ends, and none begins', async () => {
  using dir = scratch()
  const framed = await openFramed(dir)
  const controller = new AbortController()
  // The step under way goes on until the host has been asked to stop.
  const open: MachineAccess['open'] = async (command, end) => {
    const channel = await framed.machine.open(command, end)
    void channel.ended.then(() => writeFileSync(dir.path('go'), ''))
    return channel
  }
  const results = await carryOut(
    [
      step(run('true')),
      step(run(`while [ ! -e ${dir.path('go')} ]; do sleep 0.02; done; echo whole`)),
      step(write(dir.path('after'), 'x')),
      step(run('true', { on: 'node' })),
    ],
    { ...framed.machine, open },
    { signal: controller.signal, finished: () => controller.abort(new Error('interrupted')) },
  )
  await framed.close()
  assert.deepEqual(kinds(results), ['done', 'done', 'notBegun', 'notBegun'])
  assert.equal(outputOf(results[1]), 'whole\n')
  assert.ok(!existsSync(dir.path('after')))
})

test('of a connection that drops, what was said is known and nothing behind it is', async () => {
  using dir = scratch()
  const framed = await openFramed(dir)
  const results = await carryOut(
    [
      step(write(dir.path('a'), 'x')),
      step(run('true')),
      step(run('sleep 60')),
      step(write(dir.path('b'), 'x')),
      step({
        kind: 'writeFile',
        path: dir.path('c'),
        content: { kind: 'controllerFile', path: '/', size: 1, sha256: '' },
      }),
    ],
    { ...framed.machine, shell: async () => killable(framed.shell()) },
    { signal },
  )
  await framed.close()
  assert.deepEqual(kinds(results), ['done', 'done', 'lost', 'lost', 'notBegun'])
})

/** A shell whose connection drops once the second step was said to be done. */
function killable(shell: ReturnType<Awaited<ReturnType<typeof openFramed>>['shell']>): typeof shell {
  return {
    greeting: shell.greeting,
    gone: shell.gone,
    close: () => shell.close(),
    run: (script, options) =>
      shell.run(script, {
        ...options,
        onSay: (text) => {
          options.onSay?.(text)
          if (text === 'begin 2') void shell.close()
        },
      }),
  }
}

test('what needs more than a script has its place in the order', async () => {
  using dir = scratch()
  const machine = here(dir)
  writeFileSync(dir.path('source'), 'large')
  const content = {
    kind: 'controllerFile',
    path: dir.path('source'),
    size: 5,
    sha256: sha256Of('large'),
  } as const
  const { context, ended } = listening()
  const results = await carryOut(
    [
      step({ kind: 'makeDirectory', path: dir.path('d') }),
      step({ kind: 'writeFile', path: dir.path('d/to'), content }),
      step(run(`cat ${dir.path('d/to')}`)),
      step(run('echo apart', { detached: { name: 'job', fingerprint: 'x' } })),
      step({ kind: 'remove', path: dir.path('d'), recursive: true }),
    ],
    machine,
    context,
  )
  assert.deepEqual(kinds(results), ['done', 'done', 'done', 'done', 'done'])
  assert.deepEqual(ended, ['0 done', '1 done', '2 done', '3 done', '4 done'])
  assert.equal(outputOf(results[2]), 'large')
  assert.ok(!existsSync(dir.path('d')))
})

/** Notes in the state directory of a test, and how to make it unwritable: a file where a directory has to be. */
function notesOf(dir: Scratch): readonly string[] {
  const pending = dir.path('state/pending')
  return existsSync(pending) && statSync(pending).isDirectory() ? readdirSync(pending) : []
}

const notes = [
  { key: 'one', value: 1 },
  { key: 'two', value: 2 },
]

test('notes are there before the change, and not when nothing was changed', async () => {
  using dir = scratch()
  const machine = here(dir)
  const count = run(`ls ${dir.path('state/pending')} | wc -l; exit 1`)
  const before = await carryOut([step(count, { notes })], machine, { signal })
  assert.ok(before[0]?.kind === 'failed' && before[0].reply?.stdout === '2\n')
  // It had begun: whoever it was may have changed something.
  assert.equal(notesOf(dir).length, 2)

  using other = scratch()
  mkdirSync(other.path('target'))
  writeFileSync(other.path('target/x'), 'x')
  for (const action of [
    write(other.path('target'), 'x'),
    write(other.path('a'), 'x', { validate: ['false', '%s'] }),
    { kind: 'remove', path: other.path('target') },
  ] satisfies readonly Action[]) {
    const results = await carryOut([step(action, { notes })], here(other), { signal })
    assert.deepEqual(kinds(results), ['failed'])
    assert.deepEqual(notesOf(other), [])
  }
})

test('a change whose handlers cannot be recorded is not made', async () => {
  using dir = scratch()
  mkdirSync(dir.path('state'))
  writeFileSync(dir.path('state/pending'), 'no directory')
  for (const action of [write(dir.path('a'), 'x'), run(`touch ${dir.path('a')}`)]) {
    const results = await carryOut([step(action, { notes }), step(run('true'))], here(dir), { signal })
    const [failed] = results
    assert.ok(failed?.kind === 'failed' && failed.problem.code === 'state-not-written')
    assert.match(
      failed.problem.message,
      /^nothing was changed, because the handlers to notify could not be recorded on pve1/,
    )
    assert.ok(!existsSync(dir.path('a')))
    assert.deepEqual(kinds(results), ['failed', 'notBegun'])
  }
})

test('notes of a change that fails at its last moment are struck out, but not what an earlier run has left', async () => {
  using dir = scratch()
  mkdirSync(dir.path('bin'))
  writeFileSync(
    dir.path('bin/mv'),
    `#!/bin/sh\nls ${dir.path('state/pending')} >> ${dir.path('seen')}\nexit 1\n`,
  )
  chmodSync(dir.path('bin/mv'), 0o755)
  const machine = here(dir, { PATH: `${dir.path('bin')}:${process.env['PATH'] ?? ''}` })
  await carryOut([step(run('true'), { notes: notes.slice(0, 1) })], machine, { signal })
  const [left] = notesOf(dir)
  const results = await carryOut([step(write(dir.path('a'), 'x'), { notes })], machine, { signal })
  assert.deepEqual(kinds(results), ['failed'])
  assert.equal(readFileSync(dir.path('seen'), 'utf8').trim().split('\n').length, 2)
  assert.deepEqual(notesOf(dir), [left])
})

/** Programs that write down what they find and are given before they do their work. */
function traced(dir: Scratch): { readonly environment: Record<string, string>; readonly log: () => string } {
  mkdirSync(dir.path('bin'))
  for (const name of ['chmod', 'chown', 'mv', 'sync', 'stat', 'sha256sum']) {
    const file = dir.path(`bin/${name}`)
    const look = `for f in ${dir.path('.gpuplay-')}*; do [ ! -e "$f" ] || /usr/bin/stat -c 'state %a %u %s' "$f"; done`
    writeFileSync(
      file,
      `#!/bin/sh\n{ echo "${name} $*"; ${look}; } >> ${dir.path('log')}\nexec /usr/bin/${name} "$@"\n`,
    )
    chmodSync(file, 0o755)
  }
  return {
    environment: { PATH: `${dir.path('bin')}:${process.env['PATH'] ?? ''}` },
    log: () => readFileSync(dir.path('log'), 'utf8'),
  }
}

const needsRoot = process.getuid?.() === 0 ? false : 'needs root, to change owners'

test(
  'a file is never open to more than it is meant for, and its content is no argument',
  { skip: needsRoot },
  async () => {
    for (const [before, wanted, allowed] of [
      [undefined, '0600', ['600']],
      ['0644', '0600', ['600']],
      ['0600', '0644', ['600', '644']],
      ['0644', undefined, ['600', '644']],
      ['4755', undefined, ['600', '4755']],
      [undefined, '4750', ['600', '4750']],
    ] as const) {
      using dir = scratch()
      const { environment, log } = traced(dir)
      const path = dir.path('a')
      if (before !== undefined) {
        writeFileSync(path, 'old')
        chownSync(path, 65534, 65534)
        chmodSync(path, Number.parseInt(before, 8))
      }
      const action = write(path, 'hush hush', {
        owner: '1',
        ...(wanted === undefined ? {} : { mode: wanted }),
      })
      const results = await carryOut([step(action)], here(dir, environment), { signal })
      assert.deepEqual(kinds(results), ['done'])
      const states = [...log().matchAll(/^state (\d+) /gm)].map(([, mode = '']) => mode)
      assert.ok(states.length > 2)
      assert.deepEqual(
        states.filter((mode) => !allowed.some((fine) => fine === mode)),
        [],
        log(),
      )
      const { mode, uid } = statSync(path)
      assert.equal((mode & 0o7777).toString(8), (wanted ?? before)?.replace(/^0/, ''))
      assert.equal(uid, 1)
      assert.ok(!log().includes('hush'))
    }
  },
)

test('an owner that is changed does not cost a program its setuid', { skip: needsRoot }, async () => {
  using dir = scratch()
  const path = dir.path('a')
  for (const known of [false, true]) {
    writeFileSync(path, 'x')
    chownSync(path, 65534, 65534)
    chmodSync(path, 0o4755)
    const status = {
      kind: 'file',
      mode: '4755',
      owner: 'nobody',
      group: 'nogroup',
      uid: 65534,
      gid: 65534,
      size: 1,
    } as const
    const expects = known ? new Map([[path, { content: 'present', status }]]) : new Map()
    const results = await carryOut(
      [step({ kind: 'setAttributes', path, owner: 'root' }, { expects })],
      here(dir),
      { signal },
    )
    assert.deepEqual(kinds(results), ['done'])
    assert.equal(statSync(path).mode & 0o7777, 0o4755)
    assert.equal(statSync(path).uid, 0)
  }
})

test('one sync serves all files of a frame, before any of them is said to be done', async () => {
  using dir = scratch()
  const { environment, log } = traced(dir)
  const synced: number[] = []
  const steps = ['a', 'b', 'c'].map((name) => step(write(dir.path(name), 'x')))
  const results = await carryOut([...steps, step(run('true'))], here(dir, environment), {
    signal,
    finished: () => synced.push(log().match(/^sync /gm)?.length ?? 0),
  })
  assert.deepEqual(kinds(results), ['done', 'done', 'done', 'done'])
  assert.deepEqual(synced, [1, 1, 1, 1])
  assert.match(
    log(),
    new RegExp(`^sync -- ${dir.path('a')} ${dir.path('b')} ${dir.path('c')} ${dir.directory}/$`, 'm'),
  )
})

test("packages are locked in root's own directory", { skip: needsRoot }, async () => {
  using dir = scratch()
  const lock = { kind: 'dpkg', timeout: 5 } as const
  const tries = run(`flock -n ${dir.path('state/packages.lock')} true && echo free || echo held`, { lock })
  const results = await carryOut([step(tries), step({ ...tries, argv: tries.argv })], here(dir), { signal })
  assert.deepEqual(results.map(outputOf), ['held\n', 'held\n'])
  assert.equal(statSync(dir.path('state')).mode & 0o777, 0o700)
})
