/** Questions of a play to the person who starts the run (`vars_prompt`). */
import { isSecretName, Secret } from '../base/secret.ts'
import { Unknown } from '../base/unknown.ts'
import type { Position } from '../base/errors.ts'

export interface Prompt {
  /** The variable that gets the answer, as text. */
  readonly name: string
  readonly text: string
  /** The answer is not shown while it is typed, and is a secret. */
  readonly private: boolean
  /** Asks twice, until both answers are equal. */
  readonly confirm: boolean
  /** The answer if the user only presses Enter. */
  readonly default: string | undefined
  readonly where: Position
}

/** By variable and text: plays that ask the same get the same answer. Values are text or `Secret`. */
export type PromptAnswers = ReadonlyMap<string, string | Secret>

/** The key of a prompt in `PromptAnswers`. */
export function promptKey({ name, text }: Prompt): string {
  return JSON.stringify([name, text])
}

/** Returns the variables of the prompts. Without an answer they are unknown. */
export function answered(prompts: readonly Prompt[], answers: PromptAnswers): ReadonlyMap<string, unknown> {
  return new Map(
    prompts.map((prompt) => [
      prompt.name,
      answers.get(promptKey(prompt)) ?? new Unknown(`"${prompt.name}" is asked when the run starts`),
    ]),
  )
}

/** Returns the value of a typed answer. */
export function answerOf({ name, private: hidden }: Prompt, text: string): string | Secret {
  return hidden || isSecretName(name) ? new Secret(text) : text
}
