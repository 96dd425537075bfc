/** A machine for tests: this machine, with its state in a directory of the test. */
import { copyFile } from 'node:fs/promises'
import { type HostName, hostName } from '../../base/brand.ts'
import { defined } from '../../base/defined.ts'
import type { Action } from '../action.ts'
import type { Expectation, PendingNote } from '../expectation.ts'
import type { ActionResult, MachineAccess } from '../access.ts'
import type { WindowContext } from '../step.ts'
import { carryOut } from '../action-frame.ts'
import { createLocalShell, type LocalShell, openLocal } from './local-shell.ts'

export interface TestMachine extends MachineAccess {
  /** The shell that `shell()` gives. */
  current: LocalShell
}

export interface TestMachineOptions {
  readonly name?: string
  readonly stateDirectory: string
  readonly ctid?: string
  readonly node?: MachineAccess
  readonly environment?: Readonly<Record<string, string>>
}

export function createTestMachine(options: TestMachineOptions): TestMachine {
  const { stateDirectory, ctid, node, environment } = options
  const name: HostName = hostName(options.name ?? 'pve1')
  const machine: TestMachine = {
    name,
    current: createLocalShell(environment),
    signal: new AbortController().signal,
    stateDirectory,
    ...defined({ ctid, node }),
    shell: async () => machine.current,
    open: async (command) => openLocal(command),
    upload: async (from, to) => copyFile(from, to),
  }
  return machine
}

export interface TestContext extends WindowContext {
  readonly expects?: ReadonlyMap<string, Expectation>
  readonly notes?: readonly PendingNote[]
}

export function testContext(given: Partial<TestContext> = {}): TestContext {
  return { signal: new AbortController().signal, ...given }
}

/** Carries out a single action. @throws Error if it did not begin */
export async function executeAction(
  action: Action,
  machine: MachineAccess,
  context: TestContext,
): Promise<ActionResult> {
  const { expects = new Map(), notes = [] } = context
  const [result] = await carryOut([{ action, expects, notes }], machine, context)
  if (result === undefined || result.kind === 'notBegun') throw new Error('it did not begin')
  return result
}
