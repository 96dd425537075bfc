/** The schemas in the language server that editors use, with the settings of docs/command-line.md. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node.js'
import { gpuplay } from '../testing/command-line.ts'
import { customModule, folderWith } from '../testing/folder-with.ts'

const program = fileURLToPath(import.meta.resolve('yaml-language-server/bin/yaml-language-server'))
const kinds = ['playbook', 'tasks', 'inventory', 'role'] as const
type Kind = (typeof kinds)[number]

/** In the texts, `|` is the cursor. Lines count from 1. */
interface Case {
  readonly right: string
  /** Replacements in `right`, each with the line that gets a mark. */
  readonly wrong: readonly (readonly [from: string, to: string, line: number])[]
  readonly completed: readonly (readonly [text: string, label: string])[]
  readonly explained: readonly (readonly [text: string, description: RegExp])[]
}

const play = '- hosts: all\n  tasks:\n    - name: Note\n'
const cases: Readonly<Record<Kind, Case>> = {
  playbook: {
    right: `${play}      take_note: { text: !cel 'a + b' }\n      when: defined(a)\n`,
    wrong: [
      ['take_note', 'take_nte', 4],
      ['text:', 'txet:', 4],
      ['when', 'whne', 5],
      ['tasks', 'taks', 2],
    ],
    completed: [
      [`${play}      take|\n`, 'take_note'],
      [`${play}      site|\n`, 'site_note'],
      [`${play}      take_note:\n        te|\n`, 'text'],
      ['- hosts: all\n  seri|\n', 'serial'],
    ],
    explained: [
      [`${play}      take_n|ote: { text: x }\n`, /Takes a note\./],
      ['- hosts: all\n  seri|al: 1\n', /The size of a batch of hosts/],
    ],
  },
  tasks: {
    right: '- name: Note\n  site_note: { text: x }\n  become: true\n',
    wrong: [
      ['site_note', 'sitenote', 2],
      ['become', 'becom', 3],
    ],
    completed: [
      ['- name: Note\n  site|\n', 'site_note'],
      ['- copy:\n    des|\n', 'dest'],
    ],
    explained: [['- take_note: { te|xt: x }\n', /The text/]],
  },
  inventory: {
    right: 'all:\n  hosts:\n    a: { port: 22, mine: 1 }\n  vars: { user: root }\n',
    wrong: [
      ['hosts', 'host', 2],
      ['vars', 'var', 4],
    ],
    completed: [
      ['all:\n  chil|\n', 'children'],
      ['all:\n  hosts:\n    a:\n      cti|\n', 'ctid'],
    ],
    explained: [['all:\n  hosts:\n    a: { ct|id: 101 }\n', /The ID of the container on its node/]],
  },
  role: {
    right:
      'type: object\nproperties:\n  a: { type: integer, default: 1 }\nchecks: [{ that: a > 1, message: x }]\n',
    wrong: [
      ['type: integer', 'tpye: integer', 3],
      ['integer', 'int', 3],
      ['message', 'mesage', 4],
    ],
    completed: [
      ['type: object\nproperties:\n  a:\n    minim|\n', 'minimum'],
      ['type: object\nproperties:\n  a:\n    type: inte|\n', 'integer'],
    ],
    explained: [['type: object\nproperties:\n  a: { descrip|tion: x }\n', /What the variable means/]],
  },
}

