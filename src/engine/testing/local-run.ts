/** Runs playbooks on the local machine in a separate folder and returns the events. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { ExitCode } from '../../base/errors.ts'
import { ConnectionPool } from '../../connection/connect.ts'
import { openShell } from '../../connection/open-shell.ts'
import { facts } from '../../host/facts.ts'
import { diskFiles } from '../../language/read-files.ts'
import { modules } from '../../modules/catalogue.ts'
import type { World } from '../../base/world.ts'
import type { Event, Outcome } from '../../events/events.ts'
import type { Reach } from '../../fleet/machine.ts'
import { applyPlan } from '../plans/apply-plan.ts'
import { makePlan } from '../plans/make-plan.ts'
import { readPlanFile } from '../plans/plan-file.ts'
import type { PlanCommand, PlanFile } from '../plans/plan-schema.ts'
import type { RunDependencies, RunRequest } from '../request.ts'
import { runPlaybooks } from '../run-playbooks.ts'

export interface LocalRun {
  readonly exitCode: ExitCode
  readonly events: readonly Event[]
  /** Outcomes by task name, in order; for a task on several hosts, the last one. */
  readonly outcomes: Readonly<Record<string, Outcome>>
  readonly messages: readonly string[]
}

export interface Folder {
  readonly path: string
  write(name: string, text: string): string
  /** Runs `site.yml` of the folder, by default on localhost. */
  run(
    playbook: string,
    request?: Partial<RunRequest>,
    dependencies?: Partial<RunDependencies>,
  ): Promise<LocalRun>
  /** Makes a plan of `site.yml` of the folder. */
  plan(
    playbook: string,
    request?: Partial<RunRequest>,
    dependencies?: Partial<RunDependencies>,
  ): Promise<LocalPlan>
  /** Applies a plan, as read from its file, to `site.yml` as it is. */
  apply(
    plan: PlanFile,
    request?: Partial<RunRequest>,
    dependencies?: Partial<RunDependencies>,
  ): Promise<LocalRun>
  remove(): void
}

export interface LocalPlan extends LocalRun {
  readonly plan: PlanFile
}

export function localFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'gpuplay-engine-'))
  const write = (name: string, text: string): string => {
    const file = join(path, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return file
  }
  return {
    path,
    write,
    remove: () => rmSync(path, { recursive: true, force: true }),
    run: (playbook, request = {}, dependencies = {}) =>
      observed({ ...worldOf(path), ...dependencies }, (given) =>
        runPlaybooks(requestOf(write('site.yml', playbook), request), given),
      ),
    async plan(playbook, request = {}, dependencies = {}) {
      const made: PlanFile[] = []
      const run = await observed({ ...worldOf(path), ...dependencies }, async (given) => {
        const { exitCode, plan } = await makePlan(requestOf(write('site.yml', playbook), request), given, {
          planName: 'plan.json',
          command: () => plainCommand,
        })
        made.push(plan)
        return exitCode
      })
      const [plan] = made
      assert.ok(plan)
      return { ...run, plan: readPlanFile('plan.json', JSON.stringify(plan)) }
    },
    apply: (plan, request = {}, dependencies = {}) =>
      observed({ ...worldOf(path), ...dependencies }, (given) =>
        applyPlan(plan, requestOf(join(path, 'site.yml'), request), { ...given, planName: 'plan.json' }),
      ),
  }
}

const plainCommand: PlanCommand = {
  playbooks: ['site.yml'],
  inventories: [],
  extraVars: [],
  tags: [],
  skipTags: [],
  forceHandlers: false,
  connection: {},
}

/** A folder that is removed after the tests of the file, or of the `describe` in which it is made. */
export function folderOfTests(): Folder {
  const folder = localFolder()
  after(() => folder.remove())
  return folder
}

/** The last event of a run. */
export function lastEvent({ events }: LocalRun): Extract<Event, { readonly type: 'run.finished' }> {
  const event = events.at(-1)
  assert.ok(event?.type === 'run.finished')
  return event
}

function worldOf(path: string): RunDependencies {
  const world = testWorld(path)
  return {
    world,
    files: diskFiles,
    modules,
    facts,
    reach: localReach(world),
    sinks: [],
    signal: new AbortController().signal,
    stateDirectory: join(path, 'state/v1'),
  }
}

/** A request for a run with no files and no options. */
export const plainRequest: RunRequest = {
  playbooks: [],
  inventories: [],
  extraVars: [],
  limit: undefined,
  tags: { tags: [], skipTags: [] },
  check: false,
  stepByStep: false,
  profile: false,
  failOnChange: false,
  forks: 10,
  connection: {},
  rolesPaths: [],
  version: 'test',
}

function requestOf(playbook: string, request: Partial<RunRequest>): RunRequest {
  return { ...plainRequest, playbooks: [playbook], inventories: ['localhost,'], ...request }
}

async function observed(
  dependencies: RunDependencies,
  work: (dependencies: RunDependencies) => Promise<ExitCode>,
): Promise<LocalRun> {
  const events: Event[] = []
  const exitCode = await work({
    ...dependencies,
    sinks: [...dependencies.sinks, (event) => events.push(event)],
  })
  const finished = events.flatMap((event) => (event.type === 'task.finished' ? [event] : []))
  return {
    exitCode,
    events,
    outcomes: Object.fromEntries(finished.map((event) => [event.task.name, event.outcome])),
    messages: finished.flatMap((event) => event.detail.message ?? []),
  }
}

/** The real world, except for an empty environment and the name of the controller. */
export function testWorld(path: string): World {
  return {
    now: () => new Date(),
    clock: () => performance.now(),
    sleep: (milliseconds, signal) => delay(milliseconds, undefined, { signal }),
    randomHex: (bytes) => randomBytes(bytes).toString('hex'),
    environment: {},
    home: homedir(),
    userName: userInfo().username,
    hostName: 'test',
    addresses: [],
    pid: process.pid,
    workingDirectory: path,
  }
}

/** Reaches this machine like a real run. Programs in `path` take precedence. */
export function localReach(world: World, path?: string): Reach {
  const { PATH = '', ...environment } = process.env
  const env = { ...environment, PATH: path === undefined ? PATH : `${path}:${PATH}` }
  const pool = new ConnectionPool({
    spawn: (file, argv, { group }) => spawn(file, [...argv], { detached: group, stdio: 'pipe', env }),
    killGroup: (pid) => {
      try {
        process.kill(-pid, 'SIGKILL')
      } catch {
        // The process has already exited.
      }
    },
    random: randomBytes,
    sleep: world.sleep,
    user: world.userName,
    home: world.home,
  })
  return {
    connect: (target, signal) => pool.connect(target, signal),
    openShell: (connection, signal) => openShell(connection, { signal }),
    upload: () => Promise.reject(new Error('nothing is sent in these tests')),
    close: () => pool.close(),
  }
}
