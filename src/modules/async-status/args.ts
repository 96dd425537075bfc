import type { FromSchema } from 'json-schema-to-ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['jid'],
  properties: {
    jid: {
      type: 'string',
      pattern: '^/[^\\n]*/jobs/async-[0-9a-f]{16}$',
      description: 'The job: `ansible_job_id` of the result of the task that started it (`poll: 0`)',
    },
    mode: {
      enum: ['status', 'cleanup'],
      default: 'status',
      description: '`status` reports the job, `cleanup` removes its output from the host once it has ended',
    },
  },
} as const

const lines = { type: 'array', items: { type: 'string' } } as const

export const result = {
  type: 'object',
  required: ['ansible_job_id', 'started', 'finished'],
  properties: {
    ansible_job_id: { type: 'string', description: 'The job' },
    started: { type: 'boolean', description: 'Always true' },
    finished: { type: 'boolean', description: 'Whether the program has ended' },
    rc: { type: 'integer', description: 'Exit status; 0 while the program runs' },
    stdout: {
      type: 'string',
      description: 'Standard output so far, without the final newline; at most 700 KiB',
    },
    stderr: {
      type: 'string',
      description: 'Standard error so far, without the final newline; at most 700 KiB',
    },
    stdout_lines: { ...lines, description: '`stdout` by lines' },
    stderr_lines: { ...lines, description: '`stderr` by lines' },
  },
} as const

export type Args = FromSchema<typeof args>
