/** The JSON Schema of the events of a run (`schemas/events.json`), from their TypeScript types. */
import { fileURLToPath } from 'node:url'
import { createGenerator } from 'ts-json-schema-generator'

const file = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** Takes a few seconds: the generator reads the types of the whole program. */
export function eventSchema(): object {
  const { $schema, ...schema } = createGenerator({
    path: file('src/events/events.ts'),
    tsconfig: file('tsconfig.json'),
    type: 'Event',
    topRef: false,
    skipTypeCheck: true,
    additionalProperties: false,
  }).createSchema('Event')
  return {
    $schema,
    title: 'Event of a gpuplay run, version 1',
    description:
      'A line of "gpuplay run --output jsonl". Names and values keep their meaning in this version; later releases may add types of events and members.',
    ...schema,
  }
}
