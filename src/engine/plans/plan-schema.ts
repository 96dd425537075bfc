/** The format of plan files (`gpuplay plan -o FILE`). Another `version` means another format. */
import type { FromSchema } from 'json-schema-to-ts'

const text = { type: 'string' } as const
const texts = { type: 'array', items: text } as const
const digest = { type: 'string', pattern: '^(sha256|scrypt):[A-Za-z0-9_-]+$' } as const

const actionSchema = {
  type: 'object',
  additionalProperties: true,
  required: ['kind'],
  properties: {
    kind: { ...text, description: 'What the action does, such as `writeFile` or `run`' },
    label: { ...text, description: 'What it does, for people; absent under `no_log`' },
    hidden: { ...digest, description: 'Digest of the whole action, in place of its members, under `no_log`' },
  },
} as const

const itemSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['task', 'name', 'module', 'outcome', 'actions', 'seen', 'diff', 'rests', 'mayChange'],
  properties: {
    task: { ...text, description: 'The ID of the task' },
    name: { ...text, description: 'Its name, with its role' },
    module: text,
    position: {
      type: 'integer',
      minimum: 0,
      description: 'The item of its loop, from 0; absent if the loop is unknown',
    },
    item: { ...text, description: 'The label of the item; empty without a loop' },
    outcome: { enum: ['ok', 'changed', 'skipped', 'failed', 'unreachable', 'unknown'] },
    arguments: { ...digest, description: 'Digest of its arguments; absent if they are not known' },
    actions: { type: 'array', items: actionSchema, description: 'The actions, in order' },
    seen: {
      type: 'object',
      additionalProperties: digest,
      description: 'The state of each resource that the actions change: `pve1 file:/etc/x`',
    },
    diff: { ...digest, description: 'Digest of its changes as --diff shows them' },
    rests: { type: 'boolean', description: 'That state is a prediction from earlier tasks' },
    unknown: { ...text, description: 'Why the changes, or a part of them, are known only in the run' },
    mayChange: { ...texts, description: 'Resources that it may change in ways that are not known' },
  },
} as const

const fileSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['path', 'as'],
  properties: {
    path: text,
    as: {
      enum: ['text', 'folder', 'kind', 'content'],
      description: 'What was read: a text, the names in a folder, the kind of a path, or a file to copy',
    },
    digest: { ...digest, description: 'Absent if there was no such file' },
  },
} as const

const extraVarsSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['shown'],
  properties: {
    shown: { ...text, description: 'The option, with "..." in place of secret values' },
    digest: { ...digest, description: 'Present if it contains a secret: "apply" needs the option again' },
  },
} as const

const connectionSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    connection: { enum: ['ssh', 'openssh', 'local'] },
    user: text,
    privateKey: text,
    hostKeyChecking: { enum: ['strict', 'accept-new', 'off'] },
    connectTimeout: { type: 'integer', minimum: 1 },
    become: { type: 'boolean' },
    becomeUser: text,
    askPass: { type: 'boolean' },
    askBecomePass: { type: 'boolean' },
  },
} as const

const commandSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['playbooks', 'inventories', 'extraVars', 'tags', 'skipTags', 'forceHandlers', 'connection'],
  properties: {
    playbooks: { ...texts, minItems: 1 },
    inventories: texts,
    extraVars: { type: 'array', items: extraVarsSchema },
    limit: text,
    onlyHosts: texts,
    tags: texts,
    skipTags: texts,
    startAt: text,
    forceHandlers: { type: 'boolean' },
    connection: connectionSchema,
  },
} as const

export const planSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'A plan file of gpuplay',
  type: 'object',
  additionalProperties: false,
  required: ['format', 'version', 'gpuplay', 'made', 'salt', 'command', 'files', 'hosts', 'events'],
  properties: {
    format: { const: 'gpuplay-plan' },
    version: { const: 1 },
    gpuplay: { ...text, description: 'The version of gpuplay that made the plan' },
    made: { ...text, description: 'When it was made: ISO 8601, UTC' },
    salt: { type: 'string', pattern: '^[0-9a-f]{32,}$', description: 'The salt of all digests' },
    command: { ...commandSchema, description: 'The options that a run needs again' },
    files: {
      type: 'array',
      items: fileSchema,
      description: 'Everything that was read on the machine that made the plan',
    },
    hosts: {
      type: 'object',
      additionalProperties: { type: 'array', items: itemSchema },
      description: 'The items of all tasks of each host, in order',
    },
    events: {
      type: 'array',
      items: { type: 'object' },
      description: 'The events of the dry run, as with `--output jsonl`',
    },
  },
} as const

export type PlanFile = FromSchema<typeof planSchema>
export type PlanFileItem = FromSchema<typeof itemSchema>
export type PlanFileAction = FromSchema<typeof actionSchema>
export type PlanFileSource = FromSchema<typeof fileSchema>
export type PlanCommand = FromSchema<typeof commandSchema>
