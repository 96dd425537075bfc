/** Inventories in YAML and JSON: structure, types, text. */
import { files, type ParityCase, refused, yaml } from './cases.ts'

const structures: readonly ParityCase[] = [
  yaml(
    'groups, children and variables',
    'all:\n  hosts: {h: {x: 1}}\n  children:\n    a: {hosts: {i: }, vars: {y: [1, {z: 2}]}}\n    b: {children: {c: {hosts: {h: }}}}\n',
  ),
  yaml('ranges and ports', 'a:\n  hosts:\n    web[1:2]: {x: 1}\n    badwolf:5309:\n    "[::1]:22":\n'),
  yaml('one host without a colon', 'a:\n  hosts: test5\n'),
  yaml('one child without a colon', 'a:\n  hosts: {h: }\nb:\n  children: a\n'),
  yaml('an empty group', 'a:\nb: {hosts: {h: }}\n'),
  yaml('hosts that are a list', 'a:\n  hosts: [h]\n'),
  yaml(
    'priority of groups in YAML',
    'a: {hosts: {h: }, vars: {x: a, ansible_group_priority: 10}}\nb: {hosts: {h: }, vars: {x: b}}\n',
  ),
  yaml('a key that no group has', 'a:\n  hots: {h: }\n  hosts: {h: }\n', {
    differs: 'unknown keys',
    ...refused,
  }),
  yaml('a key twice', 'a:\n  hosts: {h: {x: 1, x: 2}}\n', { differs: 'repeated keys', ...refused }),
  yaml('yes and no', 'a:\n  hosts: {h: {x: yes, y: off}}\n', {
    differs: 'YAML 1.2',
    ours: { x: 'yes', y: 'off' },
  }),
  yaml(
    'a plug-in of Ansible',
    'plugin: ansible.builtin.generator\nhosts: {name: "{{ x }}-h"}\nlayers: {x: [a, b]}\n',
    { differs: 'plugins', ...refused },
  ),
  yaml('hosts that are numbers', 'a:\n  hosts: {7.2: }\n', { differs: 'names are text', ours: {} }),
  {
    name: 'JSON without an extension',
    files: { hosts: '{"all": {"hosts": {"h": {"x": [1, null, "{{y}}"]}}}}' },
  },
  { name: 'YAML without an extension', files: { hosts: 'all: {hosts: {h: {x: 1}}}\n' } },
  {
    name: 'JSON with one',
    files: { 'hosts.json': '{"a": {"hosts": {"h": {"x": 1.5}}, "vars": {"y": true}}}' },
  },
  {
    name: 'what an inventory program prints',
    files: { 'hosts.json': '{"_meta": {"hostvars": {"h": {"x": 1}}}, "a": {"hosts": ["h"]}}' },
    differs: 'saved output',
    ours: { x: 1 },
  },
  {
    name: 'TOML',
    files: { 'hosts.toml': '[a.hosts]\nh = { x = 1 }\n' },
    differs: 'TOML',
    ...refused,
  },
]

