/** Asks a cluster with pvesh on one of its nodes. It needs root, as pvesh does. */
import { HostError, type Problem } from '../../base/errors.ts'
import { quote } from '../../base/shell.ts'
import type { Connection, ShellReply } from '../../connection/connection.ts'
import { lastSaid } from '../../connection/said.ts'
import type { ListedConfig } from '../../inventory/clusters/cluster-listing.ts'
import { parseContainerConfig } from '../../proxmox/container-config.ts'
import type { Reach } from '../machine.ts'
import { parseJson } from './cluster-answers.ts'
import type { ClusterWay } from './cluster-reader.ts'

export interface ShellOptions {
  /** Milliseconds for one answer. */
  readonly timeout: number
  readonly signal: AbortSignal
}

const path = 'PATH=$PATH:/usr/sbin:/sbin'

/**
 * One line for each container: the file of its configuration, and its text in base64. The cluster's file system has
 * those of all nodes, and a pvesh for each of them would take a second.
 */
const configsScript = `cd /etc/pve/nodes || exit
for file in */lxc/[1-9]*.conf; do
  if text=$(base64 -w0 "$file" 2>/dev/null); then echo "$file $text"; fi
done`

export function shellWay(
  reach: Reach,
  connection: Connection,
  { timeout, signal }: ShellOptions,
): ClusterWay {
  const run = async (script: string, what: string): Promise<string> => {
    const shell = await reach.openShell(connection, signal)
    try {
      return outputOf(await shell.run(script, { timeout, signal, limit: largest }), { what, timeout })
    } finally {
      await shell.close()
    }
  }
  return {
    async get(question) {
      const [place = '', type] = question.split('?type=')
      const words = ['pvesh', 'get', place, ...(type === undefined ? [] : ['--type', type])]
      const command = [...words, '--output-format', 'json'].map((word) => quote(word)).join(' ')
      return parseJson(place, await run(`${path}; exec ${command}`, `pvesh get ${place}`))
    },
    async configs(containers) {
      const wanted = new Set(containers.map(({ node, ctid }) => `${node}/lxc/${ctid}.conf`))
      const configs = new Map<number, ListedConfig>()
      const failures = new Map<string, Problem>()
      if (wanted.size === 0) return { configs, failures }
      for (const line of (await run(configsScript, 'reading /etc/pve/nodes')).split('\n')) {
        const [file = '', text = ''] = line.split(' ')
        const ctid = Number(/\/(\d+)\.conf$/.exec(file)?.[1])
        if (wanted.has(file)) configs.set(ctid, configOf(Buffer.from(text, 'base64').toString('utf8')))
      }
      return { configs, failures }
    },
  }
}

/** Bytes of an answer. */
const largest = 32 * 1024 * 1024

function configOf(text: string): ListedConfig {
  const { settings, lxc } = parseContainerConfig(text).current
  return { settings: Object.fromEntries(settings), lxc: lxc.map(({ key, value }) => [key, value] as const) }
}

/** @throws HostError if it failed */
function outputOf(
  reply: ShellReply,
  { what, timeout }: { readonly what: string; readonly timeout: number },
): string {
  switch (reply.kind) {
    case 'lost':
      throw failure(
        `the connection was lost during "${what}": ${reply.why}`,
        'check that the node is up, then run again',
      )
    case 'timedOut':
      throw failure(
        `"${what}" did not end within ${timeout / 1000} s`,
        'run it on the node to see why, or write a larger "api_timeout"',
      )
    case 'exited': {
      if (reply.code === 0) return reply.stdout.toString('utf8')
      const said = lastSaid(reply.stderr.toString('utf8'))
      throw failure(
        `"${what}" failed on the node: ${said === '' ? `it exited with ${reply.code}` : said}`,
        hintFor(said),
      )
    }
  }
}

function hintFor(said: string): string {
  if (/not found/.test(said)) return 'write the address of a node that runs Proxmox VE'
  // pvesh without root: "ipcc_send_rec[1] failed", "Unable to load access control list".
  if (/ipcc_send_rec|access control list|permission denied|run as root/i.test(said))
    return 'log in as root, or write "become: true": pvesh needs root'
  return 'run it on the node to see why'
}

function failure(message: string, hint: string): HostError {
  return new HostError({ code: 'pvesh-failed', message, hint })
}
