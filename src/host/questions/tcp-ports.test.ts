import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { defined } from '../../base/defined.ts'
import { asking, programs } from '../testing/asking.ts'
import { scratch } from '../testing/scratch.ts'
import { ask } from '../queries/ask.ts'
import { acceptsConnections } from './tcp-ports.ts'

interface Asked {
  readonly seconds?: string
  readonly address?: string
  readonly port: string
  readonly environment?: Readonly<Record<string, string>>
}

async function accepts({ seconds = '5', address = '127.0.0.1', port, environment }: Asked): Promise<boolean> {
  const question = acceptsConnections({ seconds, address, port })
  const { command: argv, carried } = question
  const { batcher } = asking(environment)
  const request = { argv, timeout: 20_000, promised: false, ...defined({ carried }) }
  return question.parse(await batcher.query(ask, request))
}

test('a port that is open accepts connections, by address and by name, and a closed one does not', async () => {
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const port = String(address.port)
  assert.equal(await accepts({ port }), true)
  assert.equal(await accepts({ port, address: 'localhost' }), true)
  await new Promise((resolve) => server.close(resolve))
  assert.equal(await accepts({ port }), false)
})

test('a connection that takes too long is not accepted', async () => {
  using dir = scratch()
  assert.equal(
    await accepts({ seconds: '1', port: '1', environment: programs(dir, { bash: 'sleep 5' }) }),
    false,
  )
})
