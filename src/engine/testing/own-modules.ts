/**
 * Modules whose declared effects can be false, and one that asks a question, for cases that the included
 * modules do not cover.
 */
import { actions, done, settle } from '../../host/plan.ts'
import { resource } from '../../host/resource.ts'
import type { Module } from '../../modules/module.ts'

interface Claim {
  readonly path: string
  readonly text: string
  readonly run: string
  readonly says?: string
}

/**
 * Runs a script and declares that the file then contains the text, regardless of the script. Its probe checks
 * the file.
 */
export const claims = {
  name: 'claims',
  summary: 'Runs a script and declares its result.',
  args: {
    type: 'object',
    additionalProperties: false,
    required: ['path', 'text', 'run'],
    properties: {
      path: { type: 'string', description: 'A file' },
      text: { type: 'string', description: 'The required text' },
      run: { type: 'string', description: 'The script' },
      says: { type: 'string', description: 'The declared text; by default `text`' },
    },
  },
  result: { type: 'object' },
  probe: ({ path }, host) => host.text(path),
  plan: ({ path, text, run, says = text }, seen) =>
    seen === text
      ? done()
      : actions([
          {
            kind: 'run',
            argv: ['sh', '-c', run],
            effects: [{ kind: 'file', name: path, becomes: { kind: 'file', text: says } }],
          },
        ]),
} satisfies Module<Claim, string | undefined>

/** Asks the user whether the machine may restart. In tests the answer is no. */
export const asks = {
  name: 'asks',
  summary: 'Asks.',
  args: { type: 'object', additionalProperties: false, properties: {} },
  result: { type: 'object' },
  probe: () => Promise.resolve(),
  plan: () =>
    actions([
      {
        kind: 'reboot',
        reason: 'of a test',
        slots: [],
        ask: { question: 'Restart?', declined: 'not restarted' },
      },
    ]),
} satisfies Module<object, void>

interface Started {
  readonly path: string
}

/** Starts a program that creates a file a second later, and waits for the file. */
export const starts = {
  name: 'starts',
  summary: 'Starts what makes a file.',
  args: {
    type: 'object',
    additionalProperties: false,
    required: ['path'],
    properties: { path: { type: 'string', description: 'A file' } },
  },
  result: { type: 'object' },
  async probe({ path }, host) {
    const [begun, there] = await Promise.all([host.stat(`${path}.begun`), host.stat(path)])
    return { begun: begun !== undefined, there: there !== undefined }
  },
  plan({ path }, { begun, there }) {
    if (there) return done()
    if (begun) return settle('it is starting', 30)
    const script = `touch "$1".begun; { sleep 1; touch "$1"; } >/dev/null 2>&1 &`
    return actions([
      {
        kind: 'run',
        argv: ['sh', '-c', script, 'sh', path],
        effects: [
          { kind: 'file', name: `${path}.begun`, becomes: { kind: 'file', text: '' } },
          { kind: 'unknown', resources: [resource('file', path)], why: 'the service creates it later' },
        ],
      },
    ])
  },
} satisfies Module<Started, { readonly begun: boolean; readonly there: boolean }>
