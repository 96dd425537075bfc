/** A reach that counts its calls and fails where a test asks for it. */
import { UnreachableError } from '../../base/errors.ts'
import type { Shell } from '../../connection/connection.ts'
import type { Reach } from '../../fleet/machine.ts'

export interface Frame {
  /** `act` for steps of tasks, `own` for gpuplay's own notes: handlers that have run, guests of a reboot. */
  readonly kind: 'look' | 'act' | 'own'
  readonly script: string
  /** Number of earlier frames without an answer. */
  readonly unanswered: number
}

/** The point at which the shell of an acting frame is killed, with all its programs. */
export type Cut =
  /** Before this step. Earlier steps are done but not reported. */
  | { readonly kind: 'step'; readonly step: number }
  /** All steps are done but not reported. */
  | { readonly kind: 'unsaid' }
  /** All steps are done and reported. */
  | { readonly kind: 'said' }

export interface Watched {
  readonly reach: Reach
  readonly frames: readonly Frame[]
  readonly looks: number
  readonly acts: number
}

export interface WatchOptions {
  /** Called for every acting frame, with its number from 0. */
  readonly cut?: (act: number, script: string) => Cut | undefined
  /** After a cut nothing can be reached, as if gpuplay itself was killed. */
  readonly forGood?: boolean
  /** Called before an acting frame is sent. */
  readonly beforeAct?: (act: number, script: string) => void
}

export function watched(inner: Reach, options: WatchOptions = {}): Watched {
  const frames: Frame[] = []
  let gone = false
  let unanswered = 0
  const unreachable = (): UnreachableError =>
    new UnreachableError({ code: 'unreachable', message: 'the test has cut the connection' })

  const watch = (shell: Shell): Shell => ({
    get greeting() {
      return shell.greeting
    },
    gone: shell.gone,
    close: () => shell.close(),
    async run(script, run) {
      const act = frames.filter(({ kind }) => kind === 'act').length
      const kind = run.onSay === undefined ? 'look' : own.test(script) ? 'own' : 'act'
      frames.push({ kind, script, unanswered })
      unanswered += 1
      const answered = <T>(reply: Promise<T>): Promise<T> => reply.finally(() => (unanswered -= 1))
      if (kind !== 'act') return answered(shell.run(script, run))
      options.beforeAct?.(act, script)
      const cut = options.cut?.(act, script)
      if (cut === undefined) return answered(shell.run(script, run))
      gone = options.forGood === true
      return answered(shell.run(severed(script, cut), run))
    },
  })
  return {
    frames,
    get looks() {
      return frames.filter(({ kind }) => kind === 'look').length
    },
    get acts() {
      return frames.filter(({ kind }) => kind === 'act').length
    },
    reach: {
      ...inner,
      connect: (target, signal) => (gone ? Promise.reject(unreachable()) : inner.connect(target, signal)),
      openShell: async (connection, signal) => {
        if (gone) throw unreachable()
        return watch(await inner.openShell(connection, signal))
      },
    },
  }
}

const own = /guests-to-start|^gp_remove \S*\/pending\//m

/** Of a frame that acts. */
export function stepsIn(script: string): number {
  return script.match(/^gp_begin \d+$/gm)?.length ?? 0
}

/** Returns the script with a kill of its process group. @throws Error if the script has no such place */
function severed(script: string, cut: Cut): string {
  const [place, text] = placeOf(cut)
  if (!place.test(script)) throw new Error('the frame has no such place')
  return script.replace(place, text)
}

/** A file step is reported at the end of the frame, a program step when the program exits. */
function placeOf(cut: Cut): readonly [RegExp, string] {
  switch (cut.kind) {
    case 'step':
      return [new RegExp(`^gp_begin ${cut.step}$`, 'm'), 'kill -KILL 0']
    case 'unsaid':
      return [/^gp_(flush$|ran )(?![^]*gp_ran )(?![^]*gp_flush[^]*gp_begin )/m, 'kill -KILL 0; $&']
    case 'said':
      return [/gp_flush$/, 'gp_flush; kill -KILL 0']
  }
}
