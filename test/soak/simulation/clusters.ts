/** Small groups of tasks that depend on each other in the ways that are common in playbooks. */
import { defined } from '../../../src/base/defined.ts'
import type { Chance } from './clock.ts'

/** The required state of a path after an undisturbed run. */
export interface Declared {
  readonly path: string
  readonly is:
    | {
        readonly kind: 'file'
        readonly text?: string
        readonly lines?: readonly string[]
        readonly mode?: string
      }
    | { readonly kind: 'directory' }
    | { readonly kind: 'link'; readonly target: string }
    | { readonly kind: 'absent' }
  /** The simulation does not change it, because the playbook would not notice. */
  readonly kept?: true
  /** On the node of the host. */
  readonly on?: 'node'
}

export interface Piece {
  readonly task: Readonly<Record<string, unknown>>
  /** Deeds of this task only. They show that the task has acted. */
  readonly deeds: readonly string[]
  /** Runs in every run. */
  readonly imperative: boolean
  readonly ignored: boolean
}

export interface Cluster {
  readonly pieces: readonly Piece[]
  readonly declares: readonly Declared[]
  readonly before?: readonly string[]
}

interface Maker {
  readonly where: 'anywhere' | 'containers' | 'not containers'
  readonly make: (at: string, chance: Chance) => Cluster
}

export const clusters: readonly Maker[] = [
  { where: 'anywhere', make: directoryAndFile },
  { where: 'anywhere', make: throughLink },
  { where: 'anywhere', make: lines },
  { where: 'anywhere', make: program },
  { where: 'anywhere', make: creates },
  { where: 'anywhere', make: absent },
  { where: 'anywhere', make: loop },
  { where: 'anywhere', make: whenChanged },
  { where: 'anywhere', make: facts },
  { where: 'anywhere', make: ignoredFailure },
  { where: 'anywhere', make: reads },
  { where: 'anywhere', make: (at) => own('staged', { path: at }, [{ path: at, is: text('ready') }]) },
  {
    where: 'anywhere',
    make: (at) => own('service_file', { path: at }, [{ path: at, is: { kind: 'file' }, kept: true }]),
  },
  {
    where: 'anywhere',
    make: (at) =>
      own('pair', { path: at }, [
        { path: `${at}.1`, is: text('pair') },
        { path: `${at}.2`, is: text('pair') },
      ]),
  },
  { where: 'anywhere', make: undeclaredChange },
  { where: 'not containers', make: kernelModule },
  { where: 'containers', make: nodeLines },
  { where: 'containers', make: nodeLines },
]

function piece(
  task: Readonly<Record<string, unknown>>,
  deeds: readonly string[],
  more: Partial<Piece> = {},
): Piece {
  return { task, deeds, imperative: false, ignored: false, ...more }
}

function text(content: string, mode?: string): Extract<Declared['is'], { kind: 'file' }> {
  return { kind: 'file', text: content, ...defined({ mode }) }
}

function word(at: string): string {
  return at.slice(1).replaceAll('/', '_')
}

/** One task of a module that changes only its own files. */
function own(
  module: string,
  args: Readonly<Record<string, unknown>>,
  declares: readonly Declared[],
): Cluster {
  return {
    pieces: [
      piece(
        { [module]: args },
        declares.map(({ path }) => path),
      ),
    ],
    declares,
  }
}

function directoryAndFile(at: string, chance: Chance): Cluster {
  const file = `${at}/d/f`
  const mode = chance.pick(['0600', '0644', '0755'])
  const later = chance.happens(0.5)
  return {
    pieces: [
      piece({ file: { path: `${at}/d`, state: 'directory' } }, [`${at}/d`]),
      piece(
        { copy: { dest: file, content: 'one\n', ...defined({ mode: later ? undefined : mode }) } },
        later ? [] : [file],
      ),
      ...(later ? [piece({ file: { path: file, mode } }, [])] : []),
    ],
    declares: [
      { path: `${at}/d`, is: { kind: 'directory' } },
      { path: file, is: text('one\n', mode) },
    ],
  }
}

function throughLink(at: string): Cluster {
  const [target, link, seen] = [`${at}/d`, `${at}.link`, `${word(at)}_seen`]
  return {
    pieces: [
      piece({ file: { path: target, state: 'directory' } }, [target]),
      piece({ file: { path: link, src: target, state: 'link' } }, [link]),
      piece({ copy: { dest: `${link}/f`, content: 'through\n' } }, [`${link}/f`]),
      piece({ stat: { path: `${target}/f` }, register: seen }, []),
      piece({ copy: { dest: `${target}/seen`, content: `{{ ${seen}.stat.exists }}\n` } }, [`${target}/seen`]),
    ],
    declares: [
      { path: link, is: { kind: 'link', target } },
      { path: `${target}/f`, is: text('through\n') },
      { path: `${target}/seen`, is: text('true\n') },
    ],
  }
}

