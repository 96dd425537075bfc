/**
 * All hosts of a run, each created on first use: machine, reader and variables. A container also has those of
 * its node.
 */
import { defined } from '../base/defined.ts'
import type { HostName } from '../base/brand.ts'
import { revealAll } from '../base/secret.ts'
import { Unknown, UnknownError } from '../base/unknown.ts'
import type { Privilege } from '../connection/connection.ts'
import type { Fact } from '../host/facts.ts'
import type { ControllerFiles } from '../host/host.ts'
import type { MachineAccess } from '../host/access.ts'
import type { Means } from '../host/means.ts'
import type { Overlay } from '../host/overlay.ts'
import { createReader, type HostReader } from '../host/reader.ts'
import { createAnswerStore } from '../host/kept-answers.ts'
import { settingOf } from '../inventory/connection-variables.ts'
import { groupNames, hostOf, type InventoryHost, type Inventory } from '../inventory/inventory-model.ts'
import { bornSecrets, hideVariable } from '../language/born-secrets.ts'
import type { LocalSources } from '../language/evaluation.ts'
import { renderValue } from '../language/render.ts'
import type { Variables } from '../language/model.ts'
import type { Emitter } from '../events/emitter.ts'
import { createHostVariables, type HostVariables, type Unread } from './host-variables.ts'
import { groupsOfRun, hostvarsIn } from './inventory-maps.ts'
import type { LiveInventory } from './live-inventory.ts'
import { Machine, type Reach } from './machine.ts'
import type { Profile } from './profile.ts'
import type { Secrets } from '../base/secrets.ts'
import {
  type ConnectionDefaults,
  defaultPrivilege,
  placementOf,
  type ReadVariable,
  targetOf,
} from './targets.ts'

export interface FleetOptions {
  readonly inventory: Pick<LiveInventory, 'now'>
  readonly extra: Variables
  readonly facts: readonly Fact[]
  readonly defaults: ConnectionDefaults
  readonly reach: Reach
  readonly means: Means
  /** Overlay through which facts are read; in a dry run it contains the predicted changes. */
  readonly overlay: Overlay | undefined
  readonly controller: ControllerFiles
  /** What functions of variables may read of the machine that gpuplay runs on. */
  readonly localSources: Omit<LocalSources, 'folders'>
  readonly emitter: Emitter
  /** Records how long connecting takes. */
  readonly profile?: Profile
  readonly secrets: Secrets
  readonly check: boolean
  /** Whether a host is within `--limit`, named by a play or not. Only these may be touched. */
  readonly reachable: (name: HostName) => boolean
  /** Aborts everything at once. */
  readonly signal: AbortSignal
  /** Ends reads and the wait for hosts that have not connected yet. Default: `signal`. */
  readonly interruption?: AbortSignal
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number
  /** Directory of gpuplay's state on every machine, instead of the default. */
  readonly stateDirectory?: string | undefined
}

export interface FleetHost {
  readonly machine: Machine
  readonly variables: HostVariables
  /** Returns the reader for this privilege. Default: the privilege of the host. */
  reader(become?: Privilege['become']): HostReader
}

export interface Fleet {
  host(name: HostName): FleetHost
  /** Whether the inventory has the host; `localhost` always exists. */
  has(name: HostName): boolean
  variables(name: HostName): HostVariables
  nodeOf(name: HostName): HostName | undefined
  /** Reads a fact into the variables of its host. Facts that a dry run cannot know become `Unknown`. */
  readFact(fact: Unread): Promise<void>
  /** Reads a variable of a host for the engine. Facts are not available here. */
  variable(name: HostName): ReadVariable
  accessOf(machine: Machine, become: Privilege['become'], forHost?: HostName): Promise<MachineAccess>
  /** Drops all kept answers of a machine and its containers. */
  forget(machine: Machine): void
  close(): Promise<void>
}

