/** Inventory programs: their JSON, and what else they may do. */
import { files, type ParityCase, refused } from './cases.ts'

/** A program that prints a text for `--list`, and one for `--host NAME`. */
function program(list: unknown, host?: (name: string) => unknown): string {
  const printed = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
  const hosts = ['h', 'i'].map((name) => `${name}) cat <<'END'\n${printed(host?.(name) ?? {})}\nEND\n;;\n`)
  const list_ = `--list) cat <<'END'\n${printed(list)}\nEND\n;;\n`
  return `#!/bin/sh\ncase "$1" in\n${list_}--host) case "$2" in\n${hosts.join('')}esac ;;\nesac\n`
}

const printing = (name: string, list: unknown, more: Partial<ParityCase> = {}): ParityCase =>
  files(name, { 'hosts.sh': program(list) }, more)

export const programCases: readonly ParityCase[] = [
  printing('a program with _meta', {
    _meta: { hostvars: { h: { x: 1, y: [1, null, true], z: { k: 'é' } } } },
    a: { hosts: ['h', 'i'], vars: { x: 0, w: 2 } },
  }),
  files('a program that is asked for each host', {
    'hosts.sh': program({ a: { hosts: ['h', 'i'] } }, (name) => ({ x: name, y: 1.5 })),
  }),
  files(
    'a program that prints nothing for a host',
    { 'hosts.sh': program({ a: ['h'] }, () => '') },
    { differs: 'programs: no variables', ours: {} },
  ),
  printing('groups that are lists', { a: ['h', 'i'], b: ['h'], _meta: { hostvars: {} } }),
  printing('children and their parents', {
    _meta: { hostvars: {} },
    all: { children: ['ungrouped', 'p'] },
    p: { children: ['a', 'b'], vars: { x: 'p' } },
    a: { hosts: ['h'], vars: { x: 'a' } },
    b: { hosts: ['i'] },
  }),
  printing('a host instead of a group', { _meta: { hostvars: {} }, h: { x: 1 } }),
  printing('templates that a program prints', {
    _meta: { hostvars: { h: { x: '{{ y }}', y: 'a{{ z | upper }}' } } },
    a: { hosts: ['h'] },
  }),
  printing('no hosts', {}),
  printing('no hosts in a group', { _meta: { hostvars: {} }, a: { hosts: [] }, b: { hosts: ['h'] } }),
  printing('hosts that are a map', { a: { hosts: { h: {} } } }),
  printing('a list', ['h']),
  printing('text that is no JSON', 'hosts: h'),
  printing('JSON with a message before it', 'connecting\n{"a": ["h"]}'),
  files('a program that fails', { 'hosts.sh': '#!/bin/sh\necho no token >&2\nexit 3\n' }),
  files('a program without an interpreter', { 'hosts.sh': '#!/nowhere/python\nimport json, sys\n' }),
  files('a program that warns', {
    'hosts.sh': '#!/bin/sh\necho careful >&2\necho \'{"a": {"hosts": ["h"]}, "_meta": {"hostvars": {}}}\'\n',
  }),
  files(
    'a program in a folder with files',
    { 'i/10': '[a]\nh x=1\n', 'i/20': program({ a: ['h', 'i'], _meta: { hostvars: { h: { x: 2 } } } }) },
    { sources: ['i'] },
  ),
  files(
    'files of variables next to a program',
    { 'i/run': program({ a: ['h'], _meta: { hostvars: {} } }), 'i/group_vars/a.yml': 'x: 1\n' },
    { sources: ['i/run'] },
  ),
  printing('variables of all and ungrouped from a program', {
    _meta: { hostvars: {} },
    all: { vars: { x: 1 } },
    ungrouped: { hosts: ['h'], vars: { y: 2 } },
    a: { hosts: ['i'] },
  }),
  printing(
    'a host only in _meta',
    { _meta: { hostvars: { h: { x: 1 }, i: {} } }, a: { hosts: ['i'] } },
    { differs: 'programs: hosts in _meta', ours: { x: 1 } },
  ),
  printing(
    'a group that is an empty map',
    { _meta: { hostvars: {} }, web: {}, a: ['h'] },
    { differs: 'programs: empty groups', ours: {}, patterns: ['web'] },
  ),
  files(
    'saved output with lists of groups',
    { 'hosts.json': '{"a": ["h"], "_meta": {"hostvars": {"h": {"x": 1}}}}' },
    { differs: 'saved output', ours: { x: 1 } },
  ),
  printing(
    'a connection that a program prints',
    { a: ['h'], _meta: { hostvars: { h: { ansible_connection: 'winrm' } } } },
    { differs: 'other connections', ...refused },
  ),
]
