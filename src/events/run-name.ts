import type { World } from '../base/world.ts'

/**
 * Returns the name of a run in its events: its start time, and random digits that distinguish runs of the
 * same second.
 */
export function runName({ now, randomHex }: Pick<World, 'now' | 'randomHex'>): string {
  const time = now()
    .toISOString()
    .replaceAll(/[-:]|\.\d+/g, '')
  return `${time}-${randomHex(3)}`
}
