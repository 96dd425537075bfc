import type { World } from '../base/world.ts'

/** The name of a run in its events: when it began, and what tells it from others of that second. */
export function runName({ now, randomHex }: Pick<World, 'now' | 'randomHex'>): string {
  const time = now()
    .toISOString()
    .replaceAll(/[-:]|\.\d+/g, '')
  return `${time}-${randomHex(3)}`
}
