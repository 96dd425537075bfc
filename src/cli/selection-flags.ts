/** The options that select what a run does: the same for `run` and `plan`. */
import type { FlagParametersForType } from '@stricli/core'
import type { Context } from './context.ts'
import { forksFlag, limitFlag } from './flags.ts'
import type { SelectionFlags } from './wanted.ts'

type Selecting =
  'diff' | 'forks' | 'limit' | 'rerunFailed' | 'tags' | 'skipTags' | 'startAtTask' | 'forceHandlers'

export const selectionFlags: FlagParametersForType<Pick<SelectionFlags, Selecting>, Context> = {
  diff: { kind: 'boolean', optional: true, brief: 'Show changes to files and settings as diffs' },
  limit: { ...limitFlag, brief: 'Limit the run to these hosts: a pattern, or @file' },
  rerunFailed: {
    kind: 'boolean',
    withNegated: false,
    brief: 'Only the hosts on which the last recorded run of these playbooks did not succeed',
  },
  tags: {
    kind: 'parsed',
    parse: String,
    variadic: ',',
    optional: true,
    brief: 'Run only tasks with one of these tags',
    placeholder: 'tag,...',
  },
  skipTags: {
    kind: 'parsed',
    parse: String,
    variadic: ',',
    optional: true,
    brief: 'Skip tasks with one of these tags',
    placeholder: 'tag,...',
  },
  startAtTask: {
    kind: 'parsed',
    parse: String,
    optional: true,
    brief: 'Skip all tasks before the first one with this name',
    placeholder: 'name',
  },
  forceHandlers: {
    kind: 'boolean',
    optional: true,
    withNegated: false,
    brief: 'Run notified handlers also on hosts where a task fails',
  },
  forks: forksFlag,
}

export const selectionAliases = { D: 'diff', l: 'limit', t: 'tags', f: 'forks' } as const
