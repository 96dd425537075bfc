/** Functions on texts. */
import { posix } from 'node:path'
import { loadRe2 } from '../../base/built.ts'
import { quote } from '../../base/shell.ts'
import { compareVersions } from '../../base/version.ts'
import { formatText } from './format-text.ts'
import { FunctionError, needed, optional, shared, type SharedFunction } from './shared-function.ts'

const text = needed('text', 'text')
const pattern = needed('pattern', 'text')

export const textFunctions: Readonly<Record<string, SharedFunction>> = {
  lower: shared({
    parameters: [text],
    returns: 'text',
    meaning: 'The text in lower case',
    expression: 'text.lower()',
    template: '{{lower text}}',
    gives: 'text',
    apply: ([value]) => value.toLowerCase(),
  }),
  upper: shared({
    parameters: [text],
    returns: 'text',
    meaning: 'The text in upper case',
    expression: 'text.upper()',
    template: '{{upper text}}',
    gives: 'TEXT',
    apply: ([value]) => value.toUpperCase(),
  }),
  trim: shared({
    parameters: [text],
    returns: 'text',
    meaning: 'The text without spaces and line ends at its ends',
    expression: 'padded.trim()',
    template: '{{trim padded}}',
    gives: 'x',
    apply: ([value]) => value.trim(),
  }),
  indent: shared({
    parameters: [text, needed('width', 'number')],
    returns: 'text',
    meaning: 'The text with every line but the first and empty ones indented by that many spaces',
    expression: 'yaml(hosts).indent(2)',
    template: '{{indent (yaml hosts) 2}}',
    gives: '- name: x\n  - name: y',
    apply: ([value, width]) => indent(value, width),
  }),
  replace: shared({
    parameters: [text, needed('from', 'text'), needed('to', 'text')],
    returns: 'text',
    meaning: 'The text with every occurrence of one text replaced by another',
    expression: 'text.replace("T", "N")',
    template: '{{replace text "T" "N"}}',
    gives: 'Next',
    apply: ([value, from, to]) => value.replaceAll(from, () => to),
  }),
  split: shared({
    parameters: [text, needed('separator', 'text'), optional('most', 'number')],
    returns: 'list',
    meaning:
      'The parts of the text as a list; with a number, at most that many, and the last one is the rest',
    expression: 'path.split("/", 2)',
    template: '{{join (split path "/" 2) ","}}',
    gives: ['', 'a b/c.txt'],
    apply: ([value, separator, most]) => split(value, separator, most),
  }),
  matches: shared({
    parameters: [text, pattern],
    returns: 'boolean',
    meaning:
      'Whether a regular expression ([RE2](https://github.com/google/re2/wiki/Syntax)) is found anywhere in the text',
    expression: 'text.matches("^[A-Z]")',
    template: '{{#if (matches text "^[A-Z]")}}true{{/if}}',
    gives: true,
    apply: ([value, expression]) => matcherOf('matches', value, expression).find(),
  }),
  regexGroups: shared({
    parameters: [text, pattern],
    returns: 'list',
    meaning:
      'The first match and its groups, a group without a match as an empty text; an empty list without a match',
    expression: 'text.regexGroups("(T)(.)")',
    template: '{{join (regexGroups text "(T)(.)") ","}}',
    gives: ['Te', 'T', 'e'],
    apply: ([value, expression]) => {
      const matcher = matcherOf('regexGroups', value, expression)
      if (!matcher.find()) return []
      return Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? '')
    },
  }),
  regexAll: shared({
    parameters: [text, pattern],
    returns: 'list',
    meaning: 'All matches of a regular expression as a list of texts',
    expression: 'path.regexAll("[a-z]+")',
    template: '{{join (regexAll path "[a-z]+") ","}}',
    gives: ['a', 'b', 'c', 'txt'],
    apply: ([value, expression]) => {
      const matcher = matcherOf('regexAll', value, expression)
      const found: string[] = []
      while (matcher.find()) found.push(matcher.group() ?? '')
      return found
    },
  }),
  regexReplace: shared({
    parameters: [text, pattern, needed('to', 'text')],
    returns: 'text',
    meaning:
      'The text with every match replaced; `$1` stands for the first group, `$0` for the match, `$$` for a `$`',
    expression: 'text.regexReplace("(.)x", "x$1")',
    template: '{{regexReplace text "(.)x" "x$1"}}',
    gives: 'Txet',
    apply: ([value, expression, to]) => regexReplace(value, expression, to),
  }),
  format: shared({
    parameters: [pattern],
    more: needed('value', 'any'),
    returns: 'text',
    meaning:
      'The pattern with `%s` (text), `%d` (whole number), `%f` (number with a fraction), `%x` (hexadecimal) replaced by the values, as in printf: `%5d`, `%-5s`, `%05d`, `%+d`, `%.2f`; `%%` is a `%`',
    expression: 'format("gpu%03d", number)',
    template: '{{format "gpu%03d" number}}',
    gives: 'gpu001',
    apply: ([value, ...values]) => formatText(value, values),
  }),
  versionIs: shared({
    parameters: [text, needed('operator', 'text'), needed('version', 'text')],
    returns: 'boolean',
    meaning:
      'Whether a version compares like that with another, by one of `== != < <= > >=`. Missing parts are 0',
    expression: '"580.95.05".versionIs(">=", "570")',
    template: '{{#if (versionIs "580.95.05" ">=" "570")}}true{{/if}}',
    gives: true,
    apply: ([value, operator, other]) => versionIs(value, operator, other),
  }),
  quote: shared({
    parameters: [text],
    returns: 'text',
    meaning: 'The text as one word for a shell',
    expression: 'path.quote()',
    template: '{{quote path}}',
    gives: "'/a b/c.txt'",
    apply: ([value]) => quote(value),
  }),
  basename: shared({
    parameters: [needed('path', 'text')],
    returns: 'text',
    meaning: 'The last part of a path',
    expression: 'path.basename()',
    template: '{{basename path}}',
    gives: 'c.txt',
    apply: ([path]) => posix.basename(path),
  }),
  dirname: shared({
    parameters: [needed('path', 'text')],
    returns: 'text',
    meaning: 'A path without its last part',
    expression: 'path.dirname()',
    template: '{{dirname path}}',
    gives: '/a b',
    apply: ([path]) => posix.dirname(path),
  }),
}

