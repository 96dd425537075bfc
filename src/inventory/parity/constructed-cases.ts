/** Constructed groups and variables. The expressions mean the same in Jinja and CEL, but for the differences. */
import { files, type ParityCase, refused } from './cases.ts'

const hosts =
  `[gpu]\nh base=10 gpus=2 model=A4000 os=debian labels="['x','y']" place="{'rack': 'r1', 'row': ''}"\n` +
  `i base=10 gpus=1 model=A2 os=debian labels="['y']" place="{'rack': 'r2'}"\n[cpu]\nj base=10 os=ubuntu\n`

/** A constructed source after the hosts. */
const constructed = (name: string, text: string, more: Partial<ParityCase> = {}): ParityCase =>
  files(
    name,
    { 'i/10-hosts': hosts, 'i/20-constructed.yml': `plugin: constructed\n${text}` },
    { sources: ['i'], ...more },
  )

export const constructedCases: readonly ParityCase[] = [
  constructed('variables', 'strict: false\ncompose:\n  both: model\n  some: labels\n  text: "\'a\'"\n'),
  constructed(
    'variables read what was there before',
    'strict: true\ncompose: {os: "os + \'!\'", next: os}\n',
  ),
  constructed('groups by a condition', `strict: false\ngroups:\n  many: gpus > 1\n  deb: os == 'debian'\n`),
  constructed(
    'conditions with and, or, in',
    `strict: true\ngroups:\n  x: "os == 'debian' or base > 10"\n`.replace(' or ', ' || '),
    { differs: 'constructed: Jinja', ours: {} },
  ),
  constructed('groups by name', `strict: true\ngroups:\n  first: inventory_hostname == 'h'\n`),
  constructed('groups by other groups', `strict: true\ngroups:\n  graphical: "'gpu' in group_names"\n`),
  constructed('groups after values', 'strict: true\nkeyed_groups:\n  - {key: os, prefix: os}\n'),
  constructed('groups after values without a prefix', 'strict: true\nkeyed_groups: [{key: os}]\n'),
  constructed(
    'no separator at the start',
    'strict: true\nleading_separator: false\nkeyed_groups: [{key: os}, {key: os, prefix: p}]\n',
  ),
  constructed(
    'another separator',
    'strict: true\nkeyed_groups: [{key: os, prefix: os, separator: "-"}, {key: os, separator: ""}]\n',
  ),
  constructed('groups after lists', 'strict: false\nkeyed_groups: [{key: labels, prefix: label}]\n'),
  constructed('groups after maps', 'strict: false\nkeyed_groups: [{key: place, prefix: at}]\n'),
  constructed(
    'no separator at the end',
    'strict: false\nkeyed_groups: [{key: place, prefix: at, trailing_separator: false}]\n',
  ),
  constructed(
    'values instead of empty ones',
    'strict: false\nkeyed_groups: [{key: place, prefix: at, default_value: none}]\n',
  ),
  constructed(
    'a group around groups',
    'strict: true\nkeyed_groups: [{key: os, prefix: os, parent_group: systems}]\n',
  ),
  constructed(
    'a group around groups with a name from a variable',
    'strict: false\nkeyed_groups: [{key: os, prefix: os, parent_group: "m_{{ model }}"}]\n',
  ),
  constructed('sums', 'strict: false\ncompose: {more: gpus + base}\n', {
    differs: 'constructed: types',
    ours: { more: 12 },
  }),
  constructed('numbers as names', 'strict: false\nkeyed_groups: [{key: gpus, prefix: gpus}]\n', {
    differs: 'constructed: types',
    patterns: ['gpus_2'],
    ours: { gpus_2: ['h'] },
  }),
  constructed('a name with a dash', 'strict: true\ngroups: {all-hosts: "true"}\n', {
    differs: 'constructed: names',
    patterns: ['all-hosts'],
    ours: { 'all-hosts': ['h', 'i', 'j'] },
  }),
  constructed('a variable that some hosts lack', 'strict: true\ngroups: {many: gpus > 1}\n'),
  constructed('an expression with a mistake', 'strict: true\ngroups: {many: "gpus >"}\n'),
  constructed('an unknown key', 'strict: true\ngroop: {}\n', { differs: 'unknown keys', ...refused }),
  constructed('nothing to construct', ''),
  constructed('variables of constructed groups', 'strict: true\ngroups: {deb: os == "debian"}\n', {
    files: {
      'i/10-hosts': `${hosts}[deb]\n[deb:vars]\nfrom=deb\n`,
      'i/20.yml': 'plugin: constructed\nstrict: true\ngroups: {deb: os == "debian"}\n',
      'i/group_vars/deb.yml': 'file: deb\n',
    },
  }),
  constructed('two sources that construct', '', {
    files: {
      'i/10-hosts': hosts,
      'i/20.yml': 'plugin: constructed\nstrict: true\ncompose: {family: os}\n',
      'i/30.yml':
        'plugin: ansible.builtin.constructed\nstrict: true\nkeyed_groups: [{key: family, prefix: f}]\n',
    },
  }),
  constructed('strict is the default', 'groups: {many: gpus > 1}\n', {
    differs: 'constructed: strict',
    ...refused,
  }),
  constructed('Jinja in an expression', 'strict: true\ncompose: {x: os | upper}\n', {
    differs: 'constructed: Jinja',
    ...refused,
  }),
  constructed('a group without hosts', 'strict: true\ngroups: {none: base > 100}\n', {
    differs: 'constructed: empty groups',
    ours: {},
  }),
  constructed('a value with a space', 'strict: true\ncompose: {}\nkeyed_groups: [{key: kind, prefix: k}]\n', {
    files: {
      'i/10-hosts': `h kind="a b:c"\n`,
      'i/20.yml': 'plugin: constructed\nstrict: true\nkeyed_groups: [{key: kind, prefix: k}]\n',
    },
    patterns: ['k_a_b_c'],
  }),
  constructed('variables of files', 'strict: true\n', {
    files: {
      'i/10-hosts': 'h\n',
      'i/20.yml': 'plugin: constructed\nstrict: false\ncompose: {y: x + 1}\n',
      'i/group_vars/all.yml': 'x: 1\n',
    },
    differs: 'constructed: all variables',
    ours: { x: 1, y: 2 },
  }),
  constructed('variables of all', '', {
    files: {
      'i/10-hosts': '[a]\nh\n[all:vars]\nx=1\n',
      'i/20.yml': 'plugin: constructed\nstrict: false\ncompose: {y: x}\n',
    },
    differs: 'constructed: all variables',
    ours: { x: 1, y: 1 },
  }),
  constructed('hosts of later sources', '', {
    files: {
      'i/10.yml': 'plugin: constructed\nstrict: true\ngroups: {named: "true"}\n',
      'i/20-hosts': 'h\n',
    },
    differs: 'constructed: all hosts',
    patterns: ['named'],
    ours: { named: ['h'] },
  }),
]
