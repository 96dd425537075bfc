/** Texts of `gpuplay explain`. */
import { Unknown } from '../base/unknown.ts'
import type { Candidate, VariableSection } from '../engine/explain-variable.ts'
import { jsonText } from '../view/json-text.ts'
import { plainText, place, table } from '../view/text.ts'

/** A table for each part of the run; `*` marks the value that wins. */
export function variableText(name: string, host: string, sections: readonly VariableSection[]): string {
  const parts = sections.map(({ title, candidates }) => {
    const rows = candidates.map((candidate, index) => [
      `${index === 0 ? '*' : ' '} ${valueText(candidate)}`,
      plainText(candidate.from),
      candidate.where === undefined ? '' : plainText(place(candidate.where)),
    ])
    return [`${plainText(title)}:`, ...table(rows).map((line) => `  ${line.trimEnd()}`)].join('\n')
  })
  return [`${name} on ${host}; * wins`, ...parts].join('\n\n').concat('\n')
}

function valueText({ value, written }: Candidate): string {
  const text = value instanceof Unknown ? `(unknown: ${plainText(value.why)})` : jsonText(value)
  return written === undefined ? text : `${text} = ${plainText(written.trim().replaceAll(/\s*\n\s*/g, ' '))}`
}
