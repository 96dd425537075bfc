/**
 * Separates connection variables from application variables with the same names.
 *
 * Most settings have our name (`port`) and Ansible's name (`ansible_port`). If a host uses Ansible's names,
 * then its `port`, `user`, ... are ordinary variables; otherwise they are settings.
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
    description: 'a container id is a number, 100 or higher',
  },
  pve_cluster: text,
}

/**
 * Ansible's names for each setting. If a host has several of them, the last one in the list wins, as in
 * Ansible.
 */
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

/**
 * Settings whose names applications hardly use: next to Ansible's names they are a mistake, not application
 * variables.
 */
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
  /** By our names. Each variable keeps the name that the user wrote. */
  readonly settings: Variables
  /** True if the host uses Ansible's names. */
  readonly ansible: boolean
}

/** Finds the settings among the variables of a host. `port` is the one written after the name of the host. */
export function connectionVariables(variables: Variables, port?: Variable): ConnectionVariables {
  const twins = Object.values(ansibleNames).flat()
  const ansible = twins.some((name) => variables.has(name) && variables.get(name) !== port)
  const settings = new Map<string, Variable>()
  for (const name of Object.keys(hostVariableSchemas)) {
    const found = ansible ? ansibleSetting(name, variables) : ourSetting(name, variables, port)
    if (found !== undefined) settings.set(name, found)
  }
  // If a host uses Ansible's names and has no container id, its "node" is an ordinary variable.
  if (ansible && !settings.has('ctid') && !isPct(settings.get('connection'))) settings.delete('node')
  return { settings, ansible }
}

/** Returns the variable that determines a setting: from the command line (`-e`) or from the host. */
export function settingOf(
  host: { readonly connection: ConnectionVariables },
  name: string,
  extra: Variables,
): Variable | undefined {
  const own = host.connection.ansible && Object.hasOwn(ansibleNames, name)
  return ansibleTwin(name, extra) ?? (own ? undefined : extra.get(name)) ?? host.connection.settings.get(name)
}

/** Finds one of our names on a host that uses Ansible's names, where ours must be meant as a setting too. */
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

/**
 * Finds a variable that is a setting for one host and an ordinary variable for another, which uses Ansible's
 * names.
 */
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

/** Ansible's names for connections that gpuplay calls differently. */
const connections: Readonly<Record<string, string>> = {
  smart: 'ssh',
  paramiko: 'ssh',
  paramiko_ssh: 'ssh',
}

function translate(name: string, value: Value): Value {
  if (value.kind !== 'literal') return value
  const { value: data } = value
  // In Ansible, `ansible_become=yes` means true.
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
