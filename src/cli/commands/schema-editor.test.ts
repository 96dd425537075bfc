/**
 * The schemas in the language server that editors use. It is not a dependency, because its newer versions need
 * another version of Node.js than gpuplay: `$YAML_LANGUAGE_SERVER` or PATH names it.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { defined } from '../../base/defined.ts'
import { scratchFolder } from '../../connection/testing/programs.ts'
import { gpuplay } from '../testing/command-line.ts'

const program = languageServer()
const skip = program === undefined && 'there is no yaml-language-server in $YAML_LANGUAGE_SERVER or PATH'

/** What docs/command-line.md writes into the settings of an editor. */
const settings = {
  validate: true,
  completion: true,
  schemaStore: { enable: false },
  customTags: ['!cel scalar', '!age scalar', '!vault scalar'],
}

const module = `import type { Module } from 'gpuplay/module'
export default {
  name: 'take_note',
  summary: 'Takes a note.',
  args: { type: 'object', properties: { text: { type: 'string', description: 'The note' } } },
  result: { type: 'object' },
  probe: async () => undefined,
  plan: () => ({ actions: [], diffs: [], warnings: [] }),
} satisfies Module
`

test('an editor marks mistakes and completes modules with the printed schemas', { skip }, async () => {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'modules'))
  writeFileSync(join(folder, 'modules/take-note.ts'), module)
  for (const kind of ['playbook', 'tasks', 'inventory', 'role']) {
    const { output, exitCode } = await gpuplay(folder, ['schema', kind])
    assert.equal(exitCode, 0)
    writeFileSync(join(folder, `${kind}.schema.json`), output)
  }
  const server = new LanguageServer(program ?? '')
  try {
    await server.request('initialize', {
      processId: process.pid,
      rootUri: pathToFileURL(folder).href,
      capabilities: { workspace: { configuration: true } },
    })
    server.notify('initialized', {})
    const marked = async (kind: string, text: string): Promise<readonly number[]> => {
      const path = join(folder, `${kind}-${server.opened}.yml`)
      const head = `# yaml-language-server: $schema=${join(folder, `${kind}.schema.json`)}\n`
      return server.open(pathToFileURL(path).href, head + text)
    }
    const right = `- hosts: all
  tasks:
    - name: Note
      take_note: { text: !cel 'a + b' }
      when: defined(a)
`
    assert.deepEqual(await marked('playbook', right), [])
    assert.deepEqual(await marked('playbook', right.replace('take_note', 'take_nte')), [4])
    assert.deepEqual(await marked('playbook', right.replace('when', 'whne')), [5])
    assert.deepEqual(await marked('tasks', '- copi: { dest: /x }\n'), [1])
    assert.deepEqual(await marked('inventory', 'all:\n  hosts:\n    a: { port: 22 }\n'), [])
    assert.deepEqual(await marked('inventory', 'all:\n  host:\n    a: { port: 22 }\n'), [2])
    assert.deepEqual(await marked('role', 'type: object\nproperties:\n  a: { tpye: integer }\n'), [3])

    const uri = pathToFileURL(join(folder, `completed.yml`)).href
    const start = `# yaml-language-server: $schema=${join(folder, 'tasks.schema.json')}\n- name: x\n  tak`
    await server.open(uri, start)
    const found = await server.request('textDocument/completion', {
      textDocument: { uri },
      position: { line: 2, character: 5 },
    })
    assert.match(JSON.stringify(found), /"label":"take_note"/)
  } finally {
    server.stop()
  }
})

function languageServer(): string | undefined {
  const named = process.env['YAML_LANGUAGE_SERVER']
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const paths = named === undefined ? folders.map((folder) => join(folder, 'yaml-language-server')) : [named]
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Milliseconds until an answer counts as missing. */
const longest = 20_000

interface Message {
  readonly id?: number | string
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
}

/** Speaks the Language Server Protocol through standard input and output. */
class LanguageServer {
  opened = 0
  readonly #child: ChildProcess
  readonly #waiting = new Set<(message: Message) => void>()
  #unread = Buffer.alloc(0)
  #requests = 0

  constructor(path: string) {
    this.#child = spawn(path, ['--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#child.stdout?.on('data', (bytes: Buffer) => this.#read(bytes))
  }

  stop(): void {
    this.#child.kill()
  }

  notify(method: string, params: unknown): void {
    this.#send({ method, params })
  }

  async request(method: string, params: unknown): Promise<unknown> {
    this.#requests += 1
    const id = this.#requests
    const answer = this.#next((message) => message.id === id && message.method === undefined)
    this.#send({ id, method, params })
    return (await answer).result
  }

  /** Opens a file. Returns the lines with marks, from 0. */
  async open(uri: string, text: string): Promise<readonly number[]> {
    this.opened += 1
    const published = this.#next(
      ({ method, params }) =>
        method === 'textDocument/publishDiagnostics' && (params as { readonly uri: string }).uri === uri,
    )
    this.notify('textDocument/didOpen', {
      textDocument: { uri, languageId: 'yaml', version: 1, text },
    })
    const { diagnostics } = (await published).params as {
      readonly diagnostics: readonly { readonly range: { readonly start: { readonly line: number } } }[]
    }
    return [...new Set(diagnostics.map(({ range }) => range.start.line))]
  }

  #next(wanted: (message: Message) => boolean): Promise<Message> {
    const { promise, resolve, reject } = deferred<Message>()
    const timer = setTimeout(() => reject(new Error('the language server did not answer')), longest)
    const listener = (message: Message): void => {
      if (!wanted(message)) return
      clearTimeout(timer)
      this.#waiting.delete(listener)
      resolve(message)
    }
    this.#waiting.add(listener)
    return promise
  }

  #send(message: Message): void {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message })
    this.#child.stdin?.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }

  #read(bytes: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, bytes])
    for (;;) {
      const end = this.#unread.indexOf('\r\n\r\n')
      const [, size] = /Content-Length: (\d+)/i.exec(this.#unread.toString('latin1', 0, Math.max(0, end))) ?? []
      if (end === -1 || size === undefined || this.#unread.length < end + 4 + Number(size)) return
      const text = this.#unread.toString('utf8', end + 4, end + 4 + Number(size))
      this.#unread = this.#unread.subarray(end + 4 + Number(size))
      this.#take(JSON.parse(text) as Message)
    }
  }

  #take(message: Message): void {
    if (message.id !== undefined && message.method !== undefined) this.#answer(message)
    for (const listener of this.#waiting) listener(message)
  }

  /** The server asks for the settings of the editor; everything else needs no answer but null. */
  #answer({ id, method, params }: Message): void {
    const { items = [] } = (params ?? {}) as { readonly items?: readonly { readonly section?: string }[] }
    const result =
      method === 'workspace/configuration'
        ? items.map(({ section }) => (section === 'yaml' ? settings : {}))
        : null
    this.#send({ ...defined({ id }), result })
  }
}

function deferred<T>(): {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: Error) => void
} {
  let resolve: (value: T) => void = () => undefined
  let reject: (error: Error) => void = () => undefined
  const promise = new Promise<T>((done, failed) => {
    resolve = done
    reject = failed
  })
  return { promise, resolve, reject }
}
