/** Random playbooks for files in one folder. */
import {
  type Arbitrary,
  array,
  boolean,
  constant,
  constantFrom,
  nat,
  oneof,
  option,
  record,
  tuple,
} from 'fast-check'

export interface Playbook {
  /** `{{ root }}` stands for the folder. */
  readonly text: string
  /** Files next to the playbook. */
  readonly files: Readonly<Record<string, string>>
}

type Keywords = Readonly<Record<string, unknown>>

interface Piece {
  readonly module: string
  readonly args: Readonly<Record<string, unknown>>
  readonly keywords?: Readonly<Record<string, unknown>>
}

const file = constantFrom('a', 'b', 'c')
const folder = constantFrom('', 'd/', 'e/', 'd/f/', 'link/')
const path = tuple(folder, file).map(([directory, end]) => `{{ root }}/${directory}${end}`)
const folderPath = constantFrom('{{ root }}/d', '{{ root }}/e', '{{ root }}/d/f')
const text = constantFrom('one\n', 'two\n', 'one\ntwo\n', '')
const mode = constantFrom('0644', '0600', '0755', '4755')
const some = <T>(value: Arbitrary<T>): Arbitrary<T | undefined> => option(value, { nil: undefined })

const pieces: readonly Arbitrary<Piece>[] = [
  record({ path: folderPath, state: constant('directory'), mode: some(mode) }).map(of('file')),
  record({ path, state: constant('absent') }).map(of('file')),
  record({ path: folderPath, state: constant('absent') }).map(of('file')),
  record({ path, mode }).map(of('file')),
  record({
    path: constantFrom('{{ root }}/link', '{{ root }}/b'),
    src: constantFrom('{{ root }}/d', '{{ root }}/e', 'a'),
  }).map(({ path: at, src }) => of('file')({ path: at, src, state: 'link' })),
  record({ content: text, dest: path, mode: some(mode) }).map(of('copy')),
  record({ content: constant('{{ json seen }}'), dest: path }).map(of('copy', { when: 'has_seen' })),
  record({ path, line: constantFrom('one', 'two', 'key=1'), create: boolean() }).map(of('lineinfile')),
  record({
    path,
    regexp: constant('^key='),
    line: constantFrom('key=2', 'key=3'),
    create: boolean(),
  }).map(of('lineinfile')),
  record({ src: constant('t.hbs'), dest: path }).map(of('template')),
  path.map((at) => of('stat', { register: 'seen' })({ path: at })),
  constant(of('set_fact')({ has_seen: true, seen: 'nothing' })),
  constant(of('set_fact', { when: 'has_seen' })({ known: '{{ json seen }}' })),
  record({ cmd: path.map((at) => `touch ${at}`), creates: path }).map(of('command')),
  path.map((at) => of('shell')({ cmd: `echo more >> ${at}` })),
  path.map((at) => of('shell', { changed_when: false })({ cmd: `cat ${at}` })),
  path.map((at) => of('command', { register: 'said' })({ cmd: `cat ${at}`, reads: true })),
  constant(of('debug')({ msg: '{{ known }}' })),
  constant(of('fail')({ msg: 'so it is wanted' })),
  constant(of('assert')({ that: ['known == "nothing"'] })),
  constantFrom('x', '{{ known }}', '{{ json first.changed }}').map((end) =>
    of('group_by')({ key: `g_${end}` }),
  ),
]

/** Where a block begins, its rescue, its always, and the task after it. */
const cuts = array(nat(8), { minLength: 4, maxLength: 4 }).map((places) =>
  places.sort((one, two) => one - two),
)

/** Keywords for any task. */
const keywords: Arbitrary<Keywords> = record({
  when: some(constantFrom('known == "nothing"', 'first.changed', '!first.changed', 'first.failed')),
  notify: some(constantFrom('note', 'other')),
  ignore_errors: some(constantFrom(true, true, false)),
  register: some(constantFrom('first', 'second')),
  failed_when: some(constantFrom(false, 'first.changed')),
  loop: some(constantFrom(['a', 'b'], ['x'])),
})