const scalars: readonly ParityCase[] = [
  yaml(
    'numbers and text',
    'a: {hosts: {h: {i: 12, f: 1.5, t: "12", v: 1.2.3, n: -3, z: 0, x: 0x1F, e: ""}}}\n',
  ),
  yaml('words for nothing', 'a: {hosts: {h: {x: ~, y: null, z: Null, w: , t: "~"}}}\n'),
  yaml('true and false in YAML', 'a: {hosts: {h: {x: true, y: False, z: TRUE, w: "true", n: y}}}\n'),
  yaml('dates and times', 'a: {hosts: {h: {x: 2026-11-22, y: "2026-11-22T03:15:00"}}}\n'),
  yaml('addresses and versions', 'a: {hosts: {h: {x: 10.0.0.1, y: 580.95.05, z: fe80::1, w: 10.0.0.0/8}}}\n'),
  yaml('quotes and escapes', `a: {hosts: {h: {x: "a\\tb\\u00e9", y: 'it''s', z: "a: b # c", w: '\\n'}}}\n`),
  yaml(
    'text of several lines',
    'a:\n  hosts:\n    h:\n      x: |\n        one\n        two\n      y: >-\n        one\n        two\n      z: |+\n        end\n\n      w: plain\n        goes on\n',
  ),
  yaml('letters of many languages', 'a: {hosts: {h: {x: Grüße, y: 日本語, z: "☃", w: "\\U0001F600"}}}\n'),
  yaml(
    'lists in several forms',
    'a:\n  hosts:\n    h:\n      x: [a, "b", 1]\n      y:\n      - a\n      - {b: 1}\n      - - c\n      z: []\n      w: {}\n',
  ),
  yaml(
    'comments of YAML',
    '# first\na: # group\n  hosts:   # hosts\n    h: {x: 1} # h\n    # i:\n  vars: {y: a#b, z: "#c"}\n',
  ),
  yaml(
    'anchors, aliases and merged maps',
    'x-base: &base {hosts: {h: &vars {x: 1, y: 2}}}\na: *base\nb:\n  hosts:\n    i: {<<: *vars, y: 3}\n',
  ),
  yaml(
    'anchors within groups',
    'a:\n  hosts:\n    h: &vars {x: 1, y: [1, 2]}\n    i: *vars\n    j: {<<: *vars, x: 2}\n  vars: {z: &z [a], w: *z}\n',
  ),
  yaml('start and end of a document', '---\na: {hosts: {h: }}\n...\n'),
  yaml('two documents', 'a: {hosts: {h: }}\n---\nb: {hosts: {i: }}\n'),
  yaml('numbers of YAML 1.1', 'a: {hosts: {h: {o: 0644, u: 1_000, s: 12:30:45}}}\n', {
    differs: 'YAML 1.2',
    ours: { o: 644, u: '1_000', s: '12:30:45' },
  }),
  yaml('numbers of YAML 1.2', 'a: {hosts: {h: {o: 0o644, e: 1e3}}}\n', {
    differs: 'YAML 1.2',
    ours: { o: 420, e: 1000 },
  }),
  yaml('numbers with an exponent and a point', 'a: {hosts: {h: {e: 1.0e+3, m: 2.5e-1}}}\n'),
  yaml('a number with many digits in YAML', 'a: {hosts: {h: {x: 12345678901234567890}}}\n', {
    differs: 'long numbers',
    ours: { x: '12345678901234567890' },
  }),
  yaml('the tag !unsafe', 'a: {hosts: {h: {x: !unsafe "{{ y }}"}}}\n', {
    differs: 'tags of YAML',
    ...refused,
  }),
  yaml('tags for types', 'a: {hosts: {h: {x: !!str 5, y: !!int "5"}}}\n'),
  yaml(
    'templates in YAML',
    'a: {hosts: {h: {x: "{{ y }}/z", y: 1, l: ["{{ y }}"], m: {k: "{{ y | int }}"}}}}\n',
  ),
  yaml('Jinja tags in values', 'a: {hosts: {h: {x: "{% if y %}a{% endif %}", y: "{# c #}d"}}}\n'),
  yaml('a key that is a number', 'a: {hosts: {h: {m: {1: a, 2.5: b}}}}\n'),
  yaml('names of variables in YAML', 'a: {hosts: {h: {foo-bar: 1}}}\n', {
    differs: 'names of variables',
    ...refused,
  }),
]

