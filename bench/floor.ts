/**
 * The floor, the minimal cost of reaching hosts: connects to all of them at once with gpuplay's ssh2 and runs
 * `true` in one shell on each. It is a separate compiled program, so that it starts as gpuplay does.
 *
 * Its one argument is a JSON file: `{ privateKey, hosts: [{ address, port }] }`.
 */
import { readFileSync } from 'node:fs'
import ssh2, { type ClientChannel } from 'ssh2'

export interface FloorSettings {
  /** A file. */
  readonly privateKey: string
  readonly hosts: readonly { readonly address: string; readonly port: number }[]
}

const [file = ''] = process.argv.slice(2)
const { privateKey, hosts }: FloorSettings = JSON.parse(readFileSync(file, 'utf8'))
const key = readFileSync(privateKey)

await Promise.all(hosts.map(({ address, port }) => touch(address, port)))

function touch(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client()
    client.on('error', reject)
    client.on('close', () => resolve())
    client.on('ready', () => {
      client.setNoDelay(true)
      client.exec('exec /bin/sh', (error: Error | undefined, stream: ClientChannel) => {
        if (error !== undefined) return reject(error)
        let said = ''
        stream.on('data', (chunk: Buffer) => {
          said += chunk.toString()
          if (said === 'status 0\n') client.end()
          else if (said.endsWith('\n')) reject(new Error(`${host} said ${said}`))
        })
        stream.write("/bin/true; echo 'status' $?\n")
      })
    })
    client.connect({ host, port, username: 'root', privateKey: key })
  })
}
