/** Plays and tasks for tests of the flow of playbooks. */
import type { FlowTask, PlayFlow } from '../../events/play-flow.ts'

export function flowTask(id: string, name = `Task ${id}`, more: Partial<FlowTask> = {}): FlowTask {
  return {
    kind: 'task',
    id,
    name,
    module: 'command',
    conditional: false,
    looped: false,
    notifies: [],
    ...more,
  }
}

export function flowPlay(id: string, more: Partial<PlayFlow> = {}): PlayFlow {
  return {
    id,
    name: id,
    pattern: id,
    afterNode: false,
    inBatches: false,
    sections: [],
    handlers: [],
    ...more,
  }
}