describe('an editor with the printed schemas', () => {
  const folder = folderWith({
    'modules/take-note.ts': customModule('take_note', 'Takes a note.'),
    'roles/web/modules/site-note.ts': customModule('site_note', 'Notes a site.'),
  })
  let server: LanguageServer
  before(async () => {
    for (const kind of kinds) {
      const { output, exitCode } = await gpuplay(folder, ['schema', kind])
      assert.equal(exitCode, 0)
      writeFileSync(join(folder, `${kind}.schema.json`), output)
    }
    server = await startServer(folder)
  })
  after(() => server.child.kill())

  for (const kind of kinds) {
    const { right, wrong, completed, explained } = cases[kind]

    test(`marks the mistakes in a file of the kind ${kind}, and nothing else`, async () => {
      assert.deepEqual((await open(server, kind, right)).lines, [])
      for (const [from, to, line] of wrong)
        assert.deepEqual((await open(server, kind, right.replace(from, to))).lines, [line], to)
    })

    for (const [text, label] of completed)
      test(`completes "${label}" in a file of the kind ${kind}`, async () => {
        const { items } = await at<{ readonly items: readonly { readonly label: string }[] }>(
          server,
          'textDocument/completion',
          { kind, text },
        )
        assert.ok(
          items.some((item) => item.label === label),
          JSON.stringify(items.map((item) => item.label)),
        )
      })

    for (const [text, description] of explained)
      test(`explains a word with ${description} in a file of the kind ${kind}`, async () => {
        const found = await at<{ readonly contents: unknown } | null>(server, 'textDocument/hover', {
          kind,
          text,
        })
        assert.match(JSON.stringify(found?.contents), description)
      })
  }
})

interface LanguageServer {
  readonly child: ChildProcess
  readonly connection: MessageConnection
  readonly folder: string
  /** Called with the answer to each opened file. */
  readonly waiting: Map<string, (lines: readonly number[]) => void>
}

interface Published {
  readonly uri: string
  readonly diagnostics: readonly { readonly range: { readonly start: { readonly line: number } } }[]
}

async function startServer(folder: string): Promise<LanguageServer> {
  const child = spawn(process.execPath, [program, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const connection = createMessageConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  )
  const waiting: LanguageServer['waiting'] = new Map()
  const settings = settingsOfTheDocumentation()
  connection.onRequest(
    'workspace/configuration',
    ({ items }: { readonly items: readonly { readonly section: string }[] }) =>
      items.map(({ section }) => (section === 'yaml' ? settings : {})),
  )
  connection.onRequest('client/registerCapability', () => null)
  connection.onNotification('textDocument/publishDiagnostics', ({ uri, diagnostics }: Published) =>
    waiting.get(uri)?.([...new Set(diagnostics.map(({ range }) => range.start.line))]),
  )
  connection.listen()
  await connection.sendRequest('initialize', {
    processId: process.pid,
    rootUri: pathToFileURL(folder).href,
    capabilities: { workspace: { configuration: true } },
  })
  await connection.sendNotification('initialized', {})
  return { child, connection, folder, waiting }
}

/** `yaml.customTags` is `customTags` in the answer to a request for the section `yaml`. */
function settingsOfTheDocumentation(): object {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/command-line.md'), 'utf8')
  const [, json = '{}'] = /^```json\n([^]*?"yaml\.customTags"[^]*?)^```$/m.exec(page) ?? []
  const written: Readonly<Record<string, unknown>> = JSON.parse(json)
  return {
    validate: true,
    completion: true,
    hover: true,
    schemaStore: { enable: false },
    customTags: written['yaml.customTags'],
  }
}

/** Opens a file with a comment that names its schema. `lines` have marks; line 0 is the comment. */
async function open(
  { connection, folder, waiting }: LanguageServer,
  kind: Kind,
  text: string,
): Promise<{ readonly uri: string; readonly lines: readonly number[] }> {
  const uri = pathToFileURL(join(folder, `${kind}-${waiting.size}.yml`)).href
  const lines = new Promise<readonly number[]>((resolve) => waiting.set(uri, resolve))
  await connection.sendNotification('textDocument/didOpen', {
    textDocument: {
      uri,
      languageId: 'yaml',
      version: 1,
      text: `# yaml-language-server: $schema=${join(folder, `${kind}.schema.json`)}\n${text}`,
    },
  })
  return { uri, lines: await lines }
}

/** Asks about the place of the cursor. */
async function at<T>(
  server: LanguageServer,
  method: string,
  { kind, text }: { readonly kind: Kind; readonly text: string },
): Promise<T> {
  const before = text.slice(0, text.indexOf('|')).split('\n')
  const { uri } = await open(server, kind, text.replace('|', ''))
  return server.connection.sendRequest<T>(method, {
    textDocument: { uri },
    position: { line: before.length, character: before.at(-1)?.length ?? 0 },
  })
}
