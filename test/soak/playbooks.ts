/** Playbooks made up at random, about files in one folder: every task is one that people write, and none of them means anything. */
import fc from 'fast-check'

export interface Playbook {
  /** `{{ root }}` stands for the folder. */
  readonly text: string
  /** Files beside the playbook. */
  readonly files: Readonly<Record<string, string>>
}

interface Piece {
  readonly module: string
  readonly args: Readonly<Record<string, unknown>>
  readonly keywords?: Readonly<Record<string, unknown>>
}

const name = fc.constantFrom('a', 'b', 'c')
const folder = fc.constantFrom('', 'd/', 'e/', 'd/f/', 'link/')
const path = fc.tuple(folder, name).map(([directory, file]) => `{{ root }}/${directory}${file}`)
const folderPath = fc.constantFrom('{{ root }}/d', '{{ root }}/e', '{{ root }}/d/f')
const text = fc.constantFrom('one\n', 'two\n', 'one\ntwo\n', '')
const mode = fc.constantFrom('0644', '0600', '0755', '4755')
const some = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })

const pieces: readonly fc.Arbitrary<Piece>[] = [
  fc.record({ path: folderPath, state: fc.constant('directory'), mode: some(mode) }).map(of('file')),
  fc.record({ path, state: fc.constant('absent') }).map(of('file')),
  fc.record({ path: folderPath, state: fc.constant('absent') }).map(of('file')),
  fc.record({ path, mode }).map(of('file')),
  fc
    .record({
      path: fc.constantFrom('{{ root }}/link', '{{ root }}/b'),
      src: fc.constantFrom('{{ root }}/d', '{{ root }}/e', 'a'),
    })
    .map(({ path: at, src }) => of('file')({ path: at, src, state: 'link' })),
  fc.record({ content: text, dest: path, mode: some(mode) }).map(of('copy')),
  fc.record({ content: fc.constant('{{ json seen }}'), dest: path }).map(of('copy', { when: 'has_seen' })),
  fc
    .record({ path, line: fc.constantFrom('one', 'two', 'key=1'), create: fc.boolean() })
    .map(of('lineinfile')),
  fc
    .record({
      path,
      regexp: fc.constant('^key='),
      line: fc.constantFrom('key=2', 'key=3'),
      create: fc.boolean(),
    })
    .map(of('lineinfile')),
  fc.record({ src: fc.constant('t.hbs'), dest: path }).map(of('template')),
  path.map((at) => of('stat', { register: 'seen' })({ path: at })),
  fc.constant(of('set_fact')({ has_seen: true, seen: 'nothing' })),
  fc.constant(of('set_fact', { when: 'has_seen' })({ known: '{{ json seen }}' })),
  fc.record({ cmd: path.map((at) => `touch ${at}`), creates: path }).map(of('command')),
  path.map((at) => of('shell')({ cmd: `echo more >> ${at}` })),
  path.map((at) => of('shell', { changed_when: false })({ cmd: `cat ${at}` })),
  path.map((at) => of('command', { register: 'said' })({ cmd: `cat ${at}`, reads: true })),
  fc.constant(of('debug')({ msg: '{{ known }}' })),
  fc.constant(of('fail')({ msg: 'so it is wanted' })),
  fc.constant(of('assert')({ that: ['known == "nothing"'] })),
]

/** Keywords that any of them may have. */
const keywords = fc.record({
  when: some(fc.constantFrom('known == "nothing"', 'first.changed', '!first.changed', 'first.failed')),
  notify: some(fc.constantFrom('note', 'other')),
  ignore_errors: some(fc.constantFrom(true, true, false)),
  register: some(fc.constantFrom('first', 'second')),
  failed_when: some(fc.constantFrom(false, 'first.changed')),
  loop: some(fc.constantFrom(['a', 'b'], ['x'])),
})

export const playbooks: fc.Arbitrary<Playbook> = fc
  .array(fc.tuple(fc.oneof(...pieces), fc.option(keywords, { nil: undefined, freq: 2 })), {
    minLength: 1,
    maxLength: 8,
  })
  .map((tasks) => ({
    text: JSON.stringify([
      {
        name: 'Play',
        hosts: 'localhost',
        vars: {
          has_seen: false,
          seen: 'nothing',
          known: 'nothing',
          first: { changed: false, failed: false },
        },
        tasks: tasks.map(([piece, more], index) => taskOf(piece, more ?? {}, index)),
        handlers: [
          { name: 'note', copy: { content: 'noted\n', dest: '{{ root }}/noted' } },
          { name: 'other', shell: { cmd: 'echo other >> {{ root }}/others' } },
        ],
      },
    ]),
    files: { 't.hbs': 'known {{ known }} {{ json first.changed }}\n' },
  }))

function of(
  module: string,
  own: Readonly<Record<string, unknown>> = {},
): (args: Readonly<Record<string, unknown>>) => Piece {
  return (args) => ({ module, args: defined(args), keywords: own })
}

function taskOf(
  { module, args, keywords: own = {} }: Piece,
  more: Readonly<Record<string, unknown>>,
  index: number,
): object {
  // A loop goes over names of files; without one the task has a single path.
  const looped = more['loop'] === undefined ? args : Object.fromEntries(Object.entries(args).map(withItem))
  return { name: `task ${index}`, ...defined({ ...more, ...own }), [module]: looped }
}

function withItem([key, value]: [string, unknown]): [string, unknown] {
  return [
    key,
    typeof value === 'string' && ['path', 'dest'].includes(key)
      ? value.replace(/[abc]$/, '{{ item }}')
      : value,
  ]
}

function defined(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
}
