/** Hints for Jinja tags. */
import { parseJinja } from './parse.ts'
import { toCel } from './to-cel.ts'
import { toHandlebars, toParameter } from './to-handlebars.ts'
import { type JinjaNode, NoCounterpart } from './tree.ts'

const closing: Readonly<Record<string, string>> = {
  else: '{{else}}',
  endif: '{{/if}}',
  endfor: '{{/each}}',
}

const advice: Readonly<Record<string, string>> = {
  raw: 'remove it, and write \\{{ for every literal {{',
  endraw: 'remove it, and write \\{{ for every literal {{',
  include: 'put its text into this template, or set a variable to it',
  import: 'put its text into this template, or set a variable to it',
  from: 'put its text into this template, or set a variable to it',
  extends: 'templates cannot extend each other: write one template',
  block: 'templates cannot extend each other: write one template',
  endblock: 'templates cannot extend each other: write one template',
  macro: 'write the text where it is needed, or once inside {{#each}}',
  endmacro: 'write the text where it is needed, or once inside {{#each}}',
  break: "filter the list in a variable: !cel 'list.filter(x, ...)'",
  continue: 'write {{#if ...}} inside the {{#each}}',
  filter: 'use a helper on a variable: {{upper name}}',
  endfilter: 'use a helper on a variable: {{upper name}}',
}

/** @param inside the tag without its braces: `for x in xs` */
export function tagHint(inside: string): string {
  const [, word = '', rest = ''] = /^(\w*)\s*(.*)$/s.exec(inside) ?? []
  const known = Object.hasOwn(closing, word) ? closing[word] : undefined
  if (known !== undefined) return `write ${known}`
  const fixed = Object.hasOwn(advice, word) ? advice[word] : undefined
  try {
    return fixed ?? opening(word, rest) ?? 'docs/playbooks.md describes the blocks and helpers of templates'
  } catch (error) {
    if (!(error instanceof NoCounterpart)) throw error
    return (
      error.message || `set a variable under "vars" with !cel, and write {{#if value}} or {{#each value}}`
    )
  }
}

function opening(word: string, rest: string): string | undefined {
  switch (word) {
    case 'if':
      return conditional(rest, (condition) => `write {{#if ${condition}}} ... {{/if}}`)
    case 'elif':
      return conditional(rest, (condition) => `write {{else if ${condition}}}`)
    case 'for':
      return loop(rest)
    case 'set':
      return setting(rest)
    default:
      return undefined
  }
}

/** A condition that helpers cannot express becomes a variable. */
function conditional(text: string, write: (condition: string) => string): string | undefined {
  const node = parseJinja(text)?.node
  if (node === undefined) return undefined
  try {
    return write(toParameter(node))
  } catch (error) {
    if (!(error instanceof NoCounterpart)) throw error
    return `set a variable under "vars", such as value: !cel '${toCel(node).replaceAll("'", "''")}'; then ${write('value')}`
  }
}

function loop(text: string): string | undefined {
  const [, names = '', source = ''] = /^([\w\s,()]+?)\s+in\s+(.*)$/s.exec(text) ?? []
  const node = parseJinja(source.replace(/\s+recursive$/, ''))?.node
  if (node === undefined) return undefined
  const list = node.kind === 'choice' ? node.yes : node
  const inner = node.kind === 'choice' ? `{{#if ${toParameter(node.condition)}}} ... {{/if}}` : '...'
  const [first = '', second] = names.split(/[\s,()]+/).filter((name) => name !== '')
  // For a map, Handlebars gives the value first.
  const bound = second === undefined ? first : `${second} ${first}`
  const block = `{{#each ${toParameter(withoutItems(list))} as |${bound}|}} ${inner} {{/each}}`
  return `write ${block}; inside it other variables are @root.name`
}

/** `map.items()`, `map | dict2items`: the map itself. */
function withoutItems(node: JinjaNode): JinjaNode {
  if (node.kind === 'call' && node.callee.kind === 'field' && /^(iter)?items$/.test(node.callee.key))
    return node.callee.of
  return node.kind === 'filter' && /^(dict2items|list)$/.test(node.name) ? node.of : node
}

function setting(text: string): string | undefined {
  const [, name = '', source = ''] = /^([A-Za-z_]\w*)\s*=\s*(.*)$/s.exec(text) ?? []
  const node = parseJinja(source)?.node
  if (node === undefined) return undefined
  try {
    return `set it under "vars": ${name}: !cel '${toCel(node).replaceAll("'", "''")}'`
  } catch (error) {
    if (!(error instanceof NoCounterpart)) throw error
    return `set it under "vars": ${name}: "${toHandlebars(node)}"`
  }
}
