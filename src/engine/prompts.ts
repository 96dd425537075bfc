/** Asks the questions of plays (`vars_prompt`) before the run starts. */
import { InputError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { Secrets } from '../base/secrets.ts'
import { type PromptAnswers, answerOf, type Prompt, promptKey } from '../language/prompt.ts'
import { problem } from '../language/source.ts'
import type { ChosenPlay } from './selection.ts'

/**
 * Asks a question on the terminal. A secret answer is not shown.
 * @returns `undefined` if the user cancels
 */
export type AskLine = (question: string, secret: boolean) => Promise<string | undefined>

/** Returns the questions that the run must ask: of plays that may have hosts, without those that `-e` answers. */
export function openPrompts(
  plays: readonly ChosenPlay[],
  { extra, answers }: { readonly extra: ReadonlyMap<string, unknown>; readonly answers: PromptAnswers },
): readonly Prompt[] {
  const asked = plays
    .filter(({ hosts, hostsKnown, additions }) => hosts.length > 0 || !hostsKnown || additions.length > 0)
    .flatMap(({ play }) => play.prompts)
    .filter((prompt) => !extra.has(prompt.name) && !answers.has(promptKey(prompt)))
  return [...new Map(asked.map((prompt) => [promptKey(prompt), prompt])).values()]
}

/**
 * Asks, and returns the answers. Secret ones are added to the book.
 * @param ask Undefined if there is no terminal: only defaults are answers then.
 * @throws InputError if a question has no answer
 */
export async function askPrompts(
  prompts: readonly Prompt[],
  ask: AskLine | undefined,
  secrets: Pick<Secrets, 'add'>,
): Promise<PromptAnswers> {
  const unanswered = ask === undefined ? prompts.filter((prompt) => prompt.default === undefined) : []
  if (unanswered.length > 0) throw new InputError(unanswered.map(noTerminal))
  const answers = new Map<string, string | Secret>()
  for (const prompt of prompts) {
    const text = ask === undefined ? prompt.default : await answer(prompt, ask)
    if (text === undefined) throw new InputError([cancelled(prompt)])
    const value = answerOf(prompt, text)
    if (value instanceof Secret) secrets.add(value)
    answers.set(promptKey(prompt), value)
  }
  return answers
}

async function answer(prompt: Prompt, ask: AskLine): Promise<string | undefined> {
  const { confirm, default: otherwise } = prompt
  const secret = answerOf(prompt, '') instanceof Secret
  const text = prompt.text.replace(/[\s:]+$/, '')
  const shown = otherwise === undefined ? '' : secret ? ' [Enter for the default]' : ` [${otherwise}]`
  const once = async (start: string): Promise<string | undefined> => {
    const typed = await ask(`${start}${text}${shown}: `, secret)
    return typed === '' ? (otherwise ?? '') : typed
  }
  let start = ''
  for (;;) {
    const first = await once(start)
    if (first === undefined || !confirm) return first
    const second = await once('Again: ')
    if (second === undefined || second === first) return second
    start = 'The answers differ. '
  }
}

function noTerminal({ name, where, ...prompt }: Prompt) {
  const secret = answerOf({ name, where, ...prompt }, '') instanceof Secret
  return problem('no-terminal', `cannot ask for "${name}": there is no terminal, or --output is jsonl`, {
    where,
    hint: secret ? `set it in a file: -e @FILE` : `pass it with -e ${name}=VALUE`,
  })
}

function cancelled({ name, where }: Prompt) {
  return problem('no-answer', `nobody has answered the question for "${name}"`, {
    where,
    hint: 'start the run again; nothing has happened yet',
  })
}
