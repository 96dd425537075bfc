import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Problem } from '../../base/errors.ts'
import { fileLocator, SourceFile } from '../source.ts'
import { TemplateParser } from '../template.ts'
import { ExpressionParser } from '../expression.ts'
import { ValueReader } from '../values.ts'
import { readYaml } from '../yaml.ts'

/** The problems of a value with this text: `column message || hint`, a line each. */
function saidOfValue(text: string): readonly string[] {
  const reader = new ValueReader()
  const { root } = readYaml(new SourceFile('vars.yml', `x: '${text.replaceAll("'", "''")}'\n`))
  assert.ok(root?.kind === 'map')
  const entry = root.entries.get('x')
  assert.ok(entry)
  reader.value(entry.value)
  return reader.problems.map(({ message, hint }) => [message, hint].join('\n'))
}

function problemsOfFile(text: string): readonly Problem[] {
  const problems: Problem[] = []
  new TemplateParser().parseFile(text, fileLocator(new SourceFile('app.conf.j2', text)), problems)
  return problems
}

function problemsOfExpression(text: string): readonly Problem[] {
  const problems: Problem[] = []
  new ExpressionParser().parse(text, fileLocator(new SourceFile('when', text)), problems)
  return problems
}

/** Values as in defaults of roles, with their hints. */
const values: readonly (readonly [value: string, help: string])[] = [
  [
    "{{ 'ubuntu' if facts.os.id in ['Pop!_OS','Linux Mint'] else facts.os.id }}",
    `write !cel 'facts.os.id in ["Pop!_OS", "Linux Mint"] ? "ubuntu" : facts.os.id'`,
  ],
  ["{{ 'a' if l else 'b' }}", `write !cel 'l ? "a" : "b"'`],
  ["{{ 'a' if l else 'b' }}-x", 'write {{#if l}}a{{else}}b{{/if}}'],
  ['{{ x if y }}', `write !cel 'y ? x : ""'`],
  ["{{ '.' + x if x else '' }}", `write !cel 'x ? "." + x : ""'`],
  ['{{ x | lower }}', 'write {{lower x}}'],
  ['{{ x|upper|trim }}', 'write {{trim (upper x)}}'],
  ["{{ x | default('y') }}", 'write {{default x "y"}}'],
  ['{{ x | default(\'say "y"\') }}', `write {{default x 'say "y"'}}`],
  ['{{ x | default(omit) }}', 'write {{default x omit}}'],
  ["pre-{{ x | default('y') }}-post", 'write {{default x "y"}}'],
  ['{{ x | bool }}', 'write {{x}}'],
  ['{{ x | int }}', 'write {{x}}'],
  ['{{ (x | int) + 1 }}', `write !cel 'int(x) + 1'`],
  ["{{ xs | join(',') }}", 'write {{join xs ","}}'],
  ['{{ xs | length }}', 'write {{length xs}}'],
  ['{{ xs | first }}', 'write {{xs.[0]}}'],
  ['{{ x | to_nice_json }}', 'write {{json x 4}}'],
  ['{{ x | to_nice_yaml }}', 'write {{yaml x}}'],
  ["{{ x | replace('a', 'b') }}", 'write {{replace x "a" "b"}}'],
  ["{{ x | ternary('a', 'b') }}", `write !cel 'x ? "a" : "b"'`],
  ['{{ x | basename }} {{ y }}', 'write {{basename x}}'],
  [
    "{{ xs | selectattr('state', 'equalto', 'on') | map(attribute='name') | list }}",
    `write !cel 'xs.filter(x, x.state == "on").map(x, x.name)'`,
  ],
  ["{{ x | regex_replace('a(.)', '\\1$') }}", 'write {{regexReplace x "a(.)" "$1$$"}}'],
  ["{{ '%s' | format(x) }}", 'write {{format "%s" x}}'],
  ["{{ x | regex_findall('a') }}", 'write {{regexAll x "a"}}'],
  ['{{ a | combine(b, recursive=true) }}', 'write {{mergeDeep a b}}'],
  ['{{ a | combine(b, c) }}', 'write {{merge a b c}}'],
  ["{{ xs | sort(attribute='size') | last }}", 'write {{last (sort xs "size")}}'],
  [
    '{{ xs | sort(reverse=true) }}',
    'gpuplay has no equivalent of "sort": set a variable to its result, or see docs/reference.md',
  ],
  ['{{ xs | flatten(levels=1) | unique }}', 'write {{unique (flatten xs 1)}}'],
  ["{{ x | b64encode | hash('sha256') }}", 'write {{sha256 (base64 x)}}'],
  [
    "{{ x | hash('md5') }}",
    'gpuplay has no equivalent of "hash": set a variable to its result, or see docs/reference.md',
  ],
  ['{{ x | from_json }}', 'write {{fromJson x}}'],
  ['{{ x | from_yaml | to_nice_json }}', 'write {{json (fromYaml x) 4}}'],
  ['{{ m | dict2items }}', 'write {{dict2items m}}'],
  ["{{ m | dict2items(value_name='size') }}", 'write {{dict2items m "key" "size"}}'],
  ["{{ xs | items2dict(key_name='name', value_name='size') }}", 'write {{items2dict xs "name" "size"}}'],
  ['{{ a | union(b) | difference(c) }}', 'write {{difference (union a b) c}}'],
  ['{{ a | intersect(b) }}', 'write {{intersect a b}}'],
  ['{{ a | zip(b, c) | list }}', 'write {{zip a b c}}'],
  ["{{ lookup('file', 'key.pub') }}", 'write {{file "key.pub"}}'],
  [
    "{{ lookup('pipe', 'date') }}",
    'gpuplay looks up only files and the environment: write file("name") or env("NAME"); put other values into vars, or use -e name=value',
  ],
  ["{{#if x is version('1.0', '>=')}}x{{/if}}", 'write {{#if (versionIs x ">=" "1.0")}}'],
  ["{{#if x is search('a')}}x{{/if}}", 'write {{#if (matches x "a")}}'],
  ['{{ x is defined }}', `write !cel 'defined(x)'`],
  ['{{ x is not none and y }}', `write !cel 'x != null && y'`],
  ['{{ not x or y }}', `write !cel '!x || y'`],
  ['{{ a and b }}', `write !cel 'a && b'`],
  ['{{ a == b }}', `write !cel 'a == b'`],
  ['{{ a + 1 }}', `write !cel 'a + 1'`],
  ['{{ 5 - 2 }}', `write !cel '5 - 2'`],
  ['{{ a-b }}', `write !cel 'a - b'`],
  ['{{ a/b }}', `write !cel 'a / b'`],
  ['x{{ a * 2 }}', `set a variable under "vars", such as value: !cel 'a * 2', and write {{value}}`],
  ["{{ a ~ '-' ~ b }}", 'write {{a}}-{{b}}'],
  ["{{ '/srv/' + name }}/x", 'write /srv/{{name}}'],
  ['{{ l[0] }}', 'write {{l.[0]}}'],
  ['{{ l.0 }}', 'write {{l.[0]}}'],
  ["{{ m['key'] }}", `write !cel 'm["key"]'`],
  ['{{ m[k] }}-', 'write {{lookup m k}}'],
  ['{{ l[-1] }}', `write !cel 'l[l.size() - 1]'`],
  ['{{ name[:8] }}', `write !cel 'name.substring(0, 8)'`],
  ["{{ x.split(',')[0] }}", `write !cel 'x.split(",")[0]'`],
  ["{{ x.startswith('a') }}", `write !cel 'x.startsWith("a")'`],
  ["{{ m.get('k', 'd') }}", `write !cel 'default(m.k, "d")'`],
  ['{{ x.format() }}', 'use the patterns of printf: format("%s", x)'],
  ['{{ [a] }}', `write !cel '[a]'`],
  ['{{ [1, 2] }}', `write !cel '[1, 2]'`],
  ["{{ {'a': 1} }}", `write !cel '{"a": 1}'`],
  ['{{ (a, b) }}', `write !cel '[a, b]'`],
  ['{{ "a" "b" }}', `write !cel '"ab"'`],
  ['{{- x -}}', 'write {{~x~}}'],
  ['a {{- x }}', 'write {{~x}}'],
  ['{{ x -}} b', 'write {{x~}}'],
  ["{{ lookup('env', 'HOME') }}", 'write {{env "HOME"}}'],
  ['{{ range(3) | list }}', 'write {{range 3}}'],
  ["{{ ansible_facts['os_family'] | lower }}", 'write {{lower facts.os_family}}'],
  ["{{ default(x, 'y') }}", 'write {{default x "y"}}'],
  ["{{ x is version('1.0', '>=') }}", `write !cel 'version(x) >= version("1.0")'`],
  ['{{#if a == b}}x{{/if}}', 'write {{#if (eq a b)}}'],
  ['{{#if a}}x{{else if b is defined}}y{{/if}}', 'write {{else if (defined b)}}'],
  [
    '{{#each xs | default([]) as |x|}}y{{/each}}',
    `set a variable under "vars", such as value: !cel 'default(xs, [])', and write {{#each value}}`,
  ],
  ['{# note #}', 'write {{!-- note --}}'],
  ['{% set a = b | length %}', `set it under "vars": a: !cel 'b.size()'`],
  ["{% include 'x' %}", 'put its text into this template, or set a variable to it'],
  ['{% raw %}', 'remove it, and write \\{{ for every literal {{'],
  ['{%if a%}', 'write {{#if a}} ... {{/if}}'],
  ["{%- if a == 'x' and not b -%}", 'write {{#if (and (eq a "x") (not b))}} ... {{/if}}'],
  ['{% elif a in b %}', 'write {{else if (includes b a)}}'],
  [
    '{% if a > 1 %}',
    `set a variable under "vars", such as value: !cel 'a > 1'; then write {{#if value}} ... {{/if}}`,
  ],
  ['{% for s in xs %}', 'write {{#each xs as |s|}} ... {{/each}}; inside it other variables are @root.name'],
  [
    '{% for k, v in m.items() %}',
    'write {{#each m as |v k|}} ... {{/each}}; inside it other variables are @root.name',
  ],
  [
    '{% for s in xs if s.on %}',
    'write {{#each xs as |s|}} {{#if s.on}} ... {{/if}} {{/each}}; inside it other variables are @root.name',
  ],
  [
    '{% for s in xs | sort %}',
    'write {{#each (sort xs) as |s|}} ... {{/each}}; inside it other variables are @root.name',
  ],
  ['{% endfor %}', 'write {{/each}}'],
  ['{% fro s in xs %}', 'docs/playbooks.md describes the blocks and helpers of templates'],
]

