import { UnreachableError } from '../base/errors.ts'
import { noLoginShell } from './become.ts'
import { describeEnd } from './channel.ts'
import type { Connection } from './connection.ts'
import { launch, type Launched } from './launch.ts'
import { lastSaid } from './said.ts'

/** Milliseconds. A call of pct takes half a second, and waits for other work of Proxmox. */
const startTime = 60_000

/**
 * A connection to a container, over a root connection to its node. Every channel is one `pct exec`, so a
 * single long-lived shell does nearly all the work. Closing it does not close the node's connection, which
 * has its own owner.
 */
export function pctConnection(node: Connection, ctid: string): Connection {
  let style: Style = 'option'
  return {
    kind: 'pct',
    async open(command, signal) {
      if (!/^[1-9]\d{2,8}$/.test(ctid)) throw problem('container-missing', ctid, 'not a container id')
      const start = (as: Style): Promise<Launched> =>
        launch(
          node,
          { command, line: (farSide) => `/bin/sh -c '${inContainer[as]}' sh ${ctid} ${farSide}` },
          { signal, timeout: startTime },
        )
      // Several channels are opened at the same time.
      const first = style
      let launched = await start(first)
      if (first === 'option' && launched.kind === 'failed' && knowsNoOption.test(launched.stderr)) {
        style = 'env'
        launched = await start('env')
      }
      if (launched.kind === 'started') return launched.channel
      if (launched.kind === 'noShell') throw noLoginShell(launched)
      const said = launched.stderr.trim()
      if (launched.kind === 'timedOut') throw problem('container-silent', ctid, said)
      const { end } = launched
      if (end.kind === 'lost') {
        throw new UnreachableError({
          code: 'connection-lost',
          message: `the connection to the node was lost while entering container ${ctid}: ${end.why}`,
          hint: 'check that the node is up, then run again',
        })
      }
      throw problem(
        classify(end.kind === 'exited' ? end.code : undefined, said),
        ctid,
        said || describeEnd(end),
      )
    },
    async close() {},
  }
}

/** How the node's environment is kept out of the container, so that PATH, HOME and the like are its own. */
type Style = 'option' | 'env'

const inContainer: Readonly<Record<Style, string>> = {
  // Its default differs between Proxmox versions.
  option: 'PATH=$PATH:/usr/sbin:/sbin; exec pct exec "$1" --keep-env 0 -- /bin/sh -c "$2"',
  env: 'PATH=$PATH:/usr/sbin:/sbin; exec pct exec "$1" -- env -i container=lxc /bin/sh -c "$2"',
}

/** pve-container before 5.0.9 (pct.pm, commit 069553d). */
const knowsNoOption = /Unknown option: keep-env/

type PctCode = keyof typeof texts

/**
 * Status 2 means that the container is not on this node, 255 that it is not running; wrong options also give
 * 2.
 */
function classify(status: number | undefined, said: string): PctCode {
  if (status === 126 || status === 127 || /pct: (?:command )?not found/.test(said)) return 'pct-missing'
  if (/not running/i.test(said)) return 'container-stopped'
  if (/does not exist/i.test(said)) return 'container-missing'
  if (/permission denied|please run as root|must be root/i.test(said)) return 'pct-not-root'
  if (status === 255) return 'container-stopped'
  return status === 2 ? 'container-missing' : 'container-unreachable'
}

const texts = {
  'pct-missing': ['the node has no pct', 'check that `node` names a Proxmox VE host'],
  'container-stopped': ['it is not running', 'start it with `pct start`'],
  'container-missing': [
    'the container does not exist on this node',
    'check `ctid`, and `node` if the container was migrated; `pct list` on the node lists its containers',
  ],
  'pct-not-root': ['pct needs root on the node', 'log in to the node as root, or set `become: true` for it'],
  'container-silent': ['its shell did not answer in time', 'run `pct enter` on the node to see why'],
  'container-unreachable': ['no shell starts in it', 'run `pct enter` on the node to see why'],
} as const

function problem(code: PctCode, ctid: string, said: string): UnreachableError {
  const [what, hint] = texts[code]
  return new UnreachableError({
    code,
    message: `cannot enter container ${ctid}: ${what}${said === '' ? '' : ` (${lastSaid(said)})`}`,
    hint,
  })
}
