/** Questions about jobs (`executors/job.ts`). */
import { HostError } from '../../base/errors.ts'
import { one, questionAbout } from '../question.ts'

/** Whether a job is running: it holds a lock on this file, which must exist, as long as it lives. */
export const jobRuns = questionAbout({
  words: ['flock', '-n', '-s', one('alive', /\/[^\n]*\/jobs\/async-[0-9a-f]{16}\/alive/), 'true'],
  reads: ({ alive }) => [`file:${alive}`],
  parse({ code, stderr }): boolean {
    if (code === 0) return false
    if (code === 1 && stderr === '') return true
    throw new HostError({ code: 'read-failed', message: `cannot see whether the job runs: ${stderr.trim()}` })
  },
})