for (const [value, help] of values) {
  test(`the value ${value} is refused with a hint`, () => {
    const said = saidOfValue(value)
    assert.equal(said.length, 1, said.join('\n'))
    assert.match(said[0] ?? '', /^".*" (uses|is) .*; templates here are Handlebars\n/s)
    assert.equal(said[0]?.split('\n')[1], help)
  })
}

test('Jinja in a file is reported at its line and column, with hints for files', () => {
  const text = `# {{ ansible_managed }}
{% for s in servers %}
server {{ s }} weight={{ s.weight | default(1) }};
{% endfor %}
user {{ 'www-data' if debian else 'nginx' }};
{# off #}
`
  const said = problemsOfFile(text).map(
    ({ message, where, hint }) =>
      `${where?.file}:${where?.line}:${where?.column} ${message.split(';')[0]} || ${hint}`,
  )
  assert.deepEqual(said, [
    'app.conf.j2:2:1 "{% for s in servers %}" is Jinja || write {{#each servers as |s|}} ... {{/each}}; inside it other variables are @root.name',
    'app.conf.j2:4:1 "{% endfor %}" is Jinja || write {{/each}}',
    'app.conf.j2:6:1 "{# off #}" is Jinja || write {{!-- off --}}',
    'app.conf.j2:3:23 "{{ s.weight | default(1) }}" uses a Jinja filter || write {{default s.weight 1}}',
    `app.conf.j2:5:6 "{{ 'www-data' if debian else 'nginx' }}" uses a Jinja inline "if" || write {{#if debian}}www-data{{else}}nginx{{/if}}`,
  ])
})

