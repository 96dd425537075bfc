/** Advice about playbooks and roles that are correct. Each kind has a code and can be switched off. */
import type { Position, Problem } from '../base/errors.ts'
import { advice } from './lint-codes.ts'
import type { Handler, Play, Playbook, Role, Task, Variable } from './model.ts'
import { didYouMean } from './suggest.ts'
import { adviceAboutTasks, tasksOfPlay } from './task-advice.ts'

export interface AdviceOptions {
  /** Names of all modules. */
  readonly modules: ReadonlySet<string>
  /** Variables of the inventory, if their readers are among the playbooks. */
  readonly inventory: readonly Variable[]
  /** Names that the engine reads. */
  readonly known: ReadonlySet<string>
  /** Whether a file of the role that is only known in a run contains this word. */
  readonly mentions: (role: Role, word: string) => boolean
}

/** Returns all advice, once for each place. Something counts as used if any of the playbooks uses it. */
export function adviceAbout(playbooks: readonly Playbook[], options: AdviceOptions): readonly Problem[] {
  const plays = playbooks.flatMap((playbook) => playbook.plays)
  const roles = [
    ...new Map(plays.flatMap((play) => play.roles).map(({ role }) => [role.directory, role])),
  ].map(([, role]) => role)
  return [
    ...plays.flatMap(unnamedPlay),
    ...adviceAboutTasks(plays, options.modules),
    ...unnotified(plays),
    ...roles.flatMap(undeclared),
    ...unread(playbooks, roles, options),
  ]
}

function unnamedPlay({ title, hosts }: Play): readonly Problem[] {
  if (title.where !== hosts.where) return []
  return [advice('unnamed-play', 'this play has no name', hosts.where, 'add "name", which the output shows')]
}

/** The handlers of a role may be notified in another play than this one. */
function unnotified(plays: readonly Play[]): readonly Problem[] {
  const notified = new Set<string>()
  const handlers = new Map<string, Handler>()
  for (const play of plays) {
    const names = new Set(tasksOfPlay(play).flatMap((task) => task.notify.map(({ name }) => name)))
    for (const handler of play.handlers) {
      handlers.set(placeOf(handler.where), handler)
      if ([handler.name, ...handler.listen].some((name) => names.has(name)))
        notified.add(placeOf(handler.where))
    }
  }
  return [...handlers].flatMap(([place, { name, where }]) =>
    notified.has(place)
      ? []
      : [
          advice(
            'handler-not-notified',
            `no task notifies the handler "${name}"`,
            where,
            'notify it, or remove it',
          ),
        ],
  )
}

function undeclared(role: Role): readonly Problem[] {
  const [first] = role.defaults.values()
  if (role.arguments === undefined)
    return first === undefined
      ? []
      : [
          advice(
            'role-without-arguments',
            `the role "${role.name}" has no meta/arguments.yml, so its variables are not checked`,
            first.where,
            'describe its variables there as a JSON Schema',
          ),
        ]
  const properties = role.arguments.schema['properties']
  const declared = typeof properties === 'object' && properties !== null ? Object.keys(properties) : []
  return [...role.defaults.values()].flatMap(({ name, where }) =>
    declared.includes(name)
      ? []
      : [
          advice(
            'undeclared-role-variable',
            `meta/arguments.yml of the role "${role.name}" does not describe "${name}"`,
            where,
            didYouMean(name, declared, 'add it under "properties", so that its values are checked') ?? '',
          ),
        ],
  )
}

function unread(
  playbooks: readonly Playbook[],
  roles: readonly Role[],
  { inventory, known, mentions }: AdviceOptions,
): readonly Problem[] {
  const reads = new Set(playbooks.flatMap((playbook) => [...playbook.reads]))
  const plays = playbooks.flatMap((playbook) => playbook.plays)
  const declared = new Set(roles.flatMap((role) => Object.keys(propertiesOf(role))))
  const set = plays.flatMap((play) => [
    ...play.vars.values(),
    ...play.prompts,
    ...play.roles.flatMap((use) => [...use.parameters.values()]),
    ...tasksOfPlay(play).flatMap((task) => [...task.vars.values(), ...registered(task)]),
  ])
  const outside = inventory.filter(({ name }) => !declared.has(name))
  const ofRoles = roles.flatMap((role) =>
    [...role.defaults.values(), ...role.vars.values()].filter(({ name }) => !mentions(role, name)),
  )
  const variables = new Map(
    [...set, ...outside, ...ofRoles]
      .filter(({ name }) => !reads.has(name) && !known.has(name))
      .map((variable) => [placeOf(variable.where), variable]),
  )
  return [...variables.values()].map(({ name, where }) =>
    advice(
      'variable-not-read',
      `nothing reads the variable "${name}"`,
      where,
      didYouMean(name, reads, 'remove it') ?? '',
    ),
  )
}

function propertiesOf(role: Role): object {
  const properties = role.arguments?.schema['properties']
  return typeof properties === 'object' && properties !== null ? properties : {}
}

function registered({ register, where }: Task): readonly Pick<Variable, 'name' | 'where'>[] {
  return register === undefined ? [] : [{ name: register, where }]
}

function placeOf({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`
}
