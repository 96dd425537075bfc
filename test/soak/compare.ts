/** Runs one playbook in four ways (dry, in windows, task by task, as a plan) and compares the results. */
import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Folder, type LocalRun, localFolder } from '../../src/engine/testing/local-run.ts'
import type { Event, Outcome } from '../../src/events/events.ts'
import { unforeseenCode } from '../../src/task/unforeseen.ts'
import type { Playbook } from './playbooks.ts'

/** @throws AssertionError with the way that differs and the difference. */
export async function compare(playbook: Playbook): Promise<void> {
  const folder = localFolder()
  try {
    const before = await prepared(folder, playbook)
    const { plan, ...dry } = await folder.plan(textOf(folder, playbook))
    assert.deepEqual(treeOf(folder), before, 'a dry run changes nothing')
    const windows = await run(folder, playbook, {})
    const windowsTree = treeOf(folder)
    await prepared(folder, playbook)
    const steps = await run(folder, playbook, { stepByStep: true })
    assert.deepEqual(windowsTree, treeOf(folder), 'windows and single steps leave the same files')
    assert.deepEqual(eventsOf(windows), eventsOf(steps), 'windows and single steps have the same events')
    assert.equal(windows.exitCode, steps.exitCode)
    for (const { events } of [dry, windows, steps])
      assert.doesNotMatch(JSON.stringify(events), new RegExp(`"code":"${unforeseenCode}"`))
    obeysLaw(dry, steps)
    await prepared(folder, playbook)
    const applied = await folder.apply(plan)
    if (hasSurprise(dry, steps)) return
    assert.deepEqual(treeOf(folder), windowsTree, 'an applied plan and a run leave the same files')
    assert.deepEqual(eventsOf(applied), eventsOf(windows), 'an applied plan and a run have the same events')
    assert.equal(applied.exitCode, windows.exitCode)
  } finally {
    folder.remove()
  }
}

/** Creates the same folder for every way. */
async function prepared(folder: Folder, { files }: Playbook): Promise<readonly string[]> {
  for (const name of ['root', 'state']) rmSync(join(folder.path, name), { recursive: true, force: true })
  mkdirSync(join(folder.path, 'root/d'), { recursive: true })
  for (const [name, text] of Object.entries(files)) folder.write(name, textOf(folder, { text }))
  folder.write('root/a', 'one\n')
  folder.write('root/d/b', 'key=1\n')
  return Promise.resolve(treeOf(folder))
}

async function run(
  folder: Folder,
  { text }: Playbook,
  options: { readonly stepByStep?: boolean },
): Promise<LocalRun> {
  return folder.run(textOf(folder, { text }), options)
}

function textOf({ path }: Folder, { text }: Pick<Playbook, 'text'>): string {
  return text.replaceAll('{{ root }}', join(path, 'root'))
}

function treeOf({ path }: Folder): readonly string[] {
  const lines: string[] = []
  const walk = (directory: string): void => {
    for (const name of readdirSync(join(path, directory)).sort()) {
      const at = join(directory, name)
      const full = join(path, at)
      const { mode } = lstatSync(full)
      const stat = lstatSync(full)
      if (stat.isDirectory()) {
        lines.push(`${at}/ ${mode.toString(8)}`)
        walk(at)
      } else if (stat.isSymbolicLink()) lines.push(`${at} -> ${readlinkSync(full)}`)
      else lines.push(`${at} ${mode.toString(8)} ${JSON.stringify(readFileSync(full, 'utf8'))}`)
    }
  }
  walk('root')
  return lines.map((line) => line.replaceAll(path, '.'))
}

/** Removes times and events whose order may vary: connections to hosts. */
function eventsOf({ events }: LocalRun): readonly unknown[] {
  return events.flatMap((event) => {
    if (event.type === 'host.connecting' || event.type === 'host.connected') return []
    const { run: _run, time: _time, seq: _seq, ...rest } = event
    return ['milliseconds' in rest ? { ...rest, milliseconds: 0 } : rest]
  })
}

/**
 * Predicted changes happen; changes are predicted or unknown. Tasks that did not run are ignored. If a
 * program of the playbook fails, the following tasks are not comparable.
 */
function obeysLaw(dry: LocalRun, real: LocalRun): void {
  const foretold = outcomesOf(dry.events)
  for (const [task, { outcome, program }] of outcomesOf(real.events)) {
    const said = foretold.get(task)?.outcome
    // The program may fail, and `failed_when` may accept that.
    if (program && outcome !== said && said !== 'ok' && said !== 'skipped') return
    if (program && outcome === 'failed') return
    if (said === 'unknown') {
      if (outcome === 'failed') return
      continue
    }
    // A dry run ends at a failure, as the run does.
    if (said === undefined && [...foretold.values()].some((one) => one.outcome === 'unknown')) continue
    assert.equal(said, outcome, `the dry run of ${task}`)
  }
}

/**
 * True if a program failed that the plan could not know: the run then makes changes that no plan has, such as
 * those of a `rescue`.
 */
function hasSurprise(dry: LocalRun, real: LocalRun): boolean {
  const foretold = outcomesOf(dry.events)
  return [...outcomesOf(real.events)].some(
    ([task, { outcome }]) => outcome === 'failed' && foretold.get(task)?.outcome !== 'failed',
  )
}

interface Ended {
  readonly outcome: Outcome
  readonly program: boolean
}

function outcomesOf(events: readonly Event[]): ReadonlyMap<string, Ended> {
  return new Map(
    events.flatMap((event): [string, Ended][] => {
      if (event.type !== 'task.finished' && event.type !== 'item.finished') return []
      const { outcome, task } = event
      const program = task.module === 'command' || task.module === 'shell'
      const name = event.type === 'item.finished' ? `${task.name} (${event.item})` : task.name
      return [[name, { outcome, program }]]
    }),
  )
}
