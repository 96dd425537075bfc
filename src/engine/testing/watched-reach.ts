/** A way to machines that counts what is asked of them, and breaks where a test says so. */
import { UnreachableError } from '../../base/errors.ts'
import type { Shell } from '../../connection/connection.ts'
import type { Reach } from '../../fleet/machine.ts'

export interface Frame {
  /**
   * `act` for steps of tasks, `own` for what gpuplay writes down for itself: handlers that have run, guests
   * of a restart.
   */
  readonly kind: 'look' | 'act' | 'own'
  readonly script: string
  /** How many frames were sent before it and not answered yet. */
  readonly unanswered: number
}

/** Where the shell of a frame that acts is killed, with all that it runs. */
export type Cut =
  /** Before this step; those before it are done, and nobody was told so. */
  | { readonly kind: 'step'; readonly step: number }
  /** All is done, and nobody was told so. */
  | { readonly kind: 'unsaid' }
  /** All is done and told. */
  | { readonly kind: 'said' }

export interface Watched {
  readonly reach: Reach
  readonly frames: readonly Frame[]
  readonly looks: number
  readonly acts: number
}

export interface WatchOptions {
  /** Called for every frame that acts, with its number from 0. */
  readonly cut?: (act: number, script: string) => Cut | undefined
  /** After a cut nothing can be reached any more, as when gpuplay itself is killed. */
  readonly forGood?: boolean
  /** Before a frame that acts is sent. */
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

const own = /guests-before-reboot|^gp_remove \S*\/pending\//m

/** Of a frame that acts. */
export function stepsIn(script: string): number {
  return script.match(/^gp_begin \d+$/gm)?.length ?? 0
}

/** The script with the end of its process group in it. @throws Error where it has no such place. */
function severed(script: string, cut: Cut): string {
  const [place, text] = placeOf(cut)
  if (!place.test(script)) throw new Error('the frame has no such place')
  return script.replace(place, text)
}

/** Of a file it is said at the end of the frame that it is done, of a program when it has ended. */
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
