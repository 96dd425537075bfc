/** What `gpuplay schema` can print. */

/** The files of an editor. */
export const fileSchemaKinds = ['playbook', 'tasks', 'inventory', 'role'] as const

/** The output of gpuplay; their schemas are files in `schemas`. */
export const outputSchemaKinds = ['events', 'plan', 'status'] as const

export const schemaKinds: readonly string[] = [...fileSchemaKinds, ...outputSchemaKinds]