export function createFleet(options: FleetOptions): Fleet {
  const { inventory: live, emitter, reach, signal } = options
  const hosts = new Map<HostName, FleetHost>()
  const variables = new Map<HostName, HostVariables>()
  const answerStore = createAnswerStore()
  const { password, becomePassword } = options.defaults
  for (const secret of [password, becomePassword]) if (secret !== undefined) options.secrets.add(secret)
  for (const given of [
    options.extra,
    ...[...live.now.hosts.values()].flatMap((host) => [host.variables, host.connection.settings]),
  ])
    for (const secret of bornSecrets(given)) options.secrets.add(secret)

  const variablesOf = (name: HostName): HostVariables => {
    const present = variables.get(name)
    if (present) return present
    const host = (): InventoryHost => {
      const found = hostOf(live.now, name)
      if (found === undefined) throw new Error(`no host ${name} in the inventory`)
      return found
    }
    host()
    const made = createHostVariables({
      name,
      secrets: options.secrets,
      inventory: () => host().variables,
      extra: options.extra,
      localSources: options.localSources,
      factNames: options.facts.map((fact) => fact.name),
      builtIn: {
        inventory_hostname: () => name,
        group_names: () => groupNames(host()),
        groups: () => groupsOfRun(live.now),
        hostvars: () => hostvars(),
        check_mode: () => options.check,
        node_containers: () => containersOf(name, options.reachable),
        node_containers_in_inventory: () => containersOf(name),
      },
    })
    variables.set(name, made)
    return made
  }

  const variable =
    (name: HostName): ReadVariable =>
    (wanted) => {
      const known = hostOf(live.now, name)
      const setting = known === undefined ? undefined : settingOf(known, wanted, options.extra)
      if (setting === undefined) return undefined
      const rendered = renderValue(setting.value, variablesOf(name).scope())
      const value = hideVariable({ name: wanted, where: setting.where }, rendered)
      revealAll(value, (secret) => options.secrets.add(secret))
      return value instanceof Unknown ? undefined : value
    }

  const nodeOf = (name: HostName): HostName | undefined => placementOf(variable(name)).nodeName

  const containersOf = (
    node: HostName,
    wanted: (name: HostName) => boolean = () => true,
  ): readonly { readonly name: string; readonly ctid: string }[] =>
    [...live.now.hosts.keys()]
      .filter((name) => wanted(name) && nodeOf(name) === node)
      .map((name) => ({ name, ctid: placementOf(variable(name)).ctid ?? '' }))

  let known: { readonly of: Inventory; readonly hostvars: Readonly<Record<string, unknown>> } | undefined
  const hostvars = (): Readonly<Record<string, unknown>> => {
    if (known?.of !== live.now) known = { of: live.now, hostvars: hostvarsIn(live.now, variablesOf) }
    return known.hostvars
  }

  const host = (name: HostName): FleetHost => {
    const present = hosts.get(name)
    if (present) return present
    const read = variable(name)
    const placement = placementOf(read)
    const node = placement.nodeName === undefined ? undefined : host(placement.nodeName)
    const machine = new Machine({
      name,
      target: targetOf(name, { defaults: options.defaults, variablesOf: variable }),
      placement,
      privilege: defaultPrivilege(read, options.defaults),
      node: node?.machine,
      reach: options.profile === undefined ? reach : timedReach(reach, name, options.profile),
      signal,
      interruption: options.interruption,
      sleep: options.sleep,
      clock: options.clock,
      stateDirectory: options.stateDirectory,
      onConnecting: () => emitter.emit({ type: 'host.connecting', host: name }),
      onConnected: () => emitter.emit({ type: 'host.connected', host: name }),
    })
    const readers = new Map<string, HostReader>()
    const made: FleetHost = {
      machine,
      variables: variablesOf(name),
      reader(become = machine.privilege) {
        const key = become?.user ?? ''
        const known = readers.get(key)
        if (known) return known
        const reader = createReader({
          name,
          shell: () => machine.shell('read', become),
          signal: machine.patience.signal,
          placement,
          controller: options.controller,
          answerStore,
          user: key,
          createBatcher: (asked) => options.means.createBatcher(asked),
          ...defined({ node: node?.reader() }),
        })
        readers.set(key, reader)
        return reader
      },
    }
    hosts.set(name, made)
    return made
  }

  return {
    host,
    has: (name) => hostOf(live.now, name) !== undefined,
    variables: variablesOf,
    nodeOf,
    variable,
    async readFact({ host: name, fact }) {
      const known = options.facts.find((candidate) => candidate.name === fact)
      if (known === undefined) throw new Error(`no fact ${fact}`)
      const target = host(name)
      try {
        const view = target.reader().forTask({ overlay: options.overlay })
        const value = await known.read(view.host)
        target.variables.setFact(fact, value, view.touched())
      } catch (error) {
        if (!(error instanceof UnknownError)) throw error
        target.variables.setFact(fact, error.unknown)
      }
    },
    accessOf: (machine, become, forHost) => accessOf(machine, become, options, forHost),
    forget(machine) {
      machine.epoch.value += 1
      for (const { name } of [machine, ...machine.containers]) {
        host(name).reader().answers.clear()
        variablesOf(name).forgetFacts()
      }
    },
    async close() {
      await Promise.all([...hosts.values()].map(({ machine }) => machine.end()))
      await reach.close()
    },
  }
}

/**
 * Returns the access that executors get for `machine`. Actions on a container's node use a separate shell per
 * container, so that containers do not queue behind each other. A machine without containers uses one shell
 * for reading and acting.
 */
async function accessOf(
  machine: Machine,
  become: Privilege['become'],
  options: FleetOptions,
  forHost: HostName = machine.name,
): Promise<MachineAccess> {
  const { node } = machine
  const own = become?.user === machine.statePrivilege?.user
  return {
    name: machine.name,
    ...defined({
      ctid: machine.placement.ctid,
      node: node === undefined ? undefined : await accessOf(node, node.statePrivilege, options, forHost),
    }),
    shell: () =>
      machine.shell(
        forHost === machine.name && machine.containers.length === 0 ? 'read' : `act for ${forHost}`,
        become,
      ),
    open: async (command, signal) => (await machine.connection(become)).open(command, signal),
    upload: async (from, to, request) =>
      options.reach.upload(await machine.connection(become), { from, to, ...request }),
    signal: options.signal,
    ...defined({
      stateDirectory: own && machine.lease !== undefined ? await machine.stateDirectory() : undefined,
      ownDirectory: own ? undefined : () => machine.directoryOf(become),
    }),
  }
}

function timedReach(reach: Reach, host: HostName, profile: Profile): Reach {
  const during = <T>(work: () => Promise<T>): Promise<T> => profile.during({ host, phase: 'connect' }, work)
  return {
    connect: (target, signal) => during(() => reach.connect(target, signal)),
    openShell: (connection, signal) => during(() => reach.openShell(connection, signal)),
    upload: (connection, request) => reach.upload(connection, request),
    close: () => reach.close(),
  }
}
