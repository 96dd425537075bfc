/** YAML, JSON, folders, `group_vars`, and patterns. */
import { ini, type ParityCase, yaml } from './cases.ts'

const refused = { ours: 'refused' } as const

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
    differs: 'Ansible only warns',
    ...refused,
  }),
  yaml('a key twice', 'a:\n  hosts: {h: {x: 1, x: 2}}\n', { differs: 'Ansible only warns', ...refused }),
  yaml('yes and no', 'a:\n  hosts: {h: {x: yes, y: off}}\n', {
    differs: 'gpuplay reads YAML 1.2',
    ours: { x: 'yes', y: 'off' },
  }),
  yaml('a plug-in of Ansible', 'plugin: constructed\nstrict: false\n', {
    differs: 'it is a program',
    ...refused,
  }),
  yaml('hosts that are numbers', 'a:\n  hosts: {7.2: }\n', { differs: 'a name is always text', ours: {} }),
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
    differs: 'Ansible reads it only from programs',
    ours: { x: 1 },
  },
  {
    name: 'TOML',
    files: { 'hosts.toml': '[a.hosts]\nh = { x = 1 }\n' },
    differs: 'gpuplay does not support it',
    ...refused,
  },
]

const folders: readonly ParityCase[] = [
  {
    name: 'files of a folder in their order',
    files: { 'i/20': '[a]\nh x=2\n', 'i/10': '[a]\nh x=1 y=1\n', 'i/30.yml': 'a: {hosts: {h: {y: 3}}}\n' },
    sources: ['i'],
  },
  {
    name: 'folders in a folder',
    files: { 'i/01-a/hosts': '[a]\nh x=1\n', 'i/02/hosts.yml': 'b: {hosts: {h: {x: 2}}}\n', 'i/z': 'i\n' },
    sources: ['i'],
  },
  {
    name: 'what is left out of a folder',
    files: {
      'i/hosts': 'h\n',
      'i/ansible.cfg': '[defaults]\nx=1\n',
      'i/ec2.ini': '[ec2]\nregions = all\n',
      'i/notes.rst': 'Notes\n',
      'i/readme.md': 'x\n',
      'i/.hidden': 'x y\n',
      'i/old.bak': 'x y\n',
      'i/site.retry': 'k\n',
    },
    sources: ['i'],
  },
  {
    name: 'group_vars and host_vars, files and folders',
    files: {
      'i/hosts': '[a]\nh\n',
      'i/group_vars/all.yml': 'x: all\nq: all\n',
      'i/group_vars/a/one.yml': 'x: one\n',
      'i/group_vars/a/two.json': '{"y": 2}',
      'i/group_vars/a/deep/three': 'z: 3\n',
      'i/group_vars/a/README.md': 'no: {{ yaml\n',
      'i/group_vars/a/old.d/four.yml': 'w: 4\n',
      'i/host_vars/h': 'q: h\n',
    },
    sources: ['i/hosts'],
  },
  {
    name: 'group_vars of folders in a folder are not read',
    files: { 'i/sub/hosts': '[a]\nh\n', 'i/sub/group_vars/a.yml': 'x: 1\n' },
    sources: ['i'],
  },
  {
    name: 'a folder and a file for one group',
    files: { hosts: '[g]\nh\n', 'group_vars/g/a.yml': 'x: 1\n', 'group_vars/g.yml': 'x: 2\ny: 2\n' },
    sources: ['hosts'],
    differs: 'Ansible silently ignores the file',
    ...refused,
  },
  {
    name: 'several sources, the later wins',
    files: { one: '[a]\nh x=1 y=1\n[a:vars]\nz=1\n', two: '[a]\nh x=2\n[a:vars]\nz=2\n' },
    sources: ['one', 'two'],
  },
  {
    name: 'a source that declares what an earlier one names',
    files: { one: '[a:children]\nb\n', two: '[b]\nh\n' },
    sources: ['one', 'two'],
    differs: 'in gpuplay, the order of the sources does not matter',
    ours: {},
  },
  { name: 'a list of hosts', files: { x: 'h\n' }, sources: ['h1,h2:22,[::1]:23,'] },
  { name: 'a file with a comma in its name', files: { 'a,b': 'h x=1\n' }, sources: ['a,b'] },
  {
    name: 'a variable that the tool sets itself',
    files: { hosts: 'h groups=1 inventory_hostname=x\n' },
  },
  {
    name: 'a priority in group_vars',
    files: { hosts: '[a]\nh\n', 'group_vars/a.yml': 'ansible_group_priority: 5\n' },
    sources: ['hosts'],
    differs: 'it has no effect there',
    ...refused,
  },
]

const hosts = 'lonely\n[web]\nweb1\nweb2\nweb3\n[db]\ndb1\ndb2\nweb3\n[all2:children]\ndb\nweb\n'
const matching: readonly ParityCase[] = [
  ini('patterns', hosts, {
    patterns: [
      'all',
      '*',
      'web',
      'web:db',
      'web,db1',
      'web:&db',
      'web:!db',
      'all:!web',
      '!web',
      'web*',
      '?b1',
      '~(web|db)1',
      'db[0]',
      'db[1]',
      'db[-1]',
      'all[0]',
      'all[1]',
      'all[1:3]',
      'web[0:1]',
      'web[1:]',
      'all:!db[0]',
      'all2[0]',
      'all2[3]',
      'db[0]:web[0]',
      'web*[1]',
      'ungrouped',
      'web:db:&web:!web1',
      'nope',
      'web:!nope',
    ],
  }),
  ini('ranges with a dash', 'a\n[web]\nweb1\nweb2\nweb3\n', {
    patterns: ['web[0-1]'],
    differs: 'it can also be a set of characters in a name',
    ours: { 'web[0-1]': [] },
  }),
  ini('ranges without a start', '[web]\nweb1\nweb2\nweb3\n', {
    patterns: ['web[:1]'],
    differs: 'Ansible reads it as a set of characters in a name',
    ours: { 'web[:1]': ['web1', 'web2'] },
  }),
  ini('letters of names', 'gpu01\ngpu02\ngpu03\n', {
    patterns: ['gpu0[1-2]'],
    differs: 'Ansible reads it as positions',
    ours: { 'gpu0[1-2]': ['gpu01', 'gpu02'] },
  }),
]

export const otherCases = [...structures, ...folders, ...matching]
