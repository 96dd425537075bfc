import { channelOfChild } from './channel.ts'
import type { Channel, Connection } from './connection.ts'
import type { ConnectionWorld } from './connection-world.ts'

/**
 * A connection to the controller itself. Every channel is its own process group, so that `kill` ends all of
 * it.
 */
export function localConnection(effects: Pick<ConnectionWorld, 'spawn' | 'killGroup'>): Connection {
  const open = new Set<Channel>()
  return {
    kind: 'local',
    async open(command, signal) {
      signal.throwIfAborted()
      const child = effects.spawn('/bin/sh', ['-c', command], { group: true })
      const channel = channelOfChild(child, () => {
        if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
          effects.killGroup(child.pid)
        for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
      })
      open.add(channel)
      void channel.ended.then(() => open.delete(channel))
      return channel
    },
    async close() {
      const channels = [...open]
      for (const channel of channels) channel.kill()
      await Promise.all(channels.map((channel) => channel.ended))
    },
  }
}