function lines(at: string, chance: Chance): Cluster {
  const wanted = ['one', 'two', 'three'].slice(0, chance.whole(1, 3))
  return {
    pieces: wanted.map((line) => piece({ lineinfile: { path: at, line, create: true } }, [])),
    declares: [{ path: at, is: { kind: 'file', lines: wanted } }],
  }
}

function program(at: string): Cluster {
  const [cmd, said] = [`count ${word(at)}`, `${word(at)}_said`]
  return {
    pieces: [
      piece({ command: { cmd }, register: said }, [`program ${cmd}`], { imperative: true }),
      piece({ copy: { dest: at, content: `it said {{ ${said}.rc }}\n` } }, [at]),
    ],
    declares: [{ path: at, is: text('it said 0\n') }],
  }
}

function creates(at: string): Cluster {
  const cmd = `put ${at} made`
  return {
    pieces: [piece({ command: { cmd, creates: at } }, [`program ${cmd}`])],
    declares: [{ path: at, is: { kind: 'file' } }],
  }
}

function absent(at: string): Cluster {
  return {
    pieces: [piece({ file: { path: at, state: 'absent' } }, [at])],
    declares: [{ path: at, is: { kind: 'absent' } }],
    before: [at],
  }
}

function loop(at: string): Cluster {
  const paths = ['a', 'b', 'c'].map((name) => `${at}.${name}`)
  return {
    pieces: [
      piece({ copy: { dest: `${at}.{{ item }}`, content: '{{ item }}\n' }, loop: ['a', 'b', 'c'] }, paths),
    ],
    declares: paths.map((path) => ({ path, is: text(`${path.slice(-1)}\n`) })),
  }
}

function whenChanged(at: string): Cluster {
  const [cmd, result] = [`count ${word(at)}`, `${word(at)}_copied`]
  return {
    pieces: [
      piece({ copy: { dest: at, content: 'new\n' }, register: result }, [at]),
      piece({ command: { cmd }, when: `${result}.changed` }, [`program ${cmd}`], { imperative: true }),
    ],
    declares: [{ path: at, is: text('new\n') }],
  }
}

function facts(at: string): Cluster {
  const fact = `${word(at)}_fact`
  return {
    pieces: [
      piece({ set_fact: { [fact]: 'known' } }, []),
      piece({ copy: { dest: at, content: `{{ ${fact} }}\n` } }, [at]),
    ],
    declares: [{ path: at, is: text('known\n') }],
  }
}

function ignoredFailure(at: string): Cluster {
  const [cmd, result] = [`fails ${word(at)}`, `${word(at)}_failed`]
  return {
    pieces: [
      piece({ command: { cmd }, register: result, ignore_errors: true }, [`program ${cmd}`], {
        imperative: true,
        ignored: true,
      }),
      piece({ copy: { dest: at, content: `{{ ${result}.failed }}\n` } }, [at]),
    ],
    declares: [{ path: at, is: text('true\n') }],
  }
}

function reads(at: string): Cluster {
  const said = `${word(at)}_read`
  return {
    pieces: [
      piece({ copy: { dest: at, content: 'to be read\n' } }, [at]),
      piece({ command: { cmd: `cat ${at}`, reads: true }, register: said }, []),
      piece({ copy: { dest: `${at}.copy`, content: `{{ ${said}.stdout }}\n` } }, [`${at}.copy`]),
    ],
    declares: [
      { path: at, is: text('to be read\n') },
      { path: `${at}.copy`, is: text('to be read\n') },
    ],
  }
}

function undeclaredChange(at: string): Cluster {
  const other = `${at}.other`
  return {
    pieces: [
      piece({ undeclared: { path: at, other } }, [`program mark ${at} ${other}`]),
      piece({ copy: { dest: other, content: 'wanted\n' } }, [other]),
    ],
    declares: [
      { path: at, is: text('mark'), kept: true },
      { path: other, is: text('wanted\n') },
    ],
  }
}

function kernelModule(at: string): Cluster {
  const name = word(at)
  const file = `/etc/modules-load.d/gpuplay-${name}.conf`
  return {
    pieces: [piece({ kernel_module: { name } }, [file, `program modprobe -- ${name}`])],
    declares: [{ path: file, is: { kind: 'file' } }],
  }
}

function nodeLines(at: string, chance: Chance): Cluster {
  const path = chance.pick(['/s/shared', `${at}.shared`])
  const line = '{{ inventory_hostname }}'
  return {
    pieces: [
      piece({ node_line: { path, line: `${line} one` } }, []),
      piece({ node_line: { path, line: `${line} two` } }, []),
    ],
    declares: [{ path, on: 'node', is: { kind: 'file', lines: ['HOST one', 'HOST two'] } }],
  }
}