const groups: readonly ParityCase[] = [
  yaml(
    'groups at the top without all',
    'web:\n  hosts: {w1: , w2: {x: 1}}\ndb:\n  hosts:\n    d1:\n  vars: {y: 2}\n',
  ),
  yaml(
    'the groups all and ungrouped',
    'all:\n  hosts: {h: }\n  vars: {x: 1}\nungrouped:\n  hosts: {i: }\n  vars: {y: 2}\n',
  ),
  yaml(
    'a child that is described elsewhere',
    'all:\n  children:\n    a:\n    b: {children: {c: }}\na: {hosts: {h: }}\nc: {hosts: {i: }, vars: {x: 1}}\n',
  ),
  yaml(
    'a host in several groups',
    'a: {hosts: {h: {x: 1}}}\nb: {hosts: {h: {y: 2}}}\nc: {hosts: {h: {x: 3}}}\n',
  ),
  yaml(
    'nested groups and the strongest value',
    'a:\n  vars: {x: a, y: a, z: a}\n  children:\n    b:\n      vars: {x: b, y: b}\n      children:\n        c: {vars: {x: c}, hosts: {h: }}\n',
  ),
  yaml(
    'a child of two parents',
    'p: {children: {c: {hosts: {h: }}}, vars: {x: p}}\nq: {children: {c: }, vars: {x: q}}\n',
  ),
  yaml('empty parts', 'all:\n  hosts:\n  vars:\n  children:\n    a:\n    b:\n      hosts:\n'),
  yaml('no groups', '{}\n', { differs: 'empty maps', ours: {} }),
  yaml('only a comment', '# nothing\n'),
  yaml('a list instead of groups', '- h\n- i\n'),
  yaml('groups that contain each other', 'a: {children: {b: {children: {a: }}}}\n'),
  yaml('a group in itself', 'a: {children: {a: }}\n'),
  yaml('children that are a list', 'a: {children: [b, c]}\n'),
  yaml('vars that are a list', 'a: {vars: [{x: 1}], hosts: {h: }}\n'),
  yaml('a group that is text', 'a: {hosts: {h: }}\nversion: 2\n', { differs: 'unknown keys', ...refused }),
  yaml('a group whose name is a number', '5: {hosts: {h: }}\n'),
  yaml('a group with spaces in its name', 'web servers: {hosts: {h: }}\n', {
    differs: 'names of groups',
    ...refused,
  }),
  yaml('groups with dots and dashes', 'rack-1.north: {hosts: {h: }, vars: {x: 1}}\n'),
  yaml(
    'ranges of names in YAML',
    'a:\n  hosts:\n    "web[01:03].example.com": {x: 1}\n    "db-[a:c]": {y: 2}\n    "n[1:2][a:b]":\n',
  ),
  yaml(
    'ports in YAML',
    'a:\n  hosts:\n    h1:2222:\n    "h2:2200": {x: 1}\n    "[2001:db8::1]:22": {y: 2}\n',
  ),
  yaml('IPv6 in YAML', 'a:\n  hosts:\n    "2001:db8::1": {x: 1}\n    ::1:\n    fe80::1%eth0:\n'),
  yaml('a mapping with a tab', 'a:\n\thosts: {h: }\n'),
  yaml('a host with text instead of variables', 'a: {hosts: {h: text}}\n'),
  yaml(
    'priorities',
    'a: {hosts: {h: }, vars: {x: a, ansible_group_priority: "10"}}\nb: {hosts: {h: }, vars: {x: b, ansible_group_priority: 5}}\nc: {hosts: {h: }, vars: {x: c}}\n',
  ),
  yaml(
    'a priority of a parent',
    'p: {vars: {x: p, ansible_group_priority: 50}, children: {c: {hosts: {h: }, vars: {x: c}}}}\n',
  ),
  files(
    'INI in a file with the extension of YAML',
    { 'hosts.yml': '[a]\nh x=1\n' },
    { differs: 'content and extension', ...refused },
  ),
  files('YAML in a file with the extension .ini', { 'hosts.ini': 'all:\n  hosts:\n    h:\n' }),
  files('INI in hosts.cfg', { 'hosts.cfg': '[a]\nh x=1\n' }),
  files('YAML with the extension .yaml', { 'hosts.yaml': 'a: {hosts: {h: {x: 1}}}\n' }),
  files('JSON with lists, numbers and escapes', {
    'hosts.json':
      '{"a": {"hosts": {"h": {"x": [1, 2.5, true, null, "\\u00e9\\n"], "y": {"z": {}}}}, "children": {"b": {"hosts": {"i": {}}}}}}',
  }),
  files('JSON over several lines', {
    'hosts.json':
      '{\n  "all": {\n    "children": {\n      "web": {"hosts": {"h": null}}\n    },\n    "vars": {"x": "/a\\/b"}\n  }\n}\n',
  }),
  files('an empty file', { hosts: '' }),
  files('a file with blank lines', { hosts: '\n\n  \n# c\n' }),
  files('Windows line ends', { hosts: '[a]\r\nh x=1 y=b\r\n[a:vars]\r\nz=c d\r\n' }),
  files('Windows line ends in YAML', { 'hosts.yml': 'a:\r\n  hosts:\r\n    h: {x: 1}\r\n' }),
]

export const yamlCases = [...structures, ...scalars, ...groups]