test('a file without Jinja is a template regardless of its name', () => {
  assert.deepEqual(problemsOfFile('port {{port}}\n'), [])
})

/** Text that only looks like Jinja. */
const harmless = [
  'n=${#list[@]}; m=${#name}; test ${#} -gt 1; x=${v%%#}',
  'x=${name%suffix} y=${name%%.*} z=${name#}',
  "awk '{ % }' ; date '+{%s}'; date +%H:%M",
  'LogFormat "%{Referer}i %{User-Agent}i"',
  "curl -w '%{http_code}' url",
  'a { color: #fff }  b{#1}',
  "docker ps --format '\\{{.Names}}'",
  '{{"{%"}} if x %}',
  "{{ '{{' }} {{ '}}' }}",
  '{{!-- {% if x %} --}}',
  '100% {50%}',
]
for (const text of harmless) {
  test(`${text} is not mistaken for Jinja`, () => {
    assert.deepEqual(saidOfValue(text), [])
  })
}

const expressions: readonly (readonly [expression: string, message: string, help: string])[] = [
  ["x is version('1.0','>=')", '"is version" is a Jinja test', 'write version(x) >= version("1.0")'],
  ["a is match('x')", '"is match" is a Jinja test', 'write a.matches("^x")'],
  ["a is search('x')", '"is search" is a Jinja test', 'write a.matches("x")'],
  ['b is number', '"is number" is a Jinja test', 'write type(b) == int'],
  ['x is not none', '"is not none" is a Jinja test', 'write x != null'],
  ['x is defined', '"is defined" is a Jinja test', 'write defined(x)'],
  ['x is not defined or not y', '"is not defined" is a Jinja test', `write '!defined(x) || !y'`],
  ['a or x not in y', '"or" is a Jinja operator', 'write a || !(x in y)'],
  ['x | bool', '"| bool" is a Jinja filter', 'write x'],
  ['x | int > 3', '"| int" is a Jinja filter', 'write int(x) > 3'],
  ["x | default('a') == 'b'", '"| default" is a Jinja filter', 'write default(x, "a") == "b"'],
  ['not (a and b)', '"not" is a Jinja operator', `write '!(a && b)'`],
  [
    "'ok' in out.stdout and out is changed",
    '"and" is a Jinja operator',
    'write out.stdout.contains("ok") && out.changed',
  ],
  ['out is failed or out is not succeeded', '"is failed" is a Jinja test', 'write out.failed || out.failed'],
  ['x if y else z', '"if" is a Jinja inline "if"', `write 'y ? x : z'`],
  ["a ~ 'b' == c", '"~" is a Jinja operator', 'write string(a) + "b" == c'],
  [
    "ansible_os_family == 'Debian' and x",
    '"and" is a Jinja operator',
    'write facts.os_family == "Debian" && x',
  ],
  ["lookup('env', 'A') == 'b' and x", '"and" is a Jinja operator', 'write env("A") == "b" && x'],
  ['n // 2 == 1', '"//" starts a comment in CEL, so the rest is ignored', 'write int(n / 2) == 1'],
  [
    "a == '{{ b }}'",
    'expressions cannot contain templates: the braces in this text stay as they are',
    'write b',
  ],
  [
    "a == 'x-{{ b | lower }}'",
    'expressions cannot contain templates: the braces in this text stay as they are',
    'write "x-" + b.lower()',
  ],
]

