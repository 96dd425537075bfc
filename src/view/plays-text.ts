/** Lists of the hosts, tasks and tags of plays. */
import type { ListedPlay } from '../events/listed-play.ts'
import { table } from './text.ts'

/** What a list shows of each play. */
export interface PlayParts {
  readonly hosts: boolean
  readonly tasks: boolean
  readonly tags: boolean
}

/** A paragraph for each play: its name and pattern, then the parts. */
export function playsText(plays: readonly ListedPlay[], parts: PlayParts): string {
  return plays.map((play) => [headOf(play), ...linesOf(play, parts)].join('\n')).join('\n\n')
}

function headOf({ name, pattern }: ListedPlay): string {
  return name === pattern ? `PLAY ${name}` : `PLAY ${name}  (${pattern})`
}

function linesOf({ hosts, mayChange, tasks, tags }: ListedPlay, parts: PlayParts): readonly string[] {
  const rows = tasks.map(({ name, tags: own, included }) => [
    included === true ? `${name}  (if included)` : name,
    own.length === 0 ? '' : `[${own.join(', ')}]`,
  ])
  const count = `${hosts.length}${mayChange === true ? ', before group_by and add_host' : ''}`
  return [
    ...(parts.hosts ? [`  hosts: ${count}`, ...hosts.map((host) => `    ${host}`)] : []),
    ...(parts.tasks ? [`  tasks: ${tasks.length}`, ...table(rows).map((row) => `    ${row}`)] : []),
    ...(parts.tags ? [`  tags: ${tags.length === 0 ? 'none' : tags.join(', ')}`] : []),
  ]
}
