/**
 * The variables that say how a host is reached, apart from the variables of an application that have the same names.
 *
 * Most settings have a name of ours (`port`) and Ansible's name (`ansible_port`). A host either uses Ansible's names, and then `port`, `user`, ... are
 * variables of its own, or it uses ours.
 */
import type { HostName } from '../base/brand.ts'
import type { Value, Variable, Variables } from '../language/model.ts'

const text = { type: 'string', minLength: 1 } as const

/** JSON Schemas of the settings, by our names. */
export const hostVariableSchemas: Readonly<Record<string, object>> = {
  connection: { enum: ['ssh', 'openssh', 'local', 'pct'] },
  address: text,
  port: {
    type: ['integer', 'string'],
    minimum: 1,
    maximum: 65_535,
    pattern: '^[0-9]{1,5}$',
    description: 'a port is a number from 1 to 65535',
  },
  user: text,
  password: text,
  private_key: text,
  private_key_passphrase: text,
  known_hosts: text,
  proxy_jump: text,
  host_key_checking: { enum: ['strict', 'accept-new', 'off'] },
  become: { type: 'boolean' },
  become_user: text,
  become_method: { enum: ['sudo'] },
  become_password: text,
  node: text,
  ctid: {
    type: ['integer', 'string'],
    minimum: 100,
    maximum: 999_999_999,
    pattern: '^[1-9][0-9]{2,8}$',
    description: 'a container id is a number from 100 on',
  },
  pve_cluster: text,
}

/** Ansible's names of each setting. Where a host has several of them, the last one counts, as in Ansible. */
export const ansibleNames: Readonly<Record<string, readonly string[]>> = {
  connection: ['ansible_connection'],
  address: ['ansible_host', 'ansible_ssh_host'],
  port: ['ansible_port', 'ansible_ssh_port'],
  user: ['ansible_user', 'ansible_ssh_user'],
  password: ['ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password'],
  private_key: ['ansible_private_key_file', 'ansible_ssh_private_key_file'],
  become: ['ansible_become'],
  become_user: ['ansible_become_user', 'ansible_sudo_user'],
  become_method: ['ansible_become_method'],
  become_password: ['ansible_become_password', 'ansible_become_pass', 'ansible_sudo_pass'],
}

/** Settings whose names hardly any application uses: beside Ansible's names they are a mistake, and no variables of the application. */
const unmistakable: ReadonlySet<string> = new Set([
  'address',
  'connection',
  'private_key',
  'become',
  'become_user',
  'become_method',
  'become_password',
])

export interface ConnectionVariables {
  /** By our names. Each variable has the name under which it was written. */
  readonly settings: Variables
  /** True where Ansible's names are used. */
  readonly ansible: boolean
}

/** Which variables of a host are settings. `port` is one that was written behind the name of the host. */
export function connectionVariables(variables: Variables, port?: Variable): ConnectionVariables {
  const twins = Object.values(ansibleNames).flat()
  const ansible = twins.some((name) => variables.has(name) && variables.get(name) !== port)
  const settings = new Map<string, Variable>()
  for (const name of Object.keys(hostVariableSchemas)) {
    const found = ansible ? ansibleSetting(name, variables) : ourSetting(name, variables, port)
    if (found !== undefined) settings.set(name, found)
  }
  // Without a container's number, "node" means something else to a host that uses Ansible's names.
  if (ansible && !settings.has('ctid') && !isPct(settings.get('connection'))) settings.delete('node')
  return { settings, ansible }
}

/** The variable of the command line (`-e`) or of the host that counts for a setting. */
export function settingOf(
  host: { readonly connection: ConnectionVariables },
  name: string,
  extra: Variables,
): Variable | undefined {
  const own = host.connection.ansible && Object.hasOwn(ansibleNames, name)
  return ansibleTwin(name, extra) ?? (own ? undefined : extra.get(name)) ?? host.connection.settings.get(name)
}

/** Two names for one host that cannot both be meant for the connection: ours, and one of Ansible's. */
export function mixedNames(
  variables: Variables,
  connection: ConnectionVariables,
): { readonly ours: Variable; readonly ansible: Variable; readonly twin: string } | undefined {
  if (!connection.ansible) return undefined
  const ansible = [...connection.settings.values()].find(({ name }) => name.startsWith('ansible_'))
  for (const [name, [twin = ''] = []] of Object.entries(ansibleNames)) {
    const ours = variables.get(name)
    if (ours === undefined || ansible === undefined || connection.settings.has(name)) continue
    if (unmistakable.has(name)) return { ours, ansible, twin }
  }
  return undefined
}

/** A variable that one host is connected to with, and that another, which uses Ansible's names, has for itself. */
export function sharedVariable(
  hosts: Iterable<{
    readonly name: HostName
    readonly variables: Variables
    readonly connection: ConnectionVariables
  }>,
): { readonly variable: Variable; readonly connects: HostName; readonly owns: HostName } | undefined {
  const connects = new Map<Variable, HostName>()
  const owns = new Map<Variable, HostName>()
  for (const { name, variables, connection } of hosts) {
    for (const setting of Object.keys(ansibleNames)) {
      const variable = variables.get(setting)
      if (variable !== undefined) (connection.ansible ? owns : connects).set(variable, name)
    }
  }
  for (const [variable, owner] of owns) {
    const other = connects.get(variable)
    if (other !== undefined) return { variable, connects: other, owns: owner }
  }
  return undefined
}

function ourSetting(name: string, variables: Variables, port: Variable | undefined): Variable | undefined {
  return name === 'port' && port !== undefined ? port : variables.get(name)
}

function ansibleSetting(name: string, variables: Variables): Variable | undefined {
  return Object.hasOwn(ansibleNames, name) ? ansibleTwin(name, variables) : variables.get(name)
}

function ansibleTwin(name: string, variables: Variables): Variable | undefined {
  const found = ansibleNames[name]?.flatMap((twin) => variables.get(twin) ?? []).at(-1)
  return found === undefined ? undefined : { ...found, value: translate(name, found.value) }
}

/** Ansible's words for connections that have another name here. */
const connections: Readonly<Record<string, string>> = {
  smart: 'ssh',
  paramiko: 'ssh',
  paramiko_ssh: 'ssh',
}

function translate(name: string, value: Value): Value {
  if (value.kind !== 'literal') return value
  const { value: data } = value
  // Ansible's users write `ansible_become=yes`, which means the same as true there.
  if (name === 'become' && /^(yes|no|y|n|on|off|true|false|t|f|1|0)$/i.test(String(data))) {
    return { ...value, value: /^(yes|y|on|true|t|1)$/i.test(String(data)) }
  }
  if (typeof data !== 'string') return value
  const plain = data.replace(/^ansible\.builtin\./, '')
  if (name === 'connection') return { ...value, value: connections[plain] ?? plain }
  return name === 'become_method' ? { ...value, value: plain } : value
}

function isPct(variable: Variable | undefined): boolean {
  return variable?.value.kind === 'literal' && variable.value.value === 'pct'
}
