/** The variables of a host that the engine itself reads: their names, Ansible's names for them, and what they may hold. */
import type { Problem } from '../base/errors.ts'
import type { Value, Variable, Variables } from '../language/model.ts'
import type { SchemaChecker } from '../language/schema.ts'

const text = { type: 'string', minLength: 1 } as const

/** JSON Schemas, by name. */
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

const ansibleNames: Readonly<Record<string, string>> = {
  ansible_host: 'address',
  ansible_ssh_host: 'address',
  ansible_port: 'port',
  ansible_ssh_port: 'port',
  ansible_user: 'user',
  ansible_ssh_user: 'user',
  ansible_password: 'password',
  ansible_ssh_pass: 'password',
  ansible_ssh_password: 'password',
  ansible_private_key_file: 'private_key',
  ansible_ssh_private_key_file: 'private_key',
  ansible_connection: 'connection',
  ansible_become: 'become',
  ansible_become_user: 'become_user',
  ansible_become_method: 'become_method',
  ansible_become_password: 'become_password',
  ansible_become_pass: 'become_password',
}

/** Ansible's words for connections that are ours under another name. */
const ansibleConnections: Readonly<Record<string, string>> = {
  smart: 'ssh',
  paramiko: 'ssh',
  paramiko_ssh: 'ssh',
  'ansible.builtin.ssh': 'ssh',
  'ansible.builtin.local': 'local',
}

/** The same variables under our names. Where one map has both names, ours counts. */
export function withOurNames(variables: Variables): Variables {
  const result = new Map<string, Variable>()
  for (const [name, variable] of variables) {
    const ours = Object.hasOwn(ansibleNames, name) ? ansibleNames[name] : undefined
    if (ours === undefined) result.set(name, variable)
    else if (!variables.has(ours))
      result.set(ours, { ...variable, name: ours, value: translate(ours, variable.value) })
  }
  return result
}

function translate(name: string, value: Value): Value {
  if (value.kind !== 'literal' || typeof value.value !== 'string') return value
  if (name === 'connection' && Object.hasOwn(ansibleConnections, value.value)) {
    return { ...value, value: ansibleConnections[value.value] ?? value.value }
  }
  // Ansible's users write `ansible_become=yes`, which means what it says there.
  if (name === 'become' && /^(yes|no|true|false)$/i.test(value.value)) {
    return { ...value, value: /^(yes|true)$/i.test(value.value) }
  }
  return value
}

/** What is wrong with the values of the variables that the engine reads; templates are checked when they are rendered. */
export function checkHostVariables(schemas: SchemaChecker, variables: Variables): readonly Problem[] {
  return [...variables.values()].flatMap((variable) => {
    const schema = Object.hasOwn(hostVariableSchemas, variable.name)
      ? hostVariableSchemas[variable.name]
      : undefined
    if (schema === undefined) return []
    return schemas.checkValue(schema, variable.value, {
      label: `"${variable.name}"`,
      where: variable.value.where,
      code: 'invalid-variable',
    })
  })
}
