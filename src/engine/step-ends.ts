/** How a list of steps ended on a host. `ended`: `meta` has ended the play there. */
export type StepsEnd = 'done' | 'failed' | 'stopped' | 'ended'

/** Why the steps after such an end did not run. */
export const whySkipped: Readonly<Record<StepsEnd, string>> = {
  done: 'nothing failed',
  failed: 'an earlier task failed',
  stopped: 'the run stopped',
  ended: 'an earlier task has ended the play',
}
