/**
 * Inventories as INI: `[group]`, `[group:children]`, `[group:vars]`, and a host with its variables on each
 * line.
 */
import type { Variable } from '../language/model.ts'
import { problem, type SourceFile, type SourcePosition } from '../language/source.ts'
import { didYouMean } from '../language/suggest.ts'
import type { InventoryBuilder } from './builder.ts'
import { iniValue, type Written } from './ini-value.ts'
import { wordsOf } from './ini-words.ts'

interface Section {
  readonly group: string
  readonly kind: 'hosts' | 'children' | 'vars'
}

export function readIniInventory(builder: InventoryBuilder, source: SourceFile): void {
  let section: Section | undefined = { group: 'ungrouped', kind: 'hosts' }
  const lines = source.text.split('\n')
  lines.forEach((raw, index) => {
    const line = raw.replace(/\r$/, '')
    const text = line.trim()
    if (text === '' || text.startsWith('#') || text.startsWith(';')) return
    const at = source.lineStart(index + 1) + (line.length - line.trimStart().length)
    if (text.startsWith('[') && /^\[[^\]]*\]\s*([#;].*)?$/.test(text)) {
      section = readSection(builder, source, { text, at })
    } else if (section !== undefined) {
      readLine(builder, source, { section, text, at })
    }
  })
}

interface Line {
  readonly text: string
  /** Offset of its first character. */
  readonly at: number
}

function readSection(builder: InventoryBuilder, source: SourceFile, line: Line): Section | undefined {
  const [, inside = '', after = ''] = /^\[([^\]]*)\]\s*(.*)$/.exec(line.text) ?? []
  const [group = '', kind = 'hosts', ...more] = inside.split(':')
  const where = source.position(line.at + 1, inside.length)
  if (/\s/.test(inside) || after.startsWith(';')) {
    const bare = inside.trim().replaceAll(/\s+/g, '_')
    builder.report('invalid-inventory', `"${line.text}" is not a valid section`, {
      where: source.position(line.at, line.text.length),
      hint: after.startsWith(';')
        ? `after a section, # starts a comment: [${bare}] # ...`
        : `write [${bare}]`,
    })
    return undefined
  }
  if ((kind !== 'hosts' && kind !== 'children' && kind !== 'vars') || more.length > 0) {
    builder.report('invalid-inventory', `there is no section "[${inside}]"`, {
      where,
      hint: didYouMean(
        kind,
        ['children', 'vars'],
        'the sections are [GROUP], [GROUP:children] and [GROUP:vars]',
      ),
    })
    return undefined
  }
  // `[GROUP:vars]` alone does not declare a group: its name may be misspelt.
  if (kind === 'vars') builder.nameGroup(group, where)
  else builder.group(group, where)
  return { group, kind }
}

function readLine(
  builder: InventoryBuilder,
  source: SourceFile,
  line: Line & { readonly section: Section },
): void {
  switch (line.section.kind) {
    case 'vars': {
      const [, before = '', name = '', between = '', value = ''] =
        /^(\s*)([^=]*?)(\s*=\s*)(.*)$/s.exec(line.text) ?? []
      const at = line.at + before.length + name.length + between.length
      const offsets = Array.from(value, (_, index) => at + index)
      const variable =
        between === ''
          ? noAssignment(builder, line.text, source.position(line.at, line.text.length))
          : readVariable(builder, source, { name, nameAt: line.at, text: value, at, offsets, kind: 'vars' })
      if (variable !== undefined) {
        warnOfComment(builder, variable)
        builder.setVariables('group in inventory', line.section.group, new Map([[variable.name, variable]]))
      }
      return
    }
    case 'children': {
      const [, child] = /^([^:\]\s]+)\s*(?:#.*)?$/.exec(line.text) ?? []
      const where = source.position(line.at, child?.length ?? line.text.length)
      if (child !== undefined) builder.addChild(line.section.group, child, where)
      else {
        builder.report('invalid-inventory', `"${line.text}" is not the name of a group`, {
          where,
          hint: 'write one group on each line',
        })
      }
      return
    }
    case 'hosts':
      readHost(builder, source, line)
  }
}

function readHost(
  builder: InventoryBuilder,
  source: SourceFile,
  { section, text, at }: Line & { readonly section: Section },
): void {
  const words = wordsOf(text)
  if (words === undefined) {
    builder.report('invalid-inventory', 'this line has an unclosed quote', {
      where: source.position(at, text.length),
      hint: 'close it, or put a backslash before a quote that is part of the value',
    })
    return
  }
  const [first, ...rest] = words
  if (first === undefined) return
  const variables = new Map<string, Variable>()
  for (const word of rest) {
    const equals = word.text.indexOf('=')
    const start = at + word.start
    const variable =
      equals <= 0
        ? noAssignment(builder, word.text, source.position(start, word.end - word.start))
        : readVariable(builder, source, {
            name: word.text.slice(0, equals),
            nameAt: start,
            text: word.text.slice(equals + 1),
            at: start + equals + 1,
            offsets: word.offsets.slice(equals + 1).map((offset) => at + offset),
            kind: 'hosts',
          })
    if (variable !== undefined) variables.set(variable.name, variable)
  }
  const where = source.position(at + first.start, first.end - first.start)
  for (const host of builder.addHosts(first.text, where, section.group)) {
    builder.setVariables('host in inventory', host, variables)
  }
}

function readVariable(
  builder: InventoryBuilder,
  source: SourceFile,
  written: Written & { readonly name: string; readonly nameAt: number },
): Variable | undefined {
  const { name, nameAt } = written
  const where = source.position(nameAt, name.length)
  if (!builder.values.checkName(name, where)) return undefined
  return { name, value: iniValue(builder.values, source, written), where }
}

/**
 * Ansible reads a comment after unquoted text as part of the text. After numbers, lists and quoted text it is
 * a comment.
 */
function warnOfComment(builder: InventoryBuilder, { name, value }: Variable): void {
  const text = value.kind === 'literal' ? value.value : value.kind === 'template' ? value.source : undefined
  if (typeof text !== 'string' || !/\s#/.test(text) || value.where.length !== text.length) return
  builder.warnings.push(
    problem('comment-in-value', `the comment is part of the value of "${name}", as in Ansible`, {
      where: value.where,
      hint: 'quote the value, or put the comment on its own line',
    }),
  )
}

function noAssignment(builder: InventoryBuilder, text: string, where: SourcePosition): undefined {
  builder.report('invalid-inventory', `"${text}" is not a variable`, { where, hint: 'write name=value' })
  return undefined
}
