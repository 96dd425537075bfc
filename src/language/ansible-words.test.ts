/** Ansible's words in playbooks, and the complete messages about them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mistakesIn } from './testing/playbooks.ts'

const dontNeed = 'leave it out: facts are read when something uses them'

/** A keyword with its value below a task that runs a program, and its hint. */
const keywords: readonly (readonly [line: string, help: string])[] = [
  [
    'check_mode: false',
    'for a program that only reads write "reads: true" in command or shell; for a dry run of everything use --check',
  ],
  ['diff: false', 'to hide a diff write "no_log: true"; to see all of them use --diff'],
  [
    'connection: local',
    'leave it out for localhost, which is local; for other hosts set "connection" in the inventory',
  ],
  [
    'with_first_found: [a]',
    `choose the file with an expression: src: !cel 'facts.os.id == "ubuntu" ? "a.hbs" : "b.hbs"'`,
  ],
  ['with_file: [a]', 'write loop with the texts themselves, or copy the files with src'],
  [
    'with_lines: ls',
    'run the program with "command", "reads: true" and "register: out", then loop over "{{out.stdout_lines}}"',
  ],
  ['with_subelements: [a, b]', 'write loop with a list of maps, one for each pair'],
  [
    'with_items: [a]',
    'write loop; unlike with_items, it does not flatten nested lists: join them with !cel a + b',
  ],
  ['with_indexed_items: [a]', 'write loop, and "index_var" under loop_control'],
  ['with_random_choice: [a]', 'write loop'],
  ['become_flags: -i', 'leave it out: sudo is the only method'],
  ['become_exe: doas', 'leave it out: sudo is the only method'],
  ['gather_subset: min', dontNeed],
  ['gather_timeout: 5', dontNeed],
  ['fact_path: /x', dontNeed],
]

for (const [line, help] of keywords) {
  test(`for "${line}" the hint gives an alternative`, () => {
    const key = line.split(':')[0] ?? ''
    assert.deepEqual(mistakesIn(`- command: x\n  ${line}\n`), [
      `site.yml:4:7 not-yet-supported: "${key}" is not yet supported (${help})`,
    ])
  })
}

test('an argument at the level of its module is reported as wrongly indented', () => {
  assert.deepEqual(mistakesIn('- command: x\n  creates: /x\n'), [
    'site.yml:4:7 unknown-keyword: "creates" is not a keyword of a task (it is an argument of "command": indent it)',
  ])
})

test('for a keyword that depends on check mode, the hint explains that gpuplay does not need it', () => {
  const [first, second] = mistakesIn(
    '- command: x\n  ignore_errors: "{{ ansible_check_mode }}"\n- command: x\n  retries: "{{ n }}"\n',
    { variables: ['n'] },
  )
  assert.equal(
    first,
    'site.yml:4:22 not-templated: "ignore_errors" cannot be a template: it is read when the playbook loads (leave it out: a dry run does not need it)',
  )
  assert.equal(
    second,
    'site.yml:6:16 not-templated: "retries" cannot be a template: it is read when the playbook loads (write the value itself, or write two tasks with conditions)',
  )
})

/** Names of variables in conditions and placeholders. */
const names: readonly (readonly [name: string, help: string])[] = [
  ['ansible_memtotal_mb', 'in gpuplay it is called facts.memory_mb'],
  ['ansible_processor_vcpus', 'in gpuplay it is called facts.processors'],
  ['ansible_fqdn', 'in gpuplay it is called facts.fqdn'],
  ['ansible_distribution', 'in gpuplay it is called facts.distribution'],
  ['ansible_distribution_release', 'in gpuplay it is called facts.os.codename'],
  ['ansible_distribution_major_version', 'in gpuplay it is called facts.os.version'],
  ['ansible_os_family', 'in gpuplay it is called facts.os_family'],
  ['ansible_kernel', 'in gpuplay it is called facts.kernel'],
  ['ansible_hostname', 'in gpuplay it is called facts.hostname'],
  ['ansible_architecture', 'in gpuplay it is called facts.architecture'],
  ['ansible_user', 'in gpuplay it is called user'],
  ['ansible_check_mode', 'in gpuplay it is called check_mode'],
  ['ansible_facts', 'in gpuplay it is called facts'],
  ['ansible_facts.os_family', 'in gpuplay it is called facts.os_family'],
  ['inventory_hostname_short', 'write inventory_hostname.split(".")[0]'],
  ['ansible_managed', 'write the line itself, such as "Managed by gpuplay"'],
  [
    'ansible_selinux',
    'gpuplay does not have this Ansible variable; "gpuplay facts" lists the facts that it has',
  ],
  ['None', 'write null'],
  ['yes', 'write true'],
  ['no', 'write false'],
]

