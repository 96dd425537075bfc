/** Modules for simulated playbooks: what modules may do and those that ship do seldom. */
import { actions, done, type Plan, settle } from '../../../src/host/plan.ts'
import { resource } from '../../../src/host/resource.ts'
import type { Module } from '../../../src/modules/module.ts'

interface PathArgs {
  readonly path: string
}

const path = { type: 'string', description: 'A file' } as const
const result = { type: 'object', properties: {} } as const

/** A line in a file of the node, shared with the other containers there. */
const nodeLine = {
  name: 'node_line',
  summary: 'Puts a line into a file of the node.',
  args: {
    type: 'object',
    additionalProperties: false,
    required: ['path', 'line'],
    properties: { path, line: { type: 'string', description: 'The line' } },
  },
  result,
  probe: ({ path: file }, host) => host.node.text(file),
  plan({ path: file, line }, text = ''): Plan {
    const lines = text.split('\n').filter((each) => each !== '')
    if (lines.includes(line)) return done()
    const content = { kind: 'text', text: `${[...lines, line].sort().join('\n')}\n` } as const
    return actions([{ kind: 'writeFile', on: 'node', path: file, content }])
  },
} satisfies Module<PathArgs & { readonly line: string }, string | undefined>

/** A program makes `PATH.ready`, of which nothing is declared; then comes the file. */
const staged = {
  name: 'staged',
  summary: 'Writes a file in two stages.',
  args: { type: 'object', additionalProperties: false, required: ['path'], properties: { path } },
  result,
  probe: async ({ path: file }, host) => {
    const [ready, text] = await Promise.all([host.text(`${file}.ready`), host.text(file)])
    return { ready, text }
  },
  plan({ path: file }, { ready, text }): Plan {
    if (ready === undefined) {
      const why = 'the preparation makes it'
      return actions(
        [
          {
            kind: 'run',
            argv: ['put', `${file}.ready`, 'ready'],
            effects: [{ kind: 'unknown', resources: [resource('file', `${file}.ready`)], why }],
          },
        ],
        { stage: 'prepare' },
      )
    }
    if (text === ready) return done()
    return actions([{ kind: 'writeFile', path: file, content: { kind: 'text', text: ready } }])
  },
} satisfies Module<PathArgs, { readonly ready: string | undefined; readonly text: string | undefined }>

/** Starts what makes the file some time later, and waits for it. */
const service = {
  name: 'service_file',
  summary: 'Starts a service that makes a file.',
  args: { type: 'object', additionalProperties: false, required: ['path'], properties: { path } },
  result,
  probe: async ({ path: file }, host) => {
    const [started, there] = await Promise.all([host.stat(`${file}.started`), host.stat(file)])
    return { started: started !== undefined, there: there !== undefined }
  },
  plan({ path: file }, { started, there }): Plan {
    if (there) return done()
    if (started) return settle('the service is starting', 30)
    const becomes = { kind: 'file', text: 'started' } as const
    return actions([
      {
        kind: 'run',
        argv: ['start', file],
        effects: [
          { kind: 'file', name: `${file}.started`, becomes },
          { kind: 'unknown', resources: [resource('file', file)], why: 'it is made later' },
        ],
      },
    ])
  },
} satisfies Module<PathArgs, { readonly started: boolean; readonly there: boolean }>

/** Makes its mark, and changes another file of which it says nothing. */
const sly = {
  name: 'sly',
  summary: 'Makes a mark and changes another file as well.',
  args: {
    type: 'object',
    additionalProperties: false,
    required: ['path', 'other'],
    properties: { path, other: { type: 'string', description: 'What it changes as well' } },
  },
  result,
  probe: ({ path: file }, host) => host.text(file),
  plan({ path: file, other }, text): Plan {
    if (text === 'mark') return done()
    const becomes = { kind: 'file', text: 'mark' } as const
    return actions([
      { kind: 'run', argv: ['mark', file, other], effects: [{ kind: 'file', name: file, becomes }] },
    ])
  },
} satisfies Module<PathArgs & { readonly other: string }, string | undefined>

/** Two files by one plan. */
const pair = {
  name: 'pair',
  summary: 'Writes two files.',
  args: { type: 'object', additionalProperties: false, required: ['path'], properties: { path } },
  result,
  probe: ({ path: file }, host) => Promise.all([host.text(`${file}.1`), host.text(`${file}.2`)]),
  plan({ path: file }, seen): Plan {
    return actions(
      seen.map((text, index) =>
        text === 'pair'
          ? undefined
          : {
              kind: 'writeFile' as const,
              path: `${file}.${index + 1}`,
              content: { kind: 'text' as const, text: 'pair' },
            },
      ),
    )
  },
} satisfies Module<PathArgs, readonly (string | undefined)[]>

export const simulatedModules: readonly Module[] = [nodeLine, staged, service, sly, pair]
