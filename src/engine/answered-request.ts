/** Asks the questions of plays (`vars_prompt`) after all files were checked, and checks again with the answers. */
import { createSecrets } from '../base/secrets.ts'
import { prepareRun, type PreparedRun } from './prepare-run.ts'
import { askPrompts, openPrompts } from './prompts.ts'
import type { RunDependencies, RunRequest } from './request.ts'

/** @throws InputError with every mistake in the files and arguments, and for a question without an answer */
export async function prepareAnswered(
  request: RunRequest,
  dependencies: RunDependencies,
  cut: AbortSignal,
): Promise<PreparedRun> {
  const first = prepareRun(request, dependencies, cut)
  if (request.answers !== undefined) return first
  const prompts = openPrompts(first.loaded.selection.plays, first.loaded.extra)
  if (prompts.length === 0) return first
  const { secrets } = first.context
  const answers = await askPrompts(prompts, dependencies.ask, secrets)
  return prepareRun({ ...request, answers }, { ...dependencies, secrets }, cut)
}

/**
 * Returns the request with all answers, for several runs of it.
 * @throws InputError as `prepareAnswered`
 */
export async function answeredRequest(
  request: RunRequest,
  dependencies: RunDependencies,
): Promise<RunRequest> {
  const { secrets = createSecrets(), signal } = dependencies
  const { loaded } = prepareRun(request, { ...dependencies, secrets }, signal)
  const prompts = openPrompts(loaded.selection.plays, loaded.extra)
  return { ...request, answers: await askPrompts(prompts, dependencies.ask, secrets) }
}
