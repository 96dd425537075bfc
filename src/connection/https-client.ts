/**
 * Asks one server over HTTPS. The certificate is verified before anything is sent, so that no token reaches another
 * server.
 */
import { Agent, request } from 'node:http'
import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { type Problem, UnreachableError } from '../base/errors.ts'
import { defined } from '../base/defined.ts'
import { Deadline } from './deadline.ts'

export interface HttpsServer {
  readonly host: string
  readonly port: number
  readonly trust: HttpsTrust
}

export type HttpsTrust =
  /** Certificates of these authorities (PEM); default: those of Node.js. */
  | { readonly kind: 'authorities'; readonly pem?: string }
  /** One certificate, by its SHA-256 fingerprint: 64 hexadecimal digits, with or without colons. */
  | { readonly kind: 'fingerprint'; readonly sha256: string }
  | { readonly kind: 'anybody' }

export interface HttpsReply {
  readonly status: number
  /** The text of the status line: Proxmox VE puts the reason of a refusal there. */
  readonly reason: string
  readonly body: Buffer
}

export interface HttpsGet {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds for the whole answer. */
  readonly timeout: number
  readonly signal: AbortSignal
}

/** Follows no redirects. */
export interface HttpsClient {
  /** @throws UnreachableError without an answer; the reason of `signal` if it aborts */
  get(request: HttpsGet): Promise<HttpsReply>
  /** The fingerprint of the server's certificate, once it has been seen. */
  readonly fingerprint: string | undefined
  close(): void
}

/** Bytes of an answer. */
const largest = 32 * 1024 * 1024

/** Requests that are sent at a time. */
export const httpsConnections = 4

export function createHttpsClient(server: HttpsServer): HttpsClient {
  const { host, port } = server
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const seen: { fingerprint: string | undefined } = { fingerprint: undefined }
  const agent = new Agent({ keepAlive: true, maxSockets: httpsConnections })
  const createConnection = (_options: unknown, done: Opened): void =>
    openSocket(server, { place, seen, done })
  Object.assign(agent, { createConnection })
  return {
    get fingerprint() {
      return seen.fingerprint
    },
    async get({ path, headers, timeout, signal }) {
      const deadline = new Deadline([signal], timeout)
      try {
        return await answer({ agent, host, port, path, headers, signal: deadline.signal }, place)
      } catch (error) {
        signal.throwIfAborted()
        if (!deadline.passed) throw error
        throw new UnreachableError(timedOut(place, timeout))
      } finally {
        deadline.end()
      }
    },
    close: () => agent.destroy(),
  }
}

type Sent = Omit<HttpsGet, 'timeout'> & {
  readonly agent: Agent
  readonly host: string
  readonly port: number
}

function answer(sent: Sent, place: string): Promise<HttpsReply> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void =>
      reject(error instanceof UnreachableError ? error : lost(place, error))
    const sending = request({ ...sent, method: 'GET' }, (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('error', fail)
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        chunks.push(chunk)
        if (size > largest)
          response.destroy(new Error(`the answer is larger than ${largest / 1024 / 1024} MiB`))
      })
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          reason: response.statusMessage ?? '',
          body: Buffer.concat(chunks),
        }),
      )
    })
    sending.on('error', fail)
    sending.end()
  })
}

type Opened = (error: Error | null, socket?: TLSSocket) => void

interface Opening {
  readonly place: string
  readonly seen: { fingerprint: string | undefined }
  readonly done: Opened
}

function openSocket({ host, port, trust }: HttpsServer, { place, seen, done }: Opening): void {
  // The certificate is verified below: there a message can show its fingerprint.
  const socket = connect({
    host,
    port,
    rejectUnauthorized: false,
    ...defined({
      servername: isIP(host) === 0 ? host : undefined,
      ca: trust.kind === 'authorities' ? trust.pem : undefined,
    }),
  })
  socket.once('error', done)
  socket.once('secureConnect', () => {
    const { fingerprint256: fingerprint } = socket.getPeerCertificate()
    seen.fingerprint = fingerprint
    const problem = distrust(socket, trust, { place, fingerprint })
    if (problem !== undefined) {
      socket.destroy(new UnreachableError(problem))
      return
    }
    socket.off('error', done)
    done(null, socket)
  })
}

/** Returns why nothing is sent to this server. */
function distrust(
  socket: TLSSocket,
  trust: HttpsTrust,
  { place, fingerprint }: { readonly place: string; readonly fingerprint: string },
): Problem | undefined {
  switch (trust.kind) {
    case 'anybody':
      return undefined
    case 'fingerprint':
      return bare(trust.sha256) === bare(fingerprint)
        ? undefined
        : {
            code: 'certificate-changed',
            message: `the certificate of ${place} has another fingerprint: ${fingerprint}`,
            hint: 'compare it with "pvenode cert info" on the node: if they differ, someone may be intercepting the connection',
          }
    case 'authorities': {
      if (socket.authorized) return undefined
      const code = String(socket.authorizationError)
      return {
        code: 'certificate-unknown',
        message: `the certificate of ${place} is not trusted: ${Object.hasOwn(reasons, code) ? reasons[code] : code}`,
        hint: `compare its fingerprint with "pvenode cert info" on the node, then write fingerprint: ${fingerprint}; or write ca_path: FILE with a copy of /etc/pve/pve-root-ca.pem`,
      }
    }
  }
}

function bare(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase()
}

/** The codes of OpenSSL and Node.js. */
const reasons: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it has signed itself',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another name',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is unknown',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is unknown',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is unknown',
}

function timedOut(place: string, timeout: number): Problem {
  return {
    code: 'connection-timeout',
    message: `${place} did not answer within ${timeout / 1000} s`,
    hint: 'check that the host is up and no firewall drops the packets',
  }
}

const failures: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOTFOUND: ['its name cannot be resolved', 'check the host in the URL'],
  EAI_AGAIN: ['its name cannot be resolved', 'check the name server of this machine'],
  ECONNREFUSED: [
    'it refused the connection',
    'check the port, 8006 for Proxmox VE, and that pveproxy is running',
  ],
  ETIMEDOUT: ['it did not answer', 'check that the host is up and no firewall drops the packets'],
  EHOSTUNREACH: ['no route to it', 'check the network between this machine and the host'],
  ENETUNREACH: ['no route to it', 'check the network between this machine and the host'],
  EPROTO: ['it does not speak HTTPS', 'check the port, 8006 for Proxmox VE'],
  ERR_SSL_WRONG_VERSION_NUMBER: ['it does not speak HTTPS', 'check the port, 8006 for Proxmox VE'],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ['it does not speak HTTPS', 'check the port, 8006 for Proxmox VE'],
}

function lost(place: string, error: Error): UnreachableError {
  const code = 'code' in error ? String(error.code) : ''
  const known = Object.hasOwn(failures, code) ? failures[code] : undefined
  const [what, hint] = known ?? [error.message, 'check that it is the address of a Proxmox VE node']
  return new UnreachableError(
    { code: 'https-failed', message: `cannot reach ${place}: ${what}`, hint },
    error,
  )
}
