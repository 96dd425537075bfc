import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import { UnreachableError } from '../base/errors.ts'
import { actions } from '../host/plan.ts'
import type { Module } from '../modules/module.ts'
import { createTaskRunner, type RunTasksOptions, type TaskRunner } from './run-tasks.ts'
import { prepared, type Prepared, type PreparedOptions } from './testing/prepared.ts'
import type { TaskContext } from './task-context.ts'

interface Made extends Prepared {
  readonly runner: TaskRunner
  /** `look NAME`, `act NAME`, `NAME OUTCOME`, in order. */
  readonly log: string[]
  readonly options: RunTasksOptions
}

/** The tasks `a` and `b`, whose only effect is a line in a log. */
function made(options: PreparedOptions & { readonly last?: string } = {}): Made {
  const log: string[] = []
  const done = new Set<string>()
  const mark = {
    name: 'mark',
    summary: 'Leaves a mark.',
    args: {
      type: 'object',
      additionalProperties: false,
      required: ['as'],
      properties: { as: { type: 'string', description: 'Which.' } },
    },
    result: { type: 'object', properties: {} },
    probe({ as }) {
      log.push(`look ${as}`)
      return Promise.resolve(done.has(as))
    },
    plan: ({ as }, seen) => actions(seen ? [] : [{ kind: 'run', argv: [as], effects: [] }]),
  } satisfies Module<{ readonly as: string }, boolean>
  const it = prepared('- { name: a, mark: { as: a } }\n- { name: b, mark: { as: b } }', {
    modules: [mark],
    ...options,
  })
  const { run } = it.context
  const context: TaskContext = {
    ...it.context,
    run: {
      ...run,
      leases: { ...run.leases, take: () => Promise.resolve('taken') },
      means: {
        ...run.means,
        carryOut(steps) {
          for (const { action } of steps) {
            const name = action.kind === 'run' ? action.argv.join(' ') : action.kind
            log.push(`act ${name}`)
            done.add(name)
          }
          return Promise.resolve(steps.map(() => ({ kind: 'done' })))
        },
      },
    },
  }
  return {
    ...it,
    runner: createTaskRunner(context),
    log,
    options: {
      following: [],
      stopped: () => false,
      finished({ name }, { outcome }) {
        log.push(`${name} ${outcome}`)
        return name === options.last ? 'stop' : 'next'
      },
    },
  }
}

test('tasks are read together, carried out, verified, and reported in order', async () => {
  const { runner, tasks, log, options } = made()
  await runner.run(tasks, options)
  assert.deepEqual(log.slice(0, 2), ['look a', 'look b'])
  assert.deepEqual(
    log.filter((line) => !line.startsWith('look')),
    ['act a', 'a changed', 'act b', 'b changed'],
  )
})

test('tasks are read during the initial work on the host, and carried out after it', async () => {
  const { runner, tasks, log, options } = made()
  let end = (): void => undefined
  const begun = new Promise<void>((resolve) => (end = resolve))
  const running = runner.run(tasks, { ...options, begin: () => begun })
  await turn()
  await turn()
  assert.deepEqual(log, ['look a', 'look b'])
  end()
  await running
  assert.ok(log.includes('b changed'))
})

test('if the initial work on the host fails, no task is carried out', async () => {
  const { runner, tasks, log, options } = made()
  const begun = Promise.reject(new Error('no such play'))
  await assert.rejects(runner.run(tasks, { ...options, begin: () => begun }), /no such play/)
  assert.deepEqual(
    log.filter((line) => line.startsWith('act')),
    [],
  )
})

test('in a block, a host that cannot be reached for the initial work makes the first task unreachable', async () => {
  const { runner, tasks, log, options } = made({ last: 'a' })
  const lost = (): Promise<void> =>
    Promise.reject(new UnreachableError({ code: 'no-route', message: 'no route to host' }))
  await runner.run(tasks, { ...options, begin: lost, inBlock: true })
  assert.deepEqual(
    log.filter((line) => !line.startsWith('look')),
    ['a unreachable'],
  )
  await assert.rejects(runner.run(tasks, { ...options, begin: lost }), /no route to host/)
  const broken = Promise.reject(new Error('no such play'))
  await assert.rejects(runner.run(tasks, { ...options, begin: () => broken, inBlock: true }), /no such play/)
})

test('step by step nothing is read ahead', async () => {
  const { runner, tasks, log, options } = made({ stepByStep: true })
  await runner.run(tasks, { ...options, begin: () => Promise.resolve() })
  assert.ok(log.indexOf('look b') > log.indexOf('a changed'))
})

test('a dry run carries out nothing', async () => {
  const { runner, tasks, log, options } = made({ check: true })
  await runner.run(tasks, options)
  assert.deepEqual(
    log.filter((line) => !line.startsWith('look')),
    ['a changed', 'b changed'],
  )
})

test('a task that returns stop is the last', async () => {
  const { runner, tasks, log, options } = made({ last: 'a' })
  await runner.run(tasks, options)
  assert.equal(log.at(-1), 'a changed')
})

test('a reading from before an action is not used after it', async () => {
  const { runner, tasks, log, options } = made()
  await runner.run(tasks, options)
  assert.ok(log.lastIndexOf('look b') > log.indexOf('act a'))
})
