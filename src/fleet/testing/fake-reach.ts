/** Fake machines whose shells are counted and can be dropped. */
import { type HostName, hostName } from '../../base/brand.ts'
import { UnreachableError } from '../../base/errors.ts'
import type { Connection, Shell } from '../../connection/connection.ts'
import { Machine, type Reach } from '../machine.ts'

export interface FakeReach extends Reach {
  /** The shells that are open. */
  readonly open: readonly Shell[]
  /** Makes the next openings fail. */
  fail(times: number): void
  /** Drops the connection. */
  drop(): void
  /** Sets the greeting of later shells. */
  greet(greeting: Partial<Shell['greeting']>): void
}

export function fakeReach(): FakeReach {
  const shells: { readonly shell: Shell; readonly gone: AbortController }[] = []
  let failures = 0
  let greeting: Shell['greeting'] = { bootId: 'boot-1', uid: 0, hostname: '' }
  const connection: Connection = {
    kind: 'local',
    open: () => Promise.reject(new Error('no programs in this test')),
    close: () => Promise.resolve(),
  }
  return {
    get open() {
      return shells.filter(({ gone }) => !gone.signal.aborted).map(({ shell }) => shell)
    },
    fail: (times) => void (failures = times),
    drop: () => shells.forEach(({ gone }) => gone.abort(new Error('dropped'))),
    greet: (changes) => void (greeting = { ...greeting, ...changes }),
    connect: () => Promise.resolve(connection),
    openShell() {
      if (failures > 0) {
        failures -= 1
        return Promise.reject(new UnreachableError({ code: 'unreachable', message: 'down' }))
      }
      const gone = new AbortController()
      const home = { kind: 'exited', code: 0 } as const
      const shell: Shell = {
        greeting,
        gone: gone.signal,
        run: () => Promise.resolve({ ...home, stdout: Buffer.from('/home/me'), stderr: Buffer.alloc(0) }),
        close() {
          gone.abort(new Error('closed'))
          return Promise.resolve()
        },
      }
      shells.push({ shell, gone })
      return Promise.resolve(shell)
    },
    upload: () => Promise.reject(new Error('nothing is sent in this test')),
    close: () => Promise.resolve(),
  }
}

export interface FakeMachineOptions {
  readonly reach?: Reach
  readonly node?: Machine
  readonly ctid?: string
  readonly stateDirectory?: string | undefined
  readonly sleep?: (milliseconds: number) => Promise<void>
  readonly clock?: () => number
  readonly told?: (what: 'connecting' | 'connected', host: HostName) => void
}

export function fakeMachine(name: string, options: FakeMachineOptions = {}): Machine {
  const { node, told } = options
  const host = hostName(name)
  return new Machine({
    name: host,
    target: { kind: 'local' },
    placement: {
      ctid: options.ctid,
      nodeName: node?.name,
      cluster: node === undefined ? 'lab' : undefined,
    },
    privilege: undefined,
    node,
    reach: options.reach ?? fakeReach(),
    signal: new AbortController().signal,
    sleep: options.sleep ?? (() => Promise.resolve()),
    clock: options.clock ?? (() => 0),
    stateDirectory: options.stateDirectory,
    onConnecting: () => told?.('connecting', host),
    onConnected: () => told?.('connected', host),
  })
}