function indent(value: string, width: number): string {
  if (!Number.isInteger(width) || width < 0 || width > 200)
    throw new FunctionError(`"indent" needs a whole number from 0 to 200, but got ${width}`)
  return value
    .split('\n')
    .map((line, index) => (index === 0 || line === '' ? line : ' '.repeat(width) + line))
    .join('\n')
}

function split(value: string, separator: string, most: number | undefined): readonly string[] {
  const parts = value.split(separator)
  if (most === undefined || most < 0 || parts.length <= most) return parts
  return most === 0 ? [] : [...parts.slice(0, most - 1), parts.slice(most - 1).join(separator)]
}

/** RE2 takes time linear in the text, so no pattern can hang a run. */
function matcherOf(
  name: string,
  value: string,
  expression: string,
): ReturnType<ReturnType<ReturnType<typeof loadRe2>['compile']>['matcher']> {
  try {
    return loadRe2().compile(expression).matcher(value)
  } catch (error) {
    throw new FunctionError(`"${name}" got an invalid regular expression`, {
      detail: error instanceof Error ? error.message.replace('error parsing regexp: ', '') : undefined,
    })
  }
}

function regexReplace(value: string, expression: string, to: string): string {
  const matcher = matcherOf('regexReplace', value, expression)
  const groups = matcher.groupCount()
  let result = ''
  let from = 0
  while (matcher.find()) {
    result += value.slice(from, matcher.start())
    result += to.replaceAll(/\$(\$|\d{1,2})/g, (_, group: string) => {
      if (group === '$') return '$'
      if (Number(group) > groups)
        throw new FunctionError(`"regexReplace" got $${group}, but the pattern has ${groups} groups`, {
          hint: 'put the part of the pattern in round brackets; for a literal $ write $$',
        })
      return matcher.group(Number(group)) ?? ''
    })
    from = matcher.end()
  }
  return result + value.slice(from)
}

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

function versionIs(value: string, operator: string, other: string): boolean {
  const holds = Object.hasOwn(comparisons, operator) ? comparisons[operator] : undefined
  if (holds === undefined)
    throw new FunctionError(`"versionIs" does not know the operator ${JSON.stringify(operator)}`, {
      hint: `the operators are ${Object.keys(comparisons).join(' ')}`,
    })
  return holds(compareVersions(value, other))
}
