/** Modules for simulated playbooks, for behaviour that is permitted but rare in the included modules. */
import { actions, done, type Plan, settle } from '../../../src/host/plan.ts'
import { resource } from '../../../src/host/resource.ts'
import type { Module } from '../../../src/modules/module.ts'

interface PathArgs {
  readonly path: string
}

const path = { type: 'string', description: 'A file' } as const
const result = { type: 'object', properties: {} } as const

/** A line in a file of the node, which all containers of the node change. */
const nodeLine = {
  name: 'node_line',
  summary: 'Adds a line to a file of the node.',
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

/** First a program creates `PATH.ready` with unknown content, then the module writes the file. */
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
      const why = 'the first stage creates it'
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

/** Starts a program that creates the file later, and waits for the file. */
const service = {
  name: 'service_file',
  summary: 'Starts a service that creates a file.',
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
          { kind: 'unknown', resources: [resource('file', file)], why: 'the service creates it later' },
        ],
      },
    ])
  },
} satisfies Module<PathArgs, { readonly started: boolean; readonly there: boolean }>

/** Writes its file, and changes another file without declaring it. */
const undeclared = {
  name: 'undeclared',
  summary: 'Writes a file and changes another one.',
  args: {
    type: 'object',
    additionalProperties: false,
    required: ['path', 'other'],
    properties: { path, other: { type: 'string', description: 'The other file' } },
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

/** Writes two files with one plan. */
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

export const simulatedModules: readonly Module[] = [nodeLine, staged, service, undeclared, pair]
