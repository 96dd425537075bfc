/**
 * A JSON Schema of inventories in YAML, for editors. Any value may be a template, so types are described, not
 * enforced.
 */
import { defined } from '../base/defined.ts'
import { property } from '../language/schema-parts.ts'
import { ansibleNames, hostVariableSchemas } from './connection-variables.ts'

type Schema = Readonly<Record<string, unknown>>

const meanings: Readonly<Record<string, string>> = {
  connection: 'How to reach the host; pct reaches a container through its node',
  address: 'The host name or IP address to connect to. Default: the name of the host',
  port: 'The SSH port',
  user: 'The user to log in as',
  password: 'The password for SSH',
  private_key: 'The file of the SSH key',
  private_key_passphrase: 'The passphrase of the SSH key',
  known_hosts: 'The file of known host keys',
  proxy_jump: 'The hosts to connect through',
  host_key_checking: 'Unknown host keys: strict refuses them, accept-new saves them',
  become: 'Whether tasks run as another user',
  become_user: 'The user that tasks run as. Default: root',
  become_method: 'The method of become; sudo is the only one',
  become_password: 'The password for sudo',
  node: 'The name of the Proxmox VE node on which the container is',
  ctid: 'The ID of the container on its node',
  pve_cluster: 'The Proxmox VE cluster of the node',
}

const group: Schema = { $ref: '#/$defs/group' }
const variables: Schema = { $ref: '#/$defs/variables' }

export const inventorySchema: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'gpuplay inventory',
  type: 'object',
  // Constructed groups, and the saved output of an inventory program, have other keys.
  if: { anyOf: [{ required: ['plugin'] }, { required: ['_meta'] }] },
  else: { additionalProperties: group },
  $defs: {
    group: {
      type: ['object', 'null'],
      properties: {
        hosts: {
          type: ['object', 'string', 'null'],
          additionalProperties: variables,
          description: 'The hosts of the group, each with its variables',
        },
        children: {
          type: ['object', 'string', 'null'],
          additionalProperties: group,
          description: 'The groups in this group',
        },
        vars: { ...variables, description: 'The variables of all hosts of the group' },
      },
      additionalProperties: false,
    },
    variables: { type: ['object', 'null'], properties: connectionVariables() },
  },
}

/** By all their names. */
function connectionVariables(): Schema {
  return Object.fromEntries(
    Object.entries(hostVariableSchemas).flatMap(([name, schema]): readonly (readonly [string, Schema])[] => {
      const examples = property(schema, 'enum') ?? examplesOf(schema)
      const described = { description: meanings[name], ...defined({ examples }) }
      const others = (ansibleNames[name] ?? []).map((other) => {
        return [other, { ...described, description: `The name of "${name}" in Ansible` }] as const
      })
      return [[name, described], ...others]
    }),
  )
}

function examplesOf(schema: object): readonly boolean[] | undefined {
  return property(schema, 'type') === 'boolean' ? [true, false] : undefined
}
