/**
 * For programs that read what a run says: the types of `gpuplay run --output jsonl`, one event a line, and the exit codes.
 *
 * Everything else is the command line's; it is what keeps its promises from version to version.
 */
export { type ExitCode, exitCodes, type Position, type Problem } from './base/errors.ts'
export type { Counts, Event, Outcome, TaskDetail, TaskRef } from './events/events.ts'
export type { Diff, Finding } from './host/plan.ts'
export type { SummaryRow } from './modules/module.ts'
