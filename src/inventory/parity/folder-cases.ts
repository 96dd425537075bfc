/** Folders, several sources, `group_vars` and `host_vars`. */
import { files, type ParityCase, refused } from './cases.ts'

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
    differs: 'files for one name',
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
    differs: 'order of sources',
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
    differs: 'priority in files',
    ...refused,
  },
]

const chain = {
  'i/hosts.yml':
    'all:\n  vars: {a: all, b: all, c: all, d: all, e: all, f: all}\n  children:\n    web:\n      vars: {b: web, c: web, d: web, e: web, f: web}\n      hosts: {h: {d: host, e: host, f: host}}\n',
  'i/group_vars/all.yml': 'c: files of all\nb: files of all\n',
  'i/group_vars/web.yml': 'd: files of web\nc: files of web\n',
  'i/host_vars/h.yml': 'e: files of h\n',
}

const variables: readonly ParityCase[] = [
  files('each place of a variable in its turn', chain, { sources: ['i'] }),
  files(
    'the files next to a playbook are stronger',
    {
      ...chain,
      'p/group_vars/all.yml': 'c: play all\n',
      'p/group_vars/web.yml': 'd: play web\nb: play web\n',
      'p/host_vars/h.yml': 'f: play h\n',
    },
    { sources: ['i'], playbook: 'p' },
  ),
  files(
    'files of parents and children',
    {
      'i/hosts': '[p:children]\nc\n[c]\nh\n',
      'i/group_vars/p.yml': 'x: p\ny: p\n',
      'i/group_vars/c.yml': 'x: c\n',
    },
    { sources: ['i'] },
  ),
  files(
    'files of ungrouped',
    { 'i/hosts': 'h\n[a]\ni\n', 'i/group_vars/ungrouped.yml': 'x: 1\n' },
    { sources: ['i'] },
  ),
  files(
    'a folder for all',
    { 'i/hosts': 'h\n', 'i/group_vars/all/10.yml': 'x: 1\ny: 1\n', 'i/group_vars/all/20.yml': 'x: 2\n' },
    { sources: ['i'] },
  ),
  files(
    'extensions of files of variables',
    {
      'i/hosts': '[a]\nh\n[b]\ni\n[c]\nj\n[d]\nk\n',
      'i/group_vars/a.yml': 'x: 1\n',
      'i/group_vars/b.yaml': 'x: 2\n',
      'i/group_vars/c.json': '{"x": 3}',
      'i/group_vars/d': 'x: 4\n',
    },
    { sources: ['i'] },
  ),
  files(
    'files of variables that are empty',
    {
      'i/hosts': '[a]\nh x=1\n',
      'i/group_vars/a.yml': '',
      'i/host_vars/h.yml': '# nothing\n',
      'i/group_vars/all.yml': '---\n',
    },
    { sources: ['i'] },
  ),
  files(
    'a file of variables that is a list',
    { 'i/hosts': '[a]\nh\n', 'i/group_vars/a.yml': '- x\n' },
    { sources: ['i'] },
  ),
  files(
    'a file of variables with a mistake',
    { 'i/hosts': '[a]\nh\n', 'i/group_vars/a.yml': 'x: [1\n' },
    { sources: ['i'] },
  ),
  files(
    'maps are replaced, not merged',
    { 'i/hosts': '[a]\nh\n[a:vars]\nm={"x": 1, "y": 1}\n', 'i/group_vars/a.yml': 'm: {y: 2}\n' },
    { sources: ['i'] },
  ),
  files(
    'files of a host with dots and a port',
    {
      'i/hosts': 'web1.example.com:2222\n',
      'i/host_vars/web1.example.com.yml': 'x: 1\n',
      'i/host_vars/web1.example.com:2222.yml': 'y: 1\n',
    },
    { sources: ['i'] },
  ),
  files(
    'hidden files of variables',
    {
      'i/hosts': '[a]\nh\n',
      'i/group_vars/a/.hidden.yml': 'x: 1\n',
      'i/group_vars/a/b.yml~': 'x: 2\n',
      'i/group_vars/a/c.yml': 'y: 3\n',
    },
    { sources: ['i'] },
  ),
  files(
    'templates in files of variables',
    {
      'i/hosts': '[a]\nh\n',
      'i/group_vars/a.yml': 'x: "{{ y | default(1) }}"\ny: "{{ inventory_hostname }}"\n',
    },
    { sources: ['i'] },
  ),
  files(
    'files of two inventories',
    {
      'one/hosts': '[a]\nh\n',
      'one/group_vars/a.yml': 'x: 1\ny: 1\n',
      'two/hosts': '[a]\ni\n',
      'two/group_vars/a.yml': 'x: 2\n',
    },
    { sources: ['one/hosts', 'two/hosts'] },
  ),
]

const mixtures: readonly ParityCase[] = [
  files(
    'INI, YAML and JSON in one folder',
    {
      'i/1.yml': 'a: {hosts: {h: {x: 1, y: 1}}}\n',
      'i/2': '[a]\nh x=2\n[b:children]\na\n',
      'i/3.json': '{"b": {"vars": {"z": 3}, "hosts": {"i": {}}}}',
    },
    { sources: ['i'] },
  ),
  files(
    'a folder and a file',
    { 'i/hosts': '[a]\nh x=1\n', 'more.yml': 'a: {hosts: {h: {x: 2}, i: }}\n' },
    { sources: ['i', 'more.yml'] },
  ),
  files('a file and a list of hosts', { hosts: '[a]\nh x=1\n' }, { sources: ['hosts', 'h,i,'] }),
  files('the same file twice', { hosts: '[a]\nh x=1\n' }, { sources: ['hosts', 'hosts'] }),
  files(
    'children of a group of another source',
    { one: '[a]\nh\n', 'two.yml': 'p: {children: {a: }, vars: {x: 1}}\n' },
    { sources: ['one', 'two.yml'] },
  ),
  files(
    'a group without a parent in one source, with one in another',
    { one: '[a]\nh\n[a:vars]\nx=a\n', two: '[a]\n[p:children]\na\n[p:vars]\nx=p\ny=p\n' },
    { sources: ['one', 'two'] },
  ),
  files(
    'ungrouped in one source, grouped in another',
    { one: 'h\ni\n', two: '[a]\nh\n' },
    { sources: ['one', 'two'] },
  ),
  files(
    'a folder with a folder of variables and one of hosts',
    { 'i/hosts': '[a]\nh\n', 'i/more/hosts': '[a]\ni\n', 'i/group_vars/a.yml': 'x: 1\n' },
    { sources: ['i'] },
  ),
  files('a source that is not there', { hosts: 'h\n' }, { sources: ['hosts', 'nope'] }),
  files('an empty folder', { 'i/readme.md': 'x\n' }, { sources: ['i'] }),
  files('a list with spaces and nothing', { x: 'h\n' }, { sources: ['h1, h2 ,,'] }),
  files(
    'a list with ranges',
    { x: 'h\n' },
    { sources: ['web[1:3],'], patterns: ['web2'], differs: 'ranges after -i', ours: { web2: ['web2'] } },
  ),
  files('one host and a comma', { x: 'h\n' }, { sources: ['10.0.0.1,'] }),
]

export const folderCases = [...folders, ...variables, ...mixtures]