for (const [name, help] of names) {
  test(`for ${name} the hint gives gpuplay's name`, () => {
    const root = name.split('.')[0] ?? ''
    const said = `undefined-variable: "${root}" is not defined (${help})`
    assert.deepEqual(mistakesIn(`- command: x\n  when: ${name}\n- debug: { msg: "{{ ${name} }}" }\n`), [
      `site.yml:4:13 ${said}`,
      `site.yml:5:25 ${said}`,
    ])
  })
}

test('in templates, loop and True have hints too', () => {
  assert.deepEqual(mistakesIn('- debug: { msg: "{{ loop.index }}" }\n- debug: { msg: "{{ True }}" }\n'), [
    'site.yml:3:25 undefined-variable: "loop" is not defined (inside #each write {{add @index 1}}, {{@first}} or {{@last}}; in a task use "index_var" of loop_control)',
    'site.yml:4:25 undefined-variable: "True" is not defined (write true)',
  ])
})

test('for None in a comparison, the hint is null', () => {
  assert.deepEqual(mistakesIn('- command: x\n  when: a == None\n', { variables: ['a', 'node'] }), [
    'site.yml:4:18 undefined-variable: "None" is not defined (write null)',
  ])
})

/** Modules and their replacements. */
const modules: readonly (readonly [module: string, help: string])[] = [
  ['systemd', 'use service'],
  ['ansible.builtin.systemd_service', 'use service'],
  ['community.general.modprobe', 'use kernel_module'],
  ['package', 'use apt'],
  ['setup', 'leave it out: facts are read when something uses them; "gpuplay facts" shows them'],
  ['ping', 'run "gpuplay exec HOSTS -- true"'],
  ['community.docker.docker_container', 'run docker with "command", and "creates" or "reads: true"'],
  ['community.general.proxmox', 'use pve_container'],
  ['ansible.posix.synchronize', 'copy single files with copy; run rsync with "command" for a tree'],
  ['pip', 'run pip with "command" and "creates"'],
]

for (const [module, help] of modules) {
  test(`for the module ${module} the hint names a replacement`, () => {
    assert.deepEqual(mistakesIn(`- ${module}:\n    name: x\n`), [
      `site.yml:3:7 unknown-module: there is no module and no keyword "${module}" (${help})`,
    ])
  })
}

/** Arguments of Ansible and their replacements. */
const foreign: readonly (readonly [task: string, problem: string])[] = [
  [
    'ansible.builtin.service: { unit: x, state: started }',
    '3:34 invalid-argument: "service" has no "unit" (it is called "name" here)',
  ],
  [
    'template: { src: /p/site.yml, dest: /y, trim_blocks: true }',
    '3:47 invalid-argument: "template" has no "trim_blocks" (leave it out: templates are Handlebars)',
  ],
  [
    'command: { cmd: x }\n  args: { warn: false }',
    '4:15 invalid-argument: "command" has no "warn" (leave it out)',
  ],
]

for (const [task, problem] of foreign) {
  test(`the arguments of ${task.split(':')[0]} are answered once`, () => {
    assert.deepEqual(mistakesIn(`- ${task}\n`), [`site.yml:${problem}`])
  })
}

test('an argument with another name is checked under that name', () => {
  assert.deepEqual(mistakesIn('- service: { service: [], state: started }\n'), [
    'site.yml:3:18 invalid-argument: "service" has no "service" (it is called "name" here)',
    'site.yml:3:27 invalid-argument: "name" must be text, not a list',
  ])
})
