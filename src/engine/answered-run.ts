/** Prepares runs whose plays ask questions (`vars_prompt`). */
import { createSecrets } from '../base/secrets.ts'
import { prepareRun, type PreparedRun } from './prepare-run.ts'
import { askPrompts, openPrompts } from './prompts.ts'
import type { RunDependencies, RunRequest } from './request.ts'

/**
 * Asks the questions of the plays after all files were checked, and then checks again, with the answers.
 * @param cut Aborted some time after an interruption: nothing is waited for any more.
 * @throws InputError with every mistake in the files and arguments, or if a question is not answered
 */
export async function prepareAnswered(
  request: RunRequest,
  dependencies: RunDependencies,
  cut: AbortSignal,
): Promise<PreparedRun> {
  const known = { ...dependencies, secrets: dependencies.secrets ?? createSecrets() }
  const first = prepareRun(request, known, cut)
  const { plays } = first.loaded.selection
  const prompts = openPrompts(plays, { extra: first.loaded.extra, answers: request.answers ?? new Map() })
  if (prompts.length === 0) return first
  const answers = await askPrompts(prompts, known.ask, known.secrets)
  return prepareRun({ ...request, answers }, known, cut)
}

/**
 * Returns the request with the answers to all questions, so that several runs of it ask once.
 * @throws InputError as `prepareAnswered`
 */
export async function withAnswers(request: RunRequest, dependencies: RunDependencies): Promise<RunRequest> {
  const { answers } = await prepareAnswered(request, dependencies, dependencies.signal)
  return { ...request, answers }
}
