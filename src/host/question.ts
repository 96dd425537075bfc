/**
 * Named questions: everything that a probe can ask a program on a host.
 *
 * A question is one program of the list below, an exact pattern of its arguments, and a parser of its answer.
 * The words of the pattern are fixed where it is declared. A value fills one whole argument, must match the
 * pattern of its place, and never begins with a dash, so that no value can become an option. Only `src/host`,
 * `src/apt`, `src/nvidia` and `src/proxmox` declare questions (a lint rule); modules use them by name.
 */
import { HostError } from '../base/errors.ts'
import { invalidName } from './names.ts'
import { senselessAnswer } from './queries/query.ts'
import type { ResourcePattern } from './resource.ts'
import type { Answer } from './status.ts'

/** A question with its values, ready for `Host.ask`. Only `question` and `questionAbout` create one. */
export interface Question<Said> {
  /** The pattern, for tests. */
  readonly words: Words
  /** The pattern with its values. */
  readonly argv: readonly string[]
  /** The command that runs: `argv`, and options that keep the program from rewriting its caches. */
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Resources that the answer depends on. */
  readonly reads: readonly ResourcePattern[]
  /** Prevents the program from changing the host (`queries/ask.ts`). */
  readonly guard: 'nvidia' | undefined
  /** The program itself, if it is one of ours. */
  readonly carried: Carried | undefined
  /** Milliseconds; undefined: as every question. */
  readonly timeout: number | undefined
  parse(answer: Answer): Said
}

/** A program that travels with its question. */
export type Carried =
  | { readonly script: string }
  /** Base64 of its gzipped bytes. */
  | { readonly gzip: string }

/** The place of a value in a pattern. */
export interface Slot<
  Name extends string = string,
  Takes extends 'one' | 'many' = 'one' | 'many',
  Word extends string = string,
> {
  readonly name: Name
  readonly takes: Takes
  readonly fits: RegExp | readonly Word[]
  /** Set when the value is the directory of this program. */
  readonly program?: Program
}

export type Program = keyof typeof programs

/** Takes exactly one argument, which matches the whole pattern. */
export function one<const Name extends string>(name: Name, fits: RegExp): Slot<Name, 'one'> {
  return { name, takes: 'one', fits: whole(fits) }
}

/** Takes any number of arguments, each of which matches the whole pattern. */
export function many<const Name extends string>(name: Name, fits: RegExp): Slot<Name, 'many'> {
  return { name, takes: 'many', fits: whole(fits) }
}

/** Takes exactly one of these words. */
export function oneOf<const Name extends string, const Word extends string>(
  name: Name,
  words: readonly Word[],
): Slot<Name, 'one', Word> {
  return { name, takes: 'one', fits: words }
}

/** Takes any number of these words, which may be options. */
export function someOf<const Name extends string, const Word extends string>(
  name: Name,
  words: readonly Word[],
): Slot<Name, 'many', Word> {
  return { name, takes: 'many', fits: words }
}

/** A program outside the PATH, in a directory that matches the whole pattern. */
export function inDirectory<const Name extends string>(
  program: Program,
  name: Name,
  fits: RegExp,
): ProgramSlot<Name> {
  return { name, takes: 'one', fits: whole(fits), program }
}

type ProgramSlot<Name extends string = string> = Slot<Name, 'one'> & { readonly program: Program }

/** The program and its arguments, in order. */
export type Words = readonly [Program | ProgramSlot, ...(readonly (string | Slot)[])]

/** The values that a pattern takes, by the names of their places. */
export type ValuesOf<Pattern extends Words> = {
  readonly [Place in Extract<Pattern[number], Slot> as Place['name']]: Place extends Slot<
    string,
    infer Takes,
    infer Word
  >
    ? Takes extends 'many'
      ? readonly Word[]
      : Word
    : never
}

interface Declaration<Pattern extends Words> {
  readonly words: Pattern
  readonly environment?: Readonly<Record<string, string>>
  readonly carried?: Carried
  /** Milliseconds, for a program that may need longer than most. */
  readonly timeout?: number
}

/**
 * Declares a question without values.
 * @throws Error for a program that is not on the list, or one without its required first argument
 */
export function question<const Pattern extends readonly [Program, ...(readonly string[])], Said>(
  declaration: Declaration<Pattern> & {
    /** Resources that the answer depends on, besides the program itself. */
    readonly reads: readonly ResourcePattern[]
    readonly parse: (answer: Answer) => Said
  },
): Question<Said> {
  const { words, reads, environment = {}, carried, timeout, parse } = declaration
  return new Asked({ words, argv: [...words], reads, environment, carried, timeout, parse })
}

/**
 * Declares a question about values.
 * @throws Error like `question`; the returned function throws HostError for a value that does not fit its
 * place
 */
export function questionAbout<const Pattern extends Words, Said>(
  declaration: Declaration<Pattern> & {
    reads(values: ValuesOf<Pattern>): readonly ResourcePattern[]
    parse(answer: Answer, values: ValuesOf<Pattern>): Said
  },
): ((values: ValuesOf<Pattern>) => Question<Said>) & { readonly words: Words } {
  const { words, environment = {}, carried, timeout } = declaration
  programOf(words)
  const about = (values: ValuesOf<Pattern>): Question<Said> =>
    new Asked({
      words,
      argv: words.flatMap((part) => argumentsFor(part, values)),
      reads: declaration.reads(values),
      environment,
      carried,
      timeout,
      parse: (answer) => declaration.parse(answer, values),
    })
  return Object.assign(about, { words })
}

