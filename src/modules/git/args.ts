import type { FromSchema } from 'json-schema-to-ts'
import { absolutePath } from '../../base/posix-paths.ts'
import { repositoryAddress } from '../../host/questions/git.ts'

export const args = {
  type: 'object',
  additionalProperties: false,
  required: ['repo', 'dest'],
  properties: {
    repo: {
      type: 'string',
      title: 'the address of a repository',
      pattern: `^(${repositoryAddress.source})$`,
      description: 'Address of the repository: `https://`, `ssh://`, `user@host:path` or a path of the host',
    },
    dest: { type: 'string', pattern: absolutePath, description: 'Directory of the working tree' },
    version: {
      type: 'string',
      title: 'a branch, a tag or a commit',
      pattern: '^[A-Za-z0-9][A-Za-z0-9._/+@-]*$',
      description:
        'Branch, tag, or commit with all its digits; default: the default branch of the repository',
    },
    update: {
      type: 'boolean',
      default: true,
      description: 'Follow the repository; otherwise only clone it if `dest` does not exist',
    },
    force: {
      type: 'boolean',
      default: false,
      description:
        'Discard changes of tracked files, and commits of the branch that the repository does not have',
    },
    depth: {
      type: 'integer',
      minimum: 1,
      description: 'Number of commits to fetch, of a branch or a tag; default: all',
    },
    recursive: {
      type: 'boolean',
      default: true,
      description: 'With each new commit, also check out its submodules',
    },
    timeout: {
      type: 'integer',
      minimum: 1,
      maximum: 86400,
      default: 600,
      description: 'Time limit in seconds',
    },
  },
} as const

export const result = {
  type: 'object',
  required: ['after', 'remote_url'],
  properties: {
    after: { type: 'string', description: 'The commit in `dest`' },
    remote_url: { type: 'string', description: 'As given in the task' },
  },
} as const

export type Args = FromSchema<typeof args>
