/** INI: values, comments, quotes, ports, sections. */
import { ini, line, type ParityCase, vars } from './cases.ts'

const refused = { ours: 'refused' } as const

const values: readonly ParityCase[] = [
  vars('a comment behind a number', "http_port=8080 # all members of 'web'"),
  vars('a comment behind text is part of it', 'x=abc # def'),
  vars('a comment behind False, with quotes', "has_java = False # 'all' is 'top' parent"),
  line('quotes in quotes', `mysecret="'03#pa33w0rd'"`),
  vars('quotes in quotes of a variable of a group', `mysecret="'03#pa33w0rd'"`),
  line('a list of maps in quotes', `lvm_volumes="[{'data': 'lv1'}]"`),
  line('a map in quotes', `d="{'a': 1}"`),
  line('a list of text in quotes', `devices="['/dev/sda','/dev/sdb']"`),
  vars('lists and maps of a group', `d={'a': [1, 2.5, None, True], 'b': ('x',)}`),
  line('numbers', 'f=1.5 i=3.0 ver=1.10 hexa=0x10 sci=1e3 neg=-5 und=1_000 oct=0o17'),
  line('words of Python', 'n=None t=True f=False'),
  line('tuples', 't=(1,2) e=()'),
  line('numbers in quotes', `a="5" b='5' c="'5'"`),
  vars('numbers in quotes of a group', `a="5"`),
  line('text that looks like a number', 'mode=0644 version=580.95.05 address=10.0.0.1 date=2024-01-02 x=1a'),
  line('half a quote in another', `a="x'y" b='x"y'`),
  line('quotes in a word', `g=x'y z'w`),
  line('backslashes', `q=a\\b e=a\\ b f="a\\"b" s='a\\b' p="a\\b"`),
  vars('backslashes of a group', 'q=a\\b'),
  line('a comment in a word', 'i=foo#bar'),
  line('a comment behind values', 'i=foo # bar baz=1'),
  line('an equals sign in a value', 'x=a=b y==c'),
  line('nothing', 'x= y=""'),
  vars('spaces around a value', 'x   =   a  b  '),
  line('text with commas', 'x=a,b y=a,1'),
  line('braces that are no map', 'x={a} y=[b'),
  line('a value with a comma between numbers', 'x=0,1', {
    differs: 'gpu_assignment=0,1 is text; in Python it is a tuple',
    ours: { x: '0,1' },
  }),
  line('true and false in small letters', 'x=true y=false', {
    differs: 'conditions do not convert text to true',
    ours: { x: true, y: false },
  }),
  line('a number with more digits than JavaScript has', 'x=12345678901234567890', {
    differs: 'gpuplay keeps all digits',
    ours: { x: '12345678901234567890' },
  }),
  line('a list with quotes inside', 'x=["a",1] y={"b":true}', {
    differs: 'Ansible removes the quotes, which changes the text',
    ours: { x: ['a', 1], y: { b: true } },
  }),
  line('spaces in a list', 'x=[1, 2]', {
    differs: 'Ansible refuses it, although the meaning is clear',
    ours: { x: [1, 2] },
  }),
]

const sections: readonly ParityCase[] = [
  ini(
    'hosts before a section, groups, children',
    'one\n[a]\ntwo\n[b]\nthree\n[ab:children]\na\nb\n[ab:vars]\nx=1\n',
  ),
  ini('comments and blanks', '# c\n; d\n\n  [a]  # e\n  h   # f\n'),
  ini('a section twice', '[a]\nh x=1\n[b]\ni\n[a]\nj\nh y=2\n'),
  ini('a port behind the name', 'badwolf:5309\nh:22 ansible_port=23\n'),
  ini('ports of ranges', 'web[01:03]:2222\n'),
  ini('IPv6 with a port', '[::1]:2200\n[2001:db8::7]:22\n'),
  ini('IPv6 without a port', '::1\n2001:db8::7\n'),
  ini('ranges', 'a[1:3]\nb[01:05:2]x\nc[a:c]\nd[1:2][x:y]\n'),
  ini('a group that is named before it is there', '[a:children]\nb\n[b:vars]\nx=1\n[b]\nh\n'),
  ini('a child that nobody declares', '[a:children]\nnope\n'),
  ini('variables of a group that nobody declares', 'h\n[nope:vars]\nx=1\n'),
  ini('an unknown section', '[a:vrs]\nh\n'),
  ini('a host that is followed by something else', '[a]\nh x=1 y\n'),
  ini('a quote that is not closed', '[a]\nh x="1\n'),
  ini('a name that ends with a colon', '[a]\nweb1:\n'),
  ini('a line that YAML could read', `h d="{'a': 1}"\n`, {
    differs: 'Ansible parses the file as YAML and reads nothing',
    ours: { d: { a: 1 } },
  }),
  ini('a range that runs backwards gives no host', 'a[3:1]\nh\n', {
    differs: 'gpuplay reports the mistake',
    ...refused,
  }),
  ini('priority of groups', '[a]\nh\n[b]\nh\n[a:vars]\nx=a\nansible_group_priority=10\n[b:vars]\nx=b\n'),
  ini('groups of one depth by name', '[b]\nh\n[a]\nh\n[a:vars]\nx=a\n[b:vars]\nx=b\n'),
  ini('a child before its parent', '[b:children]\na\n[a]\nh\n[a:vars]\nx=a\n[b:vars]\nx=b\n'),
  ini('all and ungrouped have variables', 'h\n[a]\ni\n[all:vars]\nx=1\n[ungrouped:vars]\ny=1\n'),
  ini('a group that begins with a digit', '[1group]\nh\n', { differs: 'Ansible only warns', ...refused }),
  ini('a host with a letter of Czech', 'příbor\nh\n', {
    differs: 'such a name cannot be resolved',
    ...refused,
  }),
  line('a variable with a dot', 'foo.bar=1', { differs: 'expressions cannot read it', ...refused }),
  line('a variable with a dash', 'foo-bar=1', { differs: 'expressions cannot read it', ...refused }),
  line('a template with spaces', 'x={{ y }} y=1', {
    differs: 'Ansible refuses it, although the meaning is clear',
    ours: { x: '{{ y }}', y: 1 },
  }),
  line('a template in quotes', 'x="{{ y }}/z" y=1'),
]

const connections: readonly ParityCase[] = [
  line(
    'names of both, for the connection and the application',
    'ansible_host=127.0.0.1 ansible_port=2022 port=8081 user=app ansible_user=root',
  ),
  line('a variable that only looks like a setting', 'ansible_host=x port=8081'),
  line('an interpreter', 'ansible_python_interpreter=/usr/bin/python3 ansible_pipelining=True'),
  line('a connection that is not there', 'ansible_connection=docker', {
    differs: 'gpuplay refuses it when it reads the inventory',
    ...refused,
  }),
  line('options of ssh', `ansible_ssh_common_args='-o ProxyJump=b'`, {
    differs: 'gpuplay would ignore them',
    ...refused,
  }),
  line('options of sudo', 'ansible_become_flags=-H', { differs: 'gpuplay would ignore them', ...refused }),
  line('a misspelt setting', 'ansible_hots=127.0.0.1', { differs: 'gpuplay would ignore it', ...refused }),
  line('our names beside those of Ansible', 'ansible_user=root address=10.0.0.1', {
    differs: 'it is ambiguous',
    ...refused,
  }),
]

export const iniCases = [...values, ...sections, ...connections]
