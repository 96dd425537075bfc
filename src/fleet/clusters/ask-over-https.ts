/** Asks a cluster through the HTTPS API of one of its nodes, with an API token. */
import { HostError, UnreachableError } from '../../base/errors.ts'
import { createLimit } from '../../base/limit.ts'
import type { Secret } from '../../base/secret.ts'
import { type HttpsClient, httpsConnections, type HttpsReply } from '../../connection/https-client.ts'
import type { ListedConfig, ListedContainer } from '../../inventory/clusters/cluster-listing.ts'
import { parseConfig, parseJson, wrong } from './cluster-answers.ts'
import type { ClusterWay } from './cluster-reader.ts'

export interface ApiToken {
  /** `USER@REALM!TOKENID` */
  readonly id: string
  readonly secret: Secret
}

export interface ApiOptions {
  readonly token: ApiToken
  /** Milliseconds for one answer. */
  readonly timeout: number
  readonly signal: AbortSignal
}

export function httpsWay(client: HttpsClient, { token, timeout, signal }: ApiOptions): ClusterWay {
  const headers = {
    // https://pve.proxmox.com/wiki/Proxmox_VE_API#API_Tokens
    authorization: `PVEAPIToken=${token.id}=${token.secret.reveal()}`,
    accept: 'application/json',
  }
  const get = async (path: string): Promise<unknown> => {
    const reply = await client.get({ path: `/api2/json${path}`, headers, timeout, signal })
    if (reply.status !== 200) throw refusal(reply, path, token)
    const data = parseJson(path, reply.body.toString('utf8'))
    if (typeof data === 'object' && data !== null && 'data' in data) return data.data
    throw wrong(path, 'it has no "data"')
  }
  return {
    get,
    async configs(containers) {
      const configs = new Map<number, ListedConfig>()
      const failures = new Map<string, HostError['problem']>()
      const limit = createLimit(httpsConnections)
      const read = async ({ node, ctid }: ListedContainer): Promise<void> => {
        try {
          configs.set(ctid, parseConfig(await get(`/nodes/${node}/lxc/${ctid}/config?current=1`)))
        } catch (error) {
          if (!(error instanceof HostError)) throw error
          // The container may have been removed or migrated meanwhile.
          if (!/does not exist/.test(error.message)) failures.set(node, error.problem)
        }
      }
      await Promise.all(containers.map((container) => limit(() => read(container))))
      return { configs, failures }
    },
  }
}

/** What a status other than 200 means. Proxmox VE puts the reason into the status line. */
function refusal({ status, reason }: HttpsReply, path: string, { id }: ApiToken): Error {
  const said = reason.replaceAll(/[^\x20-\x7e]+/g, ' ').trim()
  switch (status) {
    case 401:
      return new UnreachableError({
        code: 'token-refused',
        message: `Proxmox VE refuses the token "${id}": ${said}`,
        hint: 'check "user", "token_id" and "token_secret"; "pveum user token list USER" on a node lists the tokens',
      })
    case 403:
      // Before Proxmox VE 8, the list of PCI devices needed more than PVEAuditor.
      return new HostError({
        code: 'token-not-permitted',
        message: `the token "${id}" may not read ${path}: ${said}`,
        hint: `allow it to read: pveum acl modify / --roles PVEAuditor --tokens '${id}'; without --privsep 0, a token has none of the permissions of its user`,
      })
    default:
      // 595 and 596: the node that answers cannot reach the node that is asked for (pve-http-server).
      if (status < 500) return wrong(path, `its status is ${status}${said === '' ? '' : ` (${said})`}`)
      return new HostError({
        code: 'api-failed',
        message: `the API answered ${path} with the status ${status}${said === '' ? '' : `: ${said}`}`,
        hint: 'run again; "journalctl -u pveproxy -u pvedaemon" on the node may show the cause',
      })
  }
}
