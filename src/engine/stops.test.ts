import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HostName, hostName } from '../base/brand.ts'
import { createSecrets } from '../base/secrets.ts'
import { createEmitter } from '../events/emitter.ts'
import type { Event } from '../events/events.ts'
import { playsOf } from '../language/testing/playbooks.ts'
import type { PlayPart } from './schedule.ts'
import type { SelectedPlay } from './batches.ts'
import { createStops, type Stops } from './stops.ts'

const site = `
- { name: Nodes, hosts: nodes, serial: 1 }
- { name: Containers, hosts: containers, after: node }
- { name: Others, hosts: containers }
`

interface Made {
  readonly stops: Stops
  readonly warnings: readonly string[]
  readonly part: (play: string, host: string) => PlayPart<SelectedPlay>
  readonly fail: (play: string, host: string, fatal?: string) => void
}

/** The nodes n1, n2 and n3 with the containers c1, c2 and c3. */
function made(): Made {
  const failed = new Set<HostName>()
  const warnings: string[] = []
  const hear = (event: Event): void => void (event.type === 'warning' && warnings.push(event.message))
  const stops = createStops({
    emitter: createEmitter({ run: 'r', now: () => new Date(0), sinks: [hear], secrets: createSecrets() }),
    failed: (host) => failed.has(host),
    nodeOf: (host) => (host.startsWith('c') ? hostName(host.replace('c', 'n')) : undefined),
  })
  const plays = playsOf({ '/p/site.yml': site }).map((play, index): SelectedPlay => {
    const hosts = [1, 2, 3].map((number) => hostName(`${index === 0 ? 'n' : 'c'}${number}`))
    const groups = index === 0 ? hosts.map((host) => [host]) : [hosts]
    const batches = groups.map((group, at) => ({ number: at + 1, of: groups.length, hosts: group }))
    const { name, after } = play
    const pattern = play.hosts.written
    return {
      name,
      pattern,
      hostsKnown: true,
      additions: [],
      doubts: new Map(),
      after,
      play,
      playbook: { plays: [], reads: new Set() },
      hosts,
      batches,
    }
  })
  const part: Made['part'] = (name, host) => {
    const play = plays.find((one) => one.name === name)
    const batch = play?.batches.find(({ hosts }) => hosts.includes(hostName(host)))
    assert.ok(play && batch)
    return { play, batch, host: hostName(host) }
  }
  return {
    stops,
    warnings,
    part,
    fail(name, host, fatal) {
      const { play, batch } = part(name, host)
      failed.add(hostName(host))
      stops.hostFailed(play, batch, { host: hostName(host), fatal })
      if (play.batches.length > 1) stops.batchFinished(play, batch)
    },
  }
}

test('a failed batch spares the containers of nodes that have finished the play, and nothing else', () => {
  const { stops, part, fail } = made()
  stops.hostFinished(part('Nodes', 'n1'))
  assert.equal(stops.stop(part('Containers', 'c1')), false)
  fail('Nodes', 'n2')
  assert.equal(stops.ended, true)
  assert.deepEqual(
    ['c1', 'c2', 'c3'].map((host) => stops.stop(part('Containers', host))),
    [false, true, true],
  )
  assert.deepEqual(
    ['n1', 'n3'].map((host) => stops.stop(part('Nodes', host))),
    [true, true],
  )
  assert.equal(stops.stop(part('Others', 'c1')), true)
})

test('any_errors_fatal spares nobody, also after a failed batch', () => {
  const { stops, part, fail, warnings } = made()
  stops.hostFinished(part('Nodes', 'n1'))
  fail('Nodes', 'n2')
  fail('Containers', 'c1', 'play "Containers"')
  assert.equal(stops.stop(part('Containers', 'c1')), true)
  assert.deepEqual(warnings, [
    'stopping the run: the only host of batch 2 of 3 failed; not started: n3',
    'stopping the run on all hosts: this host failed, and play "Containers" sets any_errors_fatal',
  ])
})