const listOf = (most: number): Arbitrary<readonly (readonly [Piece, Keywords | undefined])[]> =>
  array(tuple(oneof(...pieces), option(keywords, { nil: undefined, freq: 2 })), {
    minLength: 1,
    maxLength: most,
  })

/** Where the tasks of an include are: a file, or a role, whose tasks may be included too. */
const inclusion = record({
  at: nat(8),
  place: constantFrom('file', 'role'),
  tasks: listOf(3),
  places: some(cuts),
  keywords: record({
    when: some(constantFrom('known == "nothing"', 'first.changed')),
    loop: some(constantFrom(['a', 'b'], ['x'])),
  }),
})

const vars = {
  has_seen: false,
  seen: 'nothing',
  known: 'nothing',
  first: { changed: false, failed: false },
}
const handlers = [
  { name: 'note', copy: { content: 'noted\n', dest: '{{ root }}/noted' } },
  { name: 'other', shell: { cmd: 'echo other >> {{ root }}/others' } },
]

/** A play, in which tasks may be included, and one whose hosts may be those that a task has grouped. */
export const playbooks: Arbitrary<Playbook> = tuple(
  listOf(8),
  some(cuts),
  some(inclusion),
  some(record({ hosts: constantFrom('g_nothing', 'g_x', 'g_*', 'all:!g_true'), tasks: listOf(3) })),
).map(([tasks, places, included, later]) => {
  const own = tasksOf('task', tasks)
  const inside = included === undefined ? [] : blockOf(tasksOf('inside', included.tasks), included.places)
  const isFile = included?.place === 'file'
  const include = {
    name: 'include',
    ...(isFile ? { include_tasks: 'inside.yml' } : { include_role: { name: 'inside' } }),
    ...defined(included?.keywords ?? {}),
  }
  const all = included === undefined ? own : own.toSpliced(included.at, 0, include)
  const first = { name: 'Play', hosts: 'localhost', vars, tasks: blockOf(all, places), handlers }
  const second = later && {
    name: 'Later',
    hosts: later.hosts,
    vars,
    tasks: tasksOf('later', later.tasks),
    handlers,
  }
  return {
    text: JSON.stringify(second === undefined ? [first] : [first, second]),
    files: {
      't.hbs': 'known {{ known }} {{ json first.changed }}\n',
      [isFile ? 'inside.yml' : 'roles/inside/tasks/main.yml']: JSON.stringify(inside),
    },
  }
})

function of(
  module: string,
  own: Readonly<Record<string, unknown>> = {},
): (args: Readonly<Record<string, unknown>>) => Piece {
  return (args) => ({ module, args: defined(args), keywords: own })
}

function taskOf(
  { module, args, keywords: own = {} }: Piece,
  more: Readonly<Record<string, unknown>>,
  name: string,
): object {
  // A loop has names of files; a task without one has a single path.
  const looped = more['loop'] === undefined ? args : Object.fromEntries(Object.entries(args).map(withItem))
  return { name, ...defined({ ...more, ...own }), [module]: looped }
}

function tasksOf(
  name: string,
  tasks: readonly (readonly [Piece, Keywords | undefined])[],
): readonly object[] {
  return tasks.map(([piece, more], index) => taskOf(piece, more ?? {}, `${name} ${index}`))
}

/** Puts some of the tasks into a block. */
function blockOf(tasks: readonly object[], places: readonly number[] | undefined): readonly object[] {
  const [begin = 0, rescue = 0, always = 0, end = 0] = places ?? []
  if (begin >= Math.min(rescue, tasks.length)) return tasks
  const part = (from: number, to: number): readonly object[] | undefined =>
    from < Math.min(to, tasks.length) ? tasks.slice(from, to) : undefined
  const block = { block: part(begin, rescue), rescue: part(rescue, always), always: part(always, end) }
  return [...tasks.slice(0, begin), defined(block), ...tasks.slice(end)]
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
