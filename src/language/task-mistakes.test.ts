import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mistakesIn } from './testing/playbooks.ts'

const taskMistakes: readonly (readonly [name: string, tasks: string, expected: readonly string[]])[] = [
  [
    'a misspelt keyword',
    '- debug: {msg: x}\n  wehn: true\n',
    ['site.yml:4:7 unknown-keyword: "wehn" is not a keyword of a task (did you mean "when"?)'],
  ],
  [
    'a misspelt module',
    '- copyy: {dest: /x}\n',
    ['site.yml:3:7 unknown-module: there is no module and no keyword "copyy" (did you mean "copy"?)'],
  ],
  [
    'a misspelt required argument, reported once',
    '- copy: {desst: /x, content: a}\n',
    ['site.yml:3:14 invalid-argument: "copy" has no "desst" (did you mean "dest"?)'],
  ],
  [
    'an argument at the level of the keywords',
    '- command: x\n  chdir: /tmp\n',
    [
      'site.yml:4:7 unknown-keyword: "chdir" is not a keyword of a task (it is an argument of "command": indent it)',
    ],
  ],
  [
    'a missing argument',
    '- copy: {content: x}\n',
    ['site.yml:3:7 invalid-argument: "copy" needs "dest" (dest: where the file is written)'],
  ],
  [
    'two arguments that exclude each other',
    '- copy: {dest: /x, content: x, src: /p/site.yml}\n',
    ['site.yml:3:7 invalid-argument: "copy" takes only one of "src", "content"'],
  ],
  [
    'neither of two arguments',
    '- copy: {dest: /x}\n',
    ['site.yml:3:7 invalid-argument: "copy" needs one of "src", "content"'],
  ],
  [
    'a mode that is a number',
    '- copy: {dest: /x, content: x, mode: 0644}\n',
    [
      'site.yml:3:42 invalid-argument: "mode" must be text, but 0644 is read as the number 644 (quote it: mode: "0644")',
    ],
  ],
  [
    'yes instead of true',
    '- service: {name: x, enabled: yes}\n',
    [
      'site.yml:3:35 invalid-argument: "enabled" must be true or false, but yes is text in YAML 1.2 (write true)',
    ],
  ],
  [
    'a value that is not one of the choices',
    '- service: {name: x, state: startd}\n',
    [
      'site.yml:3:33 invalid-argument: "state" must be one of started, stopped, restarted, not "startd" (did you mean "started"?)',
    ],
  ],
  [
    'an undefined variable in a template',
    '- debug: {msg: "{{ prot }}"}\n',
    ['site.yml:3:24 undefined-variable: "prot" is not defined (did you mean "port"?)'],
  ],
  [
    'an undefined variable in a condition',
    '- debug: {msg: x}\n  when: prot == 1\n',
    ['site.yml:4:13 undefined-variable: "prot" is not defined (did you mean "port"?)'],
  ],
  [
    'a condition in braces',
    '- debug: {msg: x}\n  when: "{{ port }}"\n',
    ['site.yml:4:14 invalid-expression: expressions cannot contain templates (remove the braces)'],
  ],
  [
    'a field that the results of the module do not have',
    '- command: x\n  register: out\n- debug: {msg: x}\n  when: out.stdot == ""\n',
    ['site.yml:6:17 no-such-key: "out" has no "stdot" (did you mean "stdout"?)'],
  ],
  [
    'the same in has() and in a template',
    '- command: x\n  register: out\n- debug: {msg: "{{out.stdot}}"}\n  when: has(out.stder)\n',
    [
      'site.yml:5:27 no-such-key: "out" has no "stdot" (did you mean "stdout"?)',
      'site.yml:6:21 no-such-key: "out" has no "stder" (did you mean "stderr"?)',
    ],
  ],
  [
    'a comparison of a number with text',
    '- command: x\n  register: out\n- debug: {msg: x}\n  when: out.rc == "0"\n',
    [
      'site.yml:6:13 wrong-type: cannot compare a number with text: out.rc is a number, "0" is text (compare values of the same type: text with text ("0"), numbers with numbers (0))',
    ],
  ],
  [
    'a result that is read before it is registered',
    '- debug: {msg: "{{later.rc}}"}\n- command: x\n  register: later\n',
    [
      'site.yml:3:23 undefined-variable: "later" is not defined (set it in the inventory or under "vars", or register it in an earlier task)',
    ],
  ],
  [
    'the loop variable outside a loop',
    '- debug: {msg: "{{item}}"}\n',
    [
      'site.yml:3:23 undefined-variable: "item" is not defined (set it in the inventory or under "vars", or register it in an earlier task)',
    ],
  ],
  [
    'a variable that has another name in Ansible',
    '- debug: {msg: "{{ansible_check_mode}}"}\n',
    [
      'site.yml:3:23 undefined-variable: "ansible_check_mode" is not defined (in gpuplay it is called check_mode)',
    ],
  ],
  [
    'a missing file',
    '- copy: {dest: /x, src: a.txt}\n',
    ['site.yml:3:29 missing-file: there is no file "a.txt" (looked for /p/files/a.txt, /p/a.txt)'],
  ],
  [
    'a missing handler',
    '- debug: {msg: x}\n  notify: restart\n',
    ['site.yml:4:15 unknown-handler: there is no handler "restart" in this play (add one under "handlers")'],
  ],
  [
    'keywords that are not supported yet',
    '- debug: {msg: x}\n  debugger: always\n- debug: {msg: x}\n  with_items: [1]\n  local_action: x\n',
    [
      'site.yml:4:7 not-yet-supported: "debugger" is not yet supported (leave it out)',
      'site.yml:6:7 not-yet-supported: "with_items" is not yet supported (write loop; unlike with_items, it does not flatten nested lists: join them with !cel a + b)',
      'site.yml:7:7 not-yet-supported: "local_action" is not yet supported (write the module as the key, and delegate_to: localhost)',
    ],
  ],
  [
    'two modules in one task',
    '- debug: {msg: x}\n  command: x\n',
    [
      'site.yml:4:7 two-modules: a task calls one module, but this one has "debug" and "command" (split it into two tasks, or indent the arguments)',
    ],
  ],
  [
    'an invalid variable name',
    '- command: x\n  register: my-result\n',
    [
      'site.yml:4:17 invalid-name: "my-result" is not a valid variable name (use letters, digits and underscores: my_result)',
    ],
  ],
  [
    'the name of a built-in variable',
    '- command: x\n  register: facts\n  vars: { omit: 1 }\n',
    [
      'site.yml:4:17 invalid-name: "facts" is a built-in variable and cannot be redefined (choose another name, such as facts_value)',
      'site.yml:5:15 invalid-name: "omit" is a built-in variable and cannot be redefined (choose another name, such as omit_value)',
    ],
  ],
  [
    'an import of a file that is known only in the run',
    '- import_tasks: "{{ port }}.yml"\n',
    [
      'site.yml:3:21 not-templated: the name of an imported file cannot be a template (write include_tasks or include_role, or import each one under a condition)',
    ],
  ],
  [
    'an exit code with another meaning',
    '- command: x\n  exit_code: 2\n',
    ['site.yml:4:18 invalid-keyword: "exit_code" must be from 3 to 7, not 2 (write a number from 3 to 7)'],
  ],
  [
    'a loop over a value that is not a list',
    '- debug: {msg: x}\n  loop: abc\n',
    [
      'site.yml:4:13 invalid-keyword: "loop" must be a list (write a list, or a {{variable}} or !cel expression whose value is a list)',
    ],
  ],
  [
    'arguments inside the text of a module',
    '- debug: msg=hi\n- command: make -C "a b" creates=/x chdir=/y\n- command: dd if=/dev/zero creates="/a b"\n',
    [
      'site.yml:3:14 invalid-argument: "msg=hi" would be part of the text: arguments cannot be written as name=value (write debug: { msg: hi }; if "msg=" belongs to the text, write debug: { msg: ... })',
      'site.yml:4:16 invalid-argument: "creates=/x" would be part of the text: arguments cannot be written as name=value (write command: { cmd: "make -C \\"a b\\"", creates: /x, chdir: /y }; if "creates=" belongs to the text, write command: { cmd: ... })',
      'site.yml:5:16 invalid-argument: "creates=/a b" would be part of the text: arguments cannot be written as name=value (write command: { cmd: "dd if=/dev/zero", creates: "/a b" }; if "creates=" belongs to the text, write command: { cmd: ... })',
    ],
  ],
  [
    'arguments that are not a map',
    '- service: name=ssh state=started\n- service: ssh\n- set_fact: []\n- copy: []\n',
    [
      'site.yml:3:16 invalid-argument: "service" takes its arguments as a map (write service: { name: ssh, state: started })',
      'site.yml:4:16 invalid-argument: "service" takes its arguments as a map (write them below it, one on each line: name, state, enabled)',
      'site.yml:5:17 invalid-argument: "set_fact" takes its arguments as a map (write name: value below it)',
      'site.yml:6:13 invalid-argument: "copy" takes its arguments as a map (write them below it, one on each line: dest, src, content, mode, ...)',
    ],
  ],
  [
    'an undefined variable to print, and one in braces',
    '- debug: { var: prot.x }\n- debug: { var: "{{ port }}" }\n',
    [
      'site.yml:3:21 undefined-variable: "prot" is not defined (did you mean "port"?)',
      'site.yml:4:22 invalid-expression: expressions cannot contain templates (remove the braces)',
    ],
  ],
  [
    'a mistake in an expression among the arguments',
    '- debug: {msg: !cel "prot + 1"}\n',
    ['site.yml:3:26 undefined-variable: "prot" is not defined (did you mean "port"?)'],
  ],
]

for (const [name, tasks, expected] of taskMistakes) {
  test(`${name}: reported at its position`, () => {
    assert.deepEqual(mistakesIn(tasks, { variables: ['port'] }), expected)
  })
}

test('if a condition compares text with a number, the file position is reported, also inside quotes', () => {
  const found = mistakesIn('- debug: {msg: x}\n  when:\n    - true\n    - "port == 1 && prt == 2"\n', {
    variables: ['port'],
  })
  assert.deepEqual(found, ['site.yml:6:25 undefined-variable: "prt" is not defined (did you mean "port"?)'])
})
