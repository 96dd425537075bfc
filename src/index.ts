/**
 * Types for programs that read the output of `gpuplay run --output jsonl`, one event a line, and the exit
 * codes.
 *
 * These keep their meaning from version to version, as the command line does. Everything else is internal.
 */
export { type ExitCode, exitCodes, type Position, type Problem } from './base/errors.ts'
export type { Counts, Event, Outcome, TaskDetail, TaskRef } from './events/events.ts'
export type { Diff, Finding } from './host/plan.ts'
export type { SummaryRow } from './modules/module.ts'