/** Parses the answer of a host. @throws HostError for an invalid answer */
export function understood<Said>(question: Question<Said>, answer: Answer, host: string): Said {
  try {
    return question.parse(answer)
  } catch (error) {
    if (error instanceof HostError) throw error
    throw new HostError(senselessAnswer(question.argv.join(' '), error, host), error)
  }
}

/** Whether something was created by `question` or `questionAbout`: only such questions can be asked. */
export function isQuestion(thing: unknown): thing is Question<unknown> {
  return thing instanceof Asked
}

interface Rule {
  /** The word that must come first. */
  readonly first?: string
  /** Put before the arguments. */
  readonly adds?: readonly string[]
  readonly guard?: 'nvidia'
  /** The question carries the program. */
  readonly carried?: true
}

/** `apt-get -s` and `apt-cache` rewrite `/var/cache/apt/*.bin` as root unless these options prevent it. */
const noAptCaches = ['-o', 'Dir::Cache::pkgcache=', '-o', 'Dir::Cache::srcpkgcache=']

/** All programs that a question can run. Each can read without a change of the host that a user would notice. */
const programs = {
  'apt-cache': { adds: noAptCaches },
  'apt-get': { first: '-s', adds: noAptCaches },
  base64: { first: '-w0' },
  cat: {},
  ceph: {},
  // Ours, as all that are carried (src/nvidia, questions/tcp-ports.ts). libcuda creates missing device nodes.
  'cuda-probe': { guard: 'nvidia', carried: true },
  'device-probe': { carried: true },
  date: { first: '+%s' },
  dkms: { first: 'status' },
  // Starts a container from an image that is there, and removes it (src/nvidia/docker.ts).
  docker: { first: 'run' },
  dpkg: { first: '--print-architecture' },
  'dpkg-deb': { first: '-W' },
  'dpkg-query': { first: '-W' },
  find: {},
  flock: { first: '-n' },
  getent: { first: 'ahosts' },
  git: { first: '--no-optional-locks' },
  grep: {},
  head: {},
  hostname: { first: '--fqdn' },
  lsblk: {},
  modinfo: {},
  mokutil: { first: '--test-key' },
  nproc: {},
  nvcc: { first: '--version' },
  'nvidia-ctk': { first: 'cdi' },
  'nvidia-smi': { guard: 'nvidia' },
  pvecm: { first: 'status' },
  pveversion: {},
  systemctl: {},
  'systemd-detect-virt': {},
  tar: { first: '--compare' },
  'tcp-probe': { carried: true },
  uname: {},
} as const satisfies Readonly<Record<string, Rule>>

const rules: ReadonlyMap<string, Rule> = new Map(Object.entries(programs))

interface Asking<Said> {
  readonly words: Words
  readonly argv: readonly string[]
  readonly reads: readonly ResourcePattern[]
  readonly environment: Readonly<Record<string, string>>
  readonly carried: Carried | undefined
  readonly timeout: number | undefined
  readonly parse: (answer: Answer) => Said
}

/** A class, so that no other object can pass for a question. */
class Asked<Said> implements Question<Said> {
  readonly words: Words
  readonly argv: readonly string[]
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly reads: readonly ResourcePattern[]
  readonly guard: 'nvidia' | undefined
  readonly carried: Carried | undefined
  readonly timeout: number | undefined
  readonly parse: (answer: Answer) => Said
  constructor({ words, argv, reads, environment, carried, timeout, parse }: Asking<Said>) {
    const [path = '', ...args] = argv
    const program = programOf(words)
    const { adds = [], guard } = rules.get(program) ?? {}
    this.words = words
    this.argv = Object.freeze([...argv])
    this.command = Object.freeze([path, ...adds, ...args])
    this.environment = environment
    this.reads = [`command:${program}`, ...(path.startsWith('/') ? [`file:${path}` as const] : []), ...reads]
    this.guard = guard
    if ((carried !== undefined) !== (rules.get(program)?.carried ?? false))
      throw new Error(`only a program of ours is carried, and always (src/host/question.ts): ${program}`)
    this.carried = carried
    this.timeout = timeout
    this.parse = parse
    Object.freeze(this)
  }
}

/** @throws Error for a pattern that is not allowed */
function programOf([start, first]: Words): Program {
  const program = typeof start === 'string' ? start : start.program
  const rule = rules.get(program)
  if (rule === undefined) throw new Error(`no question may run ${program} (src/host/question.ts)`)
  if (rule.first !== undefined && rule.first !== first)
    throw new Error(
      `${program} may only be asked with ${rule.first} as its first argument (src/host/question.ts)`,
    )
  return program
}

/** The arguments that fill one place of a pattern. @throws HostError for a value that does not fit */
function argumentsFor(part: string | Slot, values: object): readonly string[] {
  if (typeof part === 'string') return [part]
  const { name, takes, program } = part
  const value: unknown = new Map<string, unknown>(Object.entries(values)).get(name)
  const all: readonly unknown[] = takes === 'one' ? [value] : Array.isArray(value) ? value : [undefined]
  return all.map((each) => {
    if (typeof each !== 'string' || !fits(part, each)) throw invalidName(name, String(each))
    return program === undefined ? each : `${each}/${program}`
  })
}

/** Whether a value fits a place. */
export function fits({ fits: wanted }: Slot, value: string): boolean {
  if (!(wanted instanceof RegExp)) return wanted.includes(value)
  return wanted.test(value) && !value.startsWith('-') && !/[\n\0]|(?:^|\/)\.\.?(?:\/|$)/.test(value)
}

function whole({ source }: RegExp): RegExp {
  return new RegExp(`^(?:${source})$`)
}
