/** Modules whose word can be false, and one that asks: for what no module of the catalogue does. */
import { actions, done } from '../../host/plan.ts'
import type { Module } from '../../modules/module.ts'

interface Claim {
  readonly path: string
  readonly text: string
  readonly run: string
  readonly says?: string
}

/** Runs a script and says that the file then holds the text, whatever the script does; it goes by whether the file does. */
export const claims = {
  name: 'claims',
  summary: 'Runs a script and says what it will have done.',
  args: {
    type: 'object',
    additionalProperties: false,
    required: ['path', 'text', 'run'],
    properties: {
      path: { type: 'string', description: 'A file' },
      text: { type: 'string', description: 'What it is to hold' },
      run: { type: 'string', description: 'What is run' },
      says: { type: 'string', description: 'What it says that the file will hold; `text` otherwise' },
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

/** Asks a person whether the machine may restart. In a test the answer is no. */
export const asks = {
  name: 'asks',
  summary: 'Asks.',
  args: { type: 'object', additionalProperties: false, properties: {} },
  result: { type: 'object' },
  probe: () => Promise.resolve(),
  plan: () =>
    actions([
      { kind: 'reboot', reason: 'of a test', ask: { question: 'Restart?', declined: 'not restarted' } },
    ]),
} satisfies Module<object, void>
