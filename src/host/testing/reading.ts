/** Readers of this machine, as a node and as a container on it, that count their frames. */
import { defined } from '../../base/defined.ts'
import { createReader, type HostReader } from '../reader.ts'
import { createAnswerStore, type AnswerStore } from '../kept-answers.ts'
import { createLocalShell, type LocalShell } from './local-shell.ts'
import { ct, pve1 } from './places.ts'

/** Creates a reader of the node, or of the container if `of` is the reader of its node. */
export function reading(
  answerStore: AnswerStore = createAnswerStore(),
  of?: HostReader,
  user?: string,
): { readonly reader: HostReader; readonly shell: LocalShell } {
  const shell = createLocalShell()
  const reader = createReader({
    name: of ? ct.name : pve1,
    shell: async () => shell,
    signal: new AbortController().signal,
    answerStore,
    ...defined({ user, node: of }),
    placement: { ctid: of ? ct.ctid : undefined, nodeName: of ? pve1 : undefined, cluster: undefined },
    controller: { file: async () => undefined, text: async () => undefined },
  })
  return { reader, shell }
}

/** The number of frames that a question takes. */
export async function framesFor(shell: LocalShell, ask: () => Promise<unknown>): Promise<number> {
  const before = shell.scripts.length
  await ask()
  return shell.scripts.length - before
}