for (const [expression, message, help] of expressions) {
  test(`the expression ${expression} is refused with a hint`, () => {
    const [found, ...more] = problemsOfExpression(expression)
    assert.deepEqual(more, [])
    assert.equal(found?.message.replace('; expressions here are CEL', ''), message)
    assert.equal(found?.hint, help)
  })
}

test('every suggested replacement is valid', () => {
  const helps = [...values.map(([, help]) => help), ...expressions.map(([, , help]) => help)]
  let tried = 0
  for (const help of helps) {
    const tagged = /!cel '((?:[^']|'')*)'/.exec(help)?.[1]?.replaceAll("''", "'")
    const written = /^write '?(.*?)'?$/.exec(help)?.[1]
    const template = written?.startsWith('{{') === true || written?.includes('{{') === true
    if (tagged !== undefined) assert.deepEqual(problemsOfExpression(tagged), [], help)
    else if (written !== undefined && !template) {
      if (written.startsWith('the ')) continue
      assert.deepEqual(problemsOfExpression(written), [], help)
    } else if (written !== undefined && !/^\{\{(#|\/|else)/.test(written))
      assert.deepEqual(problemsOfFile(written), [], help)
    else continue
    tried += 1
  }
  assert.ok(tried > 60, `only ${tried} hints were checked`)
})
