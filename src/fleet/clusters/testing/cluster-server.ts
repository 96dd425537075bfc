/** An HTTPS server with the answers of a cluster, and a certificate of an authority of its own. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { scratchFolder } from '../../../connection/testing/programs.ts'
import { apiAnswers } from './api-answers.ts'

/** The token that the server accepts. */
export const apiToken = { user: 'monitor@pve', id: 'gpuplay', secret: '5e3dd1bd-4a5c-4f5e-9b52-0a8a3b6f5c11' }

export interface ClusterServer {
  readonly port: number
  /** File of the authority that has signed the certificate, which is for `localhost`. */
  readonly authority: string
  /** SHA-256, with colons. */
  readonly fingerprint: string
  /** The paths that were asked for. */
  readonly asked: readonly string[]
  /** The values of the header `authorization`. */
  readonly tokens: readonly string[]
  close(): Promise<void>
}

/** Sends another answer; returns false to send the usual one. */
export type OtherAnswer = (path: string, response: ServerResponse) => boolean

export async function clusterServer(other: OtherAnswer = () => false): Promise<ClusterServer> {
  const folder = scratchFolder()
  const { key, cert, authority } = certificates(folder)
  const asked: string[] = []
  const tokens: string[] = []
  const server = createServer({ key, cert }, (request, response) => {
    const path = (request.url ?? '').replace(/^\/api2\/json/, '')
    asked.push(path)
    tokens.push(request.headers.authorization ?? '')
    if (other(path, response)) return
    const { user, id, secret } = apiToken
    if (request.headers.authorization !== `PVEAPIToken=${user}!${id}=${secret}`)
      response.writeHead(401, 'invalid token value!').end()
    else if (Object.hasOwn(apiAnswers, path)) response.end(JSON.stringify({ data: apiAnswers[path] }))
    else response.writeHead(501, `Method 'GET ${path}' not implemented`).end()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const { fingerprint256: fingerprint } = new X509Certificate(cert)
  const close = (): Promise<void> =>
    new Promise((closed) => {
      server.close(() => closed())
      server.closeAllConnections()
    })
  return { port, authority, fingerprint, asked, tokens, close }
}

function certificates(folder: string): {
  readonly key: Buffer
  readonly cert: Buffer
  readonly authority: string
} {
  const at = (name: string): string => join(folder, name)
  const openssl = (words: string): void => {
    const { status, stderr } = spawnSync('openssl', words.split(' '), { cwd: folder, encoding: 'utf8' })
    if (status !== 0) throw new Error(`openssl ${words}: ${stderr}`)
  }
  const made = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
  openssl(`req -x509 ${made} -keyout ca.key -out ca.pem -subj /CN=authority -days 2`)
  openssl(`req ${made} -keyout node.key -out node.csr -subj /CN=localhost`)
  writeFileSync(at('names'), 'subjectAltName=DNS:localhost\n')
  openssl(
    'x509 -req -in node.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out node.pem -extfile names -days 2',
  )
  return { key: readFileSync(at('node.key')), cert: readFileSync(at('node.pem')), authority: at('ca.pem') }
}
