/**
 * All deliberate differences between the inventories of Ansible and those of gpuplay. The cases of
 * parity.test.ts prove each of them, and `npm run schemas` writes docs/inventory-differences.md.
 */

export interface DeliberateDifference {
  /** What is different: a heading. */
  readonly about: string
  readonly ansible: string
  readonly gpuplay: string
  readonly why: string
}

export const differences = {
  'lower-case booleans': {
    about: '`x=true` in INI',
    ansible: 'text',
    gpuplay: 'a boolean, in any case',
    why: 'conditions of gpuplay never convert text to a boolean',
  },
  'numbers with commas': {
    about: '`x=0,1` in INI',
    ansible: 'a list, because it is a tuple in Python',
    gpuplay: 'text',
    why: '`gpu_assignment=0,1` of the Phoenix scripts is text',
  },
  'long numbers': {
    about: 'Whole numbers of more than 15 digits',
    ansible: 'numbers',
    gpuplay: 'text with all digits',
    why: 'JavaScript would round them',
  },
  'quotes in lists': {
    about: '`x=["a"]` on the line of a host in INI',
    ansible: 'loses the quotes, so it is the text `[a]`',
    gpuplay: 'a list',
    why: 'the meaning is clear',
  },
  'spaces in values': {
    about: '`x=[1, 2]` and `x={{ y }}` on the line of a host in INI',
    ansible: 'refused, because the space ends the value',
    gpuplay: 'a list, a template',
    why: 'the meaning is clear',
  },
  'JSON words': {
    about: '`x={"a": true}` in INI',
    ansible: 'text, because `true` is no word of Python',
    gpuplay: 'a map',
    why: 'the value is JSON',
  },
  'INI like YAML': {
    about: 'INI without sections that is also a YAML text',
    ansible: 'parsed as YAML, which gives no hosts',
    gpuplay: 'parsed as INI',
    why: 'the hosts would be missing without a message',
  },
  ranges: {
    about: 'Ranges that run backwards, or from a lower-case to an upper-case letter',
    ansible: 'no hosts, or hosts with letters of both cases',
    gpuplay: 'refused',
    why: 'it is a mistake',
  },
  'names of groups': {
    about: 'Names of groups with other characters than letters, digits, `_`, `-` and `.`',
    ansible: 'accepted with a warning',
    gpuplay: 'refused',
    why: 'patterns and expressions cannot contain such names',
  },
  'names of hosts': {
    about: 'Names of hosts with other characters than letters, digits, `_`, `-`, `.`, `:` and `%`',
    ansible: 'accepted',
    gpuplay: 'refused',
    why: 'such names cannot be resolved, and most are mistakes',
  },
  'names of variables': {
    about: 'Names of variables with other characters than letters, digits and `_`',
    ansible: 'accepted, although templates cannot read them',
    gpuplay: 'refused',
    why: 'expressions cannot read them',
  },
  'names are text': {
    about: 'Names of hosts that YAML reads as numbers or dates',
    ansible: 'refused',
    gpuplay: 'accepted as they are written',
    why: 'a name is always text',
  },
  'connection variables': {
    about: 'Values of connection variables',
    ansible: 'not checked before the connection',
    gpuplay: 'checked when the inventory is read',
    why: 'all mistakes are reported before a host is contacted',
  },
  'other connections': {
    about: '`ansible_connection=docker` and other connections that gpuplay lacks',
    ansible: 'accepted',
    gpuplay: 'refused with the list of connections',
    why: 'the host could not be reached',
  },
  'unsupported variables': {
    about:
      '`ansible_ssh_common_args`, `ansible_become_flags` and other variables without an effect in gpuplay',
    ansible: 'accepted',
    gpuplay: 'refused with a replacement',
    why: 'they would have no effect',
  },
  'misspelt variables': {
    about: '`ansible_hots` and other misspelt variables of Ansible',
    ansible: 'accepted',
    gpuplay: 'refused with a suggestion',
    why: 'they would have no effect',
  },
  'names of both': {
    about: 'Connection variables of gpuplay beside those of Ansible on one host',
    ansible: 'ordinary variables',
    gpuplay: 'refused if it is unclear what they are for',
    why: '`address` next to `ansible_user` is almost certainly meant for the connection',
  },
  'unknown keys': {
    about: 'Groups in YAML with other keys than `hosts`, `children` and `vars`, or that are no maps',
    ansible: 'ignored with a warning',
    gpuplay: 'refused',
    why: 'their hosts or variables would be missing',
  },
  'repeated keys': {
    about: 'A key twice in a map of YAML',
    ansible: 'the last one wins, with a warning',
    gpuplay: 'refused',
    why: 'one of the values would be lost',
  },
  'YAML 1.2': {
    about: '`yes`, `no`, `on`, `off`, `0644`, `1_000`, `0o644`, `1e3` and `12:30:45` in YAML',
    ansible: 'booleans and numbers of YAML 1.1',
    gpuplay: 'YAML 1.2: `yes` and `12:30:45` are text, `0644` is 644, `0o644` is 420, `1e3` is 1000',
    why: 'it is the current version; versions and times stay what they look like',
  },
  'tags of YAML': {
    about: '`!unsafe` and other tags in YAML',
    ansible: '`!unsafe` is text that is no template',
    gpuplay: 'refused',
    why: 'text without `{{` needs no tag; `{{` is written `\\{{`',
  },
  'content and extension': {
    about: 'INI in a file with the extension of YAML',
    ansible: 'read as INI',
    gpuplay: 'refused: the hint has the right name',
    why: 'a mistake in the YAML of such a file would be reported as one in INI',
  },
  'empty maps': {
    about: '`{}` in a file',
    ansible: 'a host with the name `{}`, because the file is read as INI',
    gpuplay: 'no hosts',
    why: 'it is JSON and YAML',
  },
  'ranges after -i': {
    about: '`-i "web[1:3],"`',
    ansible: 'one host with the name `web[1:3]`',
    gpuplay: 'three hosts',
    why: 'ranges mean the same everywhere',
  },
  plugins: {
    about: 'Inventory plugins of Ansible other than `constructed` and `community.proxmox.proxmox`',
    ansible: 'run',
    gpuplay: 'refused; the hint shows how to save their hosts to a file',
    why: 'they are programs of Ansible',
  },
  'saved output': {
    about: 'The JSON of an inventory program in a file',
    ansible: 'refused: only programs may print it',
    gpuplay: 'read',
    why: '`gpuplay inventory --list` and `ansible-inventory --list` can be saved and read again',
  },
  TOML: {
    about: 'TOML',
    ansible: 'read',
    gpuplay: 'refused; the hint shows how to convert it',
    why: 'such inventories are rare',
  },
  'files for one name': {
    about: '`group_vars/web/` beside `group_vars/web.yml`, also in `host_vars`',
    ansible: 'the file is ignored without a message',
    gpuplay: 'refused',
    why: 'its variables would be missing',
  },
  'order of sources': {
    about: 'A group that is declared in a later source than the one that names it',
    ansible: 'refused',
    gpuplay: 'accepted',
    why: 'the order of the sources matters only for values',
  },
  'priority in files': {
    about: '`ansible_group_priority` in `group_vars`',
    ansible: 'has no effect',
    gpuplay: 'refused',
    why: 'it looks as if it had an effect',
  },
  'programs: hosts in _meta': {
    about: 'A host that an inventory program names only in `_meta`',
    ansible: 'missing',
    gpuplay: 'a host of `ungrouped`',
    why: 'it would be missing without a message',
  },
  'programs: no variables': {
    about: 'An inventory program that prints nothing for `--host NAME`',
    ansible: 'refused',
    gpuplay: 'the host has no variables',
    why: 'the documentation of Ansible says so',
  },
  'programs: empty groups': {
    about: '`"web": {}` in the output of an inventory program',
    ansible: 'a group `web` with a host `web`',
    gpuplay: 'a group without hosts',
    why: 'it is an empty group',
  },
  'constructed: strict': {
    about: '`strict` of `constructed`',
    ansible: 'false by default: hosts for which an expression fails are left out',
    gpuplay: 'true by default; with false, only hosts that lack a variable are left out',
    why: 'a misspelt name would make an empty group',
  },
  'constructed: Jinja': {
    about: 'Expressions of `constructed`',
    ansible: 'Jinja',
    gpuplay: 'CEL, as in `when`; the hint has the translation',
    why: 'gpuplay has one language for expressions',
  },
  'constructed: types': {
    about: 'Results that are numbers in `compose`, numbers as `key` of `keyed_groups`',
    ansible: 'text; refused',
    gpuplay: 'numbers; part of the name',
    why: 'CEL keeps types',
  },
  'constructed: names': {
    about: 'Names in `groups` of `constructed` with `-` or `.`',
    ansible: '`_` replaces the characters',
    gpuplay: 'stay as they are written; in `keyed_groups`, `_` replaces them too',
    why: 'a play for the group has the name that is written in the file',
  },
  'constructed: all variables': {
    about: 'Variables of `all`, `group_vars` and `host_vars` in `constructed`',
    ansible: 'those of `all` are missing, those of files too without `use_vars_plugins`',
    gpuplay: 'can be read',
    why: 'it does not matter where a variable is set',
  },
  'constructed: all hosts': {
    about: 'Hosts of sources after that of `constructed`',
    ansible: 'ignored',
    gpuplay: 'included',
    why: 'the order of the sources matters only for values',
  },
  'constructed: empty groups': {
    about: 'A group of `constructed` without hosts',
    ansible: 'does not exist',
    gpuplay: 'exists',
    why: 'a play for it has no hosts, but is no mistake',
  },
  'patterns: dash': {
    about: '`web[0-1]` in a pattern',
    ansible: 'the first two hosts',
    gpuplay: 'names with `0`, `-` or `1`: a set of characters',
    why: 'it is the same in names; positions are written `web[0:1]`',
  },
  'patterns: no start': {
    about: '`web[:1]` in a pattern',
    ansible: 'a set of characters in a name',
    gpuplay: 'the first two hosts',
    why: '`web[1:]` is a range too',
  },
} as const satisfies Readonly<Record<string, DeliberateDifference>>

export type DifferenceName = keyof typeof differences
