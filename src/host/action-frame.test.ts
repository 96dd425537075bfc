import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { sha256Of } from './content.ts'
import type { MachineAccess } from './access.ts'
import { openFramed } from './testing/framed-machine.ts'
import { scratch } from './testing/scratch.ts'
import { controllerFile, here, kinds, outputOf, runAction, step, writeAction } from './testing/steps.ts'
import { carryOut, type Step, type WindowContext } from './action-frame.ts'

const { signal } = new AbortController()

/** A context that records the order in which steps ended. */
function listening(): { readonly context: WindowContext; readonly ended: string[] } {
  const ended: string[] = []
  return { ended, context: { signal, finished: (index, { kind }) => ended.push(`${index} ${kind}`) } }
}

test('steps are sent together, run in order, and each has its own outcome and output', async () => {
  using dir = scratch()
  const machine = here(dir)
  const { context, ended } = listening()
  const results = await carryOut(
    [
      step({ kind: 'makeDirectory', path: dir.path('d') }),
      step(writeAction(dir.path('d/a'), 'one\n')),
      step(runAction(`cat ${dir.path('d/a')}; echo first; echo oops >&2; exit 3`, { success: [3] })),
      step({ kind: 'makeLink', path: dir.path('d/l'), target: 'a' }),
      step(runAction(`cat ${dir.path('d/l')}; echo second`)),
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

test('an outcome is reported before the later steps have ended', async () => {
  using dir = scratch()
  const go = dir.path('go')
  const finished = (index: number): void => {
    if (index === 0) writeFileSync(go, '')
  }
  const waits = runAction(`while [ ! -e ${go} ]; do sleep 0.02; done; echo went on`)
  const results = await carryOut([step(writeAction(dir.path('a'), 'x')), step(waits)], here(dir), {
    signal,
    finished,
  })
  assert.equal(outputOf(results[1]), 'went on\n')
})

test('no step begins after the first failure', async () => {
  using dir = scratch()
  for (const fails of [runAction('echo why >&2; exit 4'), writeAction(dir.path('no/such/directory'), 'x')]) {
    const { context, ended } = listening()
    const results = await carryOut(
      [
        step(writeAction(dir.path('a'), 'x')),
        step(fails),
        step(writeAction(dir.path('b'), 'x')),
        step(runAction('true')),
      ],
      here(dir),
      context,
    )
    assert.deepEqual(kinds(results), ['done', 'failed', 'notBegun', 'notBegun'])
    assert.deepEqual(ended, ['0 done', '1 failed'])
    assert.ok(existsSync(dir.path('a')) && !existsSync(dir.path('b')))
  }
})

test('a program that fails after megabytes of output has failed, and the end of its output is kept', async () => {
  using dir = scratch()
  const flood = 'head -c 2000000 /dev/zero | tr "\\0" x'
  const results = await carryOut(
    [
      step(runAction(flood)),
      step(runAction(`${flood} >&2; echo >&2; echo the reason >&2; exit 1`)),
      step(runAction('true')),
    ],
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

test('each step has its own time limit: earlier steps are done, later ones do not begin', async () => {
  using dir = scratch()
  const results = await carryOut(
    [
      step(writeAction(dir.path('a'), 'x')),
      step(runAction('sleep 60', { timeout: 1 })),
      step(writeAction(dir.path('b'), 'x')),
    ],
    here(dir),
    { signal },
  )
  assert.deepEqual(kinds(results), ['done', 'failed', 'notBegun'])
  assert.ok(results[1]?.kind === 'failed' && results[1].problem.code === 'timed-out')
  const own = await carryOut([step(runAction('exit 124', { timeout: 60 }))], here(dir), { signal })
  assert.ok(own[0]?.kind === 'failed' && own[0].problem.code === 'program-failed')
})

test('a file that was changed by others stops the window at its step', async () => {
  using dir = scratch()
  for (const name of ['a', 'b', 'c']) writeFileSync(dir.path(name), 'old')
  writeFileSync(dir.path('b'), 'changed by another')
  const expecting = (name: string): Step => ({
    ...step(writeAction(dir.path(name), 'new')),
    expects: new Map([[dir.path(name), { content: `sha256:${sha256Of('old')}` }]]),
  })
  const results = await carryOut(['a', 'b', 'c'].map(expecting), here(dir), { signal })
  assert.deepEqual(kinds(results), ['done', 'stale', 'notBegun'])
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => readFileSync(dir.path(name), 'utf8')),
    ['new', 'changed by another', 'old'],
  )
})

test('a step expects a file as an earlier step has written it', async () => {
  using dir = scratch()
  const path = dir.path('a')
  const expects = new Map([[path, { content: 'absent' }]])
  const results = await carryOut(
    [step(writeAction(path, 'one'), { expects }), step(writeAction(path, 'two'), { expects })],
    here(dir),
    { signal },
  )
  assert.deepEqual(kinds(results), ['done', 'done'])
  const meddled = await carryOut(
    [
      step(writeAction(path, 'three')),
      step(runAction(`echo other > ${path}`)),
      step(writeAction(path, 'four'), { expects: new Map([[path, { content: 'present' }]]) }),
    ],
    here(dir),
    { signal },
  )
  assert.deepEqual(kinds(meddled), ['done', 'done', 'stale'])
})

test('after an interruption the running step ends, and no other begins', async () => {
  using dir = scratch()
  const framed = await openFramed(dir)
  const controller = new AbortController()
  // The running step continues until the host receives the request to stop.
  const open: MachineAccess['open'] = async (command, end) => {
    const channel = await framed.machine.open(command, end)
    void channel.ended.then(() => writeFileSync(dir.path('go'), ''))
    return channel
  }
  const results = await carryOut(
    [
      step(runAction('true')),
      step(runAction(`while [ ! -e ${dir.path('go')} ]; do sleep 0.02; done; echo whole`)),
      step(writeAction(dir.path('after'), 'x')),
      step(runAction('true', { on: 'node' })),
    ],
    { ...framed.machine, open },
    { signal: controller.signal, finished: () => controller.abort(new Error('interrupted')) },
  )
  await framed.close()
  assert.deepEqual(kinds(results), ['done', 'done', 'notBegun', 'notBegun'])
  assert.equal(outputOf(results[1]), 'whole\n')
  assert.ok(!existsSync(dir.path('after')))
})

test('after a lost connection, reported steps are known and later ones are not', async () => {
  using dir = scratch()
  const framed = await openFramed(dir)
  const results = await carryOut(
    [
      step(writeAction(dir.path('a'), 'x')),
      step(runAction('true')),
      step(runAction('sleep 60')),
      step(writeAction(dir.path('b'), 'x')),
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

/** A shell whose connection is lost after the second step was reported. */
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

test('a step that needs more than a script runs in order', async () => {
  using dir = scratch()
  const machine = here(dir)
  const content = controllerFile(dir.path('source'), 'large')
  const { context, ended } = listening()
  const results = await carryOut(
    [
      step({ kind: 'makeDirectory', path: dir.path('d') }),
      step({ kind: 'writeFile', path: dir.path('d/to'), content }),
      step(runAction(`cat ${dir.path('d/to')}`)),
      step(runAction('echo apart', { detached: { name: 'job', fingerprint: 'x' } })),
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

test('when the last actions are in flight, the caller is notified and can ask questions after them', async () => {
  using dir = scratch()
  const framed = await openFramed(dir)
  const { machine } = framed
  const answers: Promise<string>[] = []
  const context: WindowContext = {
    signal,
    onWay() {
      const ask = async (): Promise<string> => {
        const reply = await framed
          .shell()
          .run(`cat ${dir.path('a')}`, { timeout: 10_000, signal, light: true })
        return reply.kind === 'exited' ? reply.stdout.toString() : reply.kind
      }
      answers.push(ask())
    },
  }
  const steps = [step(runAction('sleep 0.1')), step(writeAction(dir.path('a'), 'written'))]
  assert.deepEqual(kinds(await carryOut(steps, machine, context)), ['done', 'done'])
  assert.deepEqual(await Promise.all(answers), ['written'])
  await framed.machine.reopen()
  await framed.close()
})

test('actions on the node are not announced, because the node has another shell', async () => {
  using dir = scratch()
  const machine = here(dir)
  const told: string[] = []
  const context: WindowContext = { signal, onWay: () => void told.push('on the way') }
  const onNode = step({ ...writeAction(dir.path('a'), 'x'), on: 'node' })
  await carryOut([step(writeAction(dir.path('b'), 'x')), onNode], { ...machine, node: machine }, context)
  assert.deepEqual(told, [])
})
