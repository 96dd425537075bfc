/** Runs of playbooks with variables on the command line, in a lab of one node. */
import assert from 'node:assert/strict'
import type { Lab } from '../../lab/lab.ts'
import { keysOf, outcomes } from '../../whole/support/events.ts'
import { type Ended, gpuplay } from '../../whole/support/gpuplay.ts'
import { inventoryOf } from '../../whole/support/site-runs.ts'

export interface Play {
  /** Default: `containers.yml`. */
  readonly playbook?: string
  readonly limit: string
  readonly variables: Readonly<Record<string, unknown>>
  readonly check?: true
}

export interface VariablePlays {
  readonly lab: () => Lab
  readonly play: (given: Play) => Promise<Ended>
  /** Expects success; returns the tasks that changed something, as `HOST ROLE : NAME`. */
  readonly changes: (given: Play) => Promise<readonly string[]>
  readonly refused: (given: Play, code: number, message: RegExp) => Promise<void>
  /** Runs a command on the node and returns its output. */
  readonly node: (command: string) => Promise<string>
}

/** `lab` is called only in tests. */
export function variablePlays(lab: () => Lab): VariablePlays {
  const play = ({ playbook = 'playbooks/containers.yml', limit, variables, check }: Play): Promise<Ended> => {
    const words = ['run', playbook, '-i', inventoryOf(lab()), '-l', limit, '-e', JSON.stringify(variables)]
    return gpuplay(check === true ? [...words, '--check'] : words)
  }
  return {
    lab,
    play,
    async changes(given) {
      const { exitCode, text, events } = await play(given)
      assert.equal(exitCode, 0, text)
      return keysOf(outcomes(events), 'changed')
    },
    async refused(given, code, message) {
      const { exitCode, text } = await play(given)
      assert.equal(exitCode, code, text)
      assert.match(text, message)
    },
    node: (command) => lab().node('pve1').output(command),
  }
}
