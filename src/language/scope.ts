/** The variables of one task on one host: layers, of which later ones override earlier ones. */
import { InputError } from '../base/errors.ts'
import { hideTexts, revealAll } from '../base/secret.ts'
import type { Secrets } from '../base/secrets.ts'
import type { Play, Role, RoleUse, Task, Variable, Variables } from './model.ts'
import { hideVariable } from './born-secrets.ts'
import { IncludedVariable } from './included-variable.ts'
import { renderValue } from './render.ts'
import { problem } from './source.ts'
import type { Scope, LocalSources } from './evaluation.ts'

/**
 * The sources of variables, weakest first: for each name, the last layer in this list wins. Facts and
 * built-in variables (`inventory_hostname`, `groups`, `hostvars`, `check_mode`, ...) override all others and
 * cannot be redefined.
 */
export const layerOrder = [
  'role defaults',
  'inventory',
  'play vars',
  'role vars',
  'role parameters',
  'task vars',
  'registered',
  'extra vars',
  'loop',
  'built in',
] as const
export type LayerName = (typeof layerOrder)[number]

/** User input, rendered on read; or final data, which may be or contain `Unknown` and `Secret`. */
export type LayerValues = { readonly written: Variables } | { readonly data: ReadonlyMap<string, unknown> }

export type Layer = { readonly layer: LayerName } & LayerValues

type Found =
  | {
      readonly kind: 'written'
      readonly layer: LayerName
      readonly variable: Variable
      /** All texts in the value are secrets. */
      readonly hidden?: boolean
    }
  | { readonly kind: 'data'; readonly layer: LayerName; readonly data: unknown }

/**
 * An immutable stack of layers. Each scope renders a variable's templates once, with its own variables, so a
 * task's `vars` affect the role's defaults.
 */
export class VariableScope implements Scope {
  readonly #layers: readonly Layer[]
  readonly #rendered = new Map<string, unknown>()
  readonly #open: string[] = []
  readonly #book: Pick<Secrets, 'add'> | undefined

  readonly localSources: LocalSources | undefined

  /** @param book Records the secrets among the variables when they are read. */
  constructor(layers: readonly Layer[], book?: Pick<Secrets, 'add'>, localSources?: LocalSources) {
    this.#book = book
    this.localSources = localSources
    // Of two layers with the same name, the later one wins.
    this.#layers = layers
      .map((layer, index) => ({ layer, index, rank: layerOrder.indexOf(layer.layer) }))
      .sort((left, right) => right.rank - left.rank || right.index - left.index)
      .map(({ layer }) => layer)
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined
  }

  get(name: string): unknown {
    if (this.#rendered.has(name)) return this.#rendered.get(name)
    const found = this.#find(name)
    if (found === undefined) return undefined
    const value = found.kind === 'data' ? found.data : this.#written(found)
    this.#rendered.set(name, value)
    return value
  }

  *names(): Iterable<string> {
    const seen = new Set<string>()
    for (const layer of this.#layers) {
      for (const name of 'written' in layer ? layer.written.keys() : layer.data.keys()) {
        if (seen.has(name)) continue
        seen.add(name)
        yield name
      }
    }
  }

  /** Returns the strongest of the candidates. */
  origin(name: string): ReturnType<VariableScope['candidates']>[number] | undefined {
    return this.candidates(name)[0]
  }

  /** Returns every layer that has the variable, strongest first; `variable` is absent for data. */
  candidates(name: string): readonly { readonly layer: LayerName; readonly variable?: Variable }[] {
    return [...this.#candidates(name)].map((found) =>
      found.kind === 'written' ? { layer: found.layer, variable: found.variable } : { layer: found.layer },
    )
  }

  #find(name: string): Found | undefined {
    for (const found of this.#candidates(name)) return found
    return undefined
  }

  /** Strongest first. */
  *#candidates(name: string): Iterable<Found> {
    for (const layer of this.#layers) {
      if ('written' in layer) {
        const variable = layer.written.get(name)
        if (variable !== undefined) yield { kind: 'written', layer: layer.layer, variable }
      } else if (layer.data.has(name)) {
        const data = layer.data.get(name)
        yield data instanceof IncludedVariable
          ? { kind: 'written', layer: layer.layer, variable: data.variable, hidden: data.hidden }
          : { kind: 'data', layer: layer.layer, data }
      }
    }
  }

  #written({ variable, hidden = false }: Extract<Found, { readonly kind: 'written' }>): unknown {
    const rendered = this.#render(variable)
    const named = hideVariable(variable, rendered)
    const value = hidden ? hideTexts(named) : named
    const book = this.#book
    if (book !== undefined) revealAll(value, (secret) => book.add(secret))
    return value
  }

  #render(variable: Variable): unknown {
    const { name, value, where } = variable
    if (this.#open.includes(name)) {
      const cycle = [...this.#open.slice(this.#open.indexOf(name)), name].join(' -> ')
      throw new InputError([
        problem('cyclic-variable', `this variable refers to itself: ${cycle}`, {
          where,
          hint: 'give one of them a value that does not use the others',
        }),
      ])
    }
    this.#open.push(name)
    try {
      return renderValue(value, this)
    } finally {
      this.#open.pop()
    }
  }
}

/** Returns the layers of the playbook for a task: variables of the play, the role and the task. */
export function taskLayers(play: Play, task: Task): readonly Layer[] {
  const layers: Layer[] = [...playLayers(play), { layer: 'task vars', written: task.vars }]
  if (task.role !== undefined) layers.push(...roleLayers(task.role))
  return layers
}

/** Returns the layers of a play: its variables, and the answers to its questions, which override them. */
export function playLayers({ vars, answers }: Play): readonly Layer[] {
  return [
    { layer: 'play vars', written: vars },
    { layer: 'play vars', data: answers },
  ]
}

/** Returns the layers of a role use for its tasks, weakest first. */
export function roleLayers(use: RoleUse): readonly Layer[] {
  return [
    ...use.dependencies.flatMap(variablesOfRole),
    ...[...use.parents, use].flatMap(({ role, parameters, inputs }): readonly Layer[] => [
      ...variablesOfRole(role),
      // The run evaluates those of an included role once.
      ...(inputs === undefined ? [{ layer: 'role parameters' as const, written: parameters }] : []),
    ]),
  ]
}

function variablesOfRole({ defaults, vars }: Role): readonly Layer[] {
  return [
    { layer: 'role defaults', written: defaults },
    { layer: 'role vars', written: vars },
  ]
}
