/** Finds the variables and paths that a CEL tree reads. */
import type { ASTNode } from '@marcbachmann/cel-js'
import type { Comparison } from './comparison.ts'
import type { ReadPath } from './model.ts'

const loops = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])

/**
 * Returns every path that is read, once each, without names bound inside the expression (`xs.all(x, ...)`).
 */
export function readsOf(root: ASTNode): readonly ReadPath[] {
  const found = new Map<string, ReadPath>()
  visit(root, new Set(), (path) => found.set(JSON.stringify(path), path))
  return [...found.values()]
}

/**
 * Returns the variables that the expression tests for existence: those in the first argument of `defined` and
 * `default`.
 */
export function optionalNames(root: ASTNode): readonly string[] {
  const found = new Set<string>()
  walk(root, (node) => {
    if (node.op !== 'call') return
    const [name, [asked]] = node.args
    if (asked === undefined || (name !== 'defined' && name !== 'default')) return
    for (const [variable] of readsOf(asked)) if (variable !== undefined) found.add(variable)
  })
  return [...found]
}

/** Returns the paths compared with texts, by ==, != and `in` over a list of texts. */
export function comparisonsOf(root: ASTNode): readonly Comparison[] {
  const found: Comparison[] = []
  const add = (path: ReadPath | undefined, node: ASTNode): void => {
    if (path === undefined || node.op !== 'value' || typeof node.args !== 'string') return
    const { start, end } = node.range
    found.push({ path, text: node.args, offset: start, length: end - start })
  }
  walk(root, (node) => {
    if (node.op === '==' || node.op === '!=') {
      const [left, right] = node.args
      add(pathOf(left), right)
      add(pathOf(right), left)
    } else if (node.op === 'in') {
      const [left, right] = node.args
      if (right.op === 'list') for (const item of right.args) add(pathOf(left), item)
    }
  })
  return found
}

/** Returns the variables that a path names: its first part; for `hostvars.HOST.NAME` also the last. */
export function variablesOf([root, , other]: ReadPath): readonly string[] {
  if (root === undefined) return []
  return root === 'hostvars' && other !== undefined ? [root, other] : [root]
}

/** Returns the path of `a.b["c"].?d`, if the node is a path. */
export function pathOf(node: ASTNode): ReadPath | undefined {
  switch (node.op) {
    case 'id':
      return [node.args]
    case '.':
    case '.?': {
      const left = pathOf(node.args[0])
      return left === undefined ? undefined : [...left, node.args[1]]
    }
    case '[]':
    case '[?]': {
      const left = pathOf(node.args[0])
      const index = node.args[1]
      if (left === undefined || index.op !== 'value' || typeof index.args !== 'string') return undefined
      return [...left, index.args]
    }
    default:
      return undefined
  }
}

/** Replaces a computed key in a path; `hostvars[node]`, the host's own node, is distinguished. */
export const computedKey = '[...]'
export const ownNodeKey = '[node]'

/** Returns the path of `a[b].c` with its computed keys: the name that is read from some element. */
function computedPathOf(node: ASTNode, bound: ReadonlySet<string>): ReadPath | undefined {
  switch (node.op) {
    case 'id':
      return bound.has(node.args) ? undefined : [node.args]
    case '.':
    case '.?': {
      const left = computedPathOf(node.args[0], bound)
      return left === undefined ? undefined : [...left, node.args[1]]
    }
    case '[]':
    case '[?]': {
      const left = computedPathOf(node.args[0], bound)
      const index = node.args[1]
      if (left === undefined) return undefined
      if (index.op === 'value' && typeof index.args === 'string') return [...left, index.args]
      const own = index.op === 'id' && index.args === 'node' && !bound.has('node')
      return [...left, own ? ownNodeKey : computedKey]
    }
    default:
      return undefined
  }
}

/** Returns the computed keys of such a path. */
function computedKeysOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case '.':
    case '.?':
      return computedKeysOf(node.args[0])
    case '[]':
    case '[?]':
      return [...computedKeysOf(node.args[0]), node.args[1]]
    default:
      return []
  }
}

/** Calls `see` for every node, parents first. */
export function walk(node: ASTNode, see: (node: ASTNode) => void): void {
  see(node)
  for (const child of childrenOf(node)) walk(child, see)
}

function visit(node: ASTNode, bound: ReadonlySet<string>, found: (path: ReadPath) => void): void {
  const path = pathOf(node)
  if (path !== undefined) {
    if (!bound.has(path[0] ?? '')) found(path)
    return
  }
  const computed = computedPathOf(node, bound)
  if (computed !== undefined) {
    found(computed)
    for (const key of computedKeysOf(node)) visit(key, bound, found)
    return
  }
  if (node.op === 'rcall') {
    const [name, receiver, args] = node.args
    const variable = args[0]
    if (loops.has(name) && args.length > 1 && variable?.op === 'id') {
      visit(receiver, bound, found)
      const inner = new Set([...bound, variable.args])
      for (const child of args.slice(1)) visit(child, inner, found)
      return
    }
    if (name === 'bind' && receiver.op === 'id' && receiver.args === 'cel' && variable?.op === 'id') {
      const inner = new Set([...bound, variable.args])
      const [, value, body] = args
      if (value !== undefined) visit(value, bound, found)
      if (body !== undefined) visit(body, inner, found)
      return
    }
    if (receiver.op === 'id' && receiver.args === 'optional') {
      for (const child of args) visit(child, bound, found)
      return
    }
  }
  for (const child of childrenOf(node)) visit(child, bound, found)
}

function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return []
    case '.':
    case '.?':
      return [node.args[0]]
    case 'call':
      return node.args[1]
    case 'rcall':
      return [node.args[1], ...node.args[2]]
    case 'list':
      return node.args
    case 'map':
      return node.args.flat()
    case '!_':
    case '-_':
      return [node.args]
    default:
      return node.args
  }
}
