/** The command line as the log of a run shows it. */
import { commandLine } from '../base/shell.ts'

/** `gpuplay run site.yml -e name=...`: values of variables may be secrets, so they are left out. */
export function shownCommand(words: readonly string[]): string {
  const shown = words.map((word, index) => {
    const [, option = '', given] = /^(--extra-?[vV]ars=|-e=?)(.*)$/s.exec(word) ?? []
    if (given !== undefined && given !== '') return `${option}${withoutValue(given)}`
    return /^(--extra-?[vV]ars|-[A-Za-z]*e)$/.test(words[index - 1] ?? '') ? withoutValue(word) : word
  })
  return `gpuplay ${commandLine(shown)}`
}

/** `name=...` for `name=value`; the file of `@file`. */
export function withoutValue(variables: string): string {
  if (variables.startsWith('@')) return variables
  const name = /^\s*([A-Za-z_]\w*)=/.exec(variables)?.[1]
  return name === undefined ? '...' : `${name}=...`
}
