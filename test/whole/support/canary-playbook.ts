/** The playbook of the canary test. */
import { modules } from '../../../src/modules/catalogue.ts'

/**
 * Modules with their own tasks below. Each other module gets a secret in an argument that refuses secrets.
 */
const called = new Set(
  'command shell copy template lineinfile blockinfile replace ini_file slurp file stat debug fail assert set_fact get_url wait_for include_vars include_tasks include_role meta group_by add_host'.split(
    ' ',
  ),
)

/** Arguments that another argument, or its absence, requires. */
const alsoRequired: Readonly<Record<string, readonly string[]>> = {
  cron: ['job'],
  mount: ['src', 'fstype'],
  systemd_unit: ['content'],
}

/** A secret for the first argument and for all required arguments. */
function argumentsOf(module: string, schema: object): string {
  const properties: unknown = 'properties' in schema ? schema.properties : undefined
  const required: readonly unknown[] =
    'required' in schema && Array.isArray(schema.required) ? schema.required : []
  const names = Object.keys(typeof properties === 'object' && properties !== null ? properties : {})
  const needed = names.filter((name, index) => index === 0 || name === 'value')
  return [...new Set([...needed, ...required, ...(alsoRequired[module] ?? [])])]
    .map((name) => `${String(name)}: "{{ db_password }}"`)
    .join(', ')
}

const others = modules.filter(({ name }) => !called.has(name))

/**
 * Tasks that use secrets everywhere that a task can. `marker` is the part that all secrets have in common.
 */
export function canaryPlaybook(marker: string): string {
  return `
- name: "Play of {{ db_password }}"
  hosts: localhost
  ignore_errors: true
  vars:
    mixed: "of {{ db_password }}"
  tasks:
    - { name: "Name of {{ db_password }}", debug: { msg: "{{ mixed }}" } }
    - { name: files, copy: { content: "{{ db_password }} {{ mixed }}", dest: "{{ out }}/written", mode: '0600' }, notify: handle }
    - { name: template, template: { src: app.hbs, dest: "{{ out }}/app", mode: '0600' } }
    - { name: copy, copy: { src: "{{ playbook_dir }}/key.pem", dest: "{{ out }}/key", mode: '0600' }, no_log: true }
    - { name: line, copy: { content: "a\\n", dest: "{{ out }}/line", mode: '0600' } }
    - { name: change line, lineinfile: { path: "{{ out }}/line", line: "x {{ database.password }}" } }
    - { name: block, blockinfile: { path: "{{ out }}/line", block: "of {{ db_password }}" } }
    - { name: replaced, replace: { path: "{{ out }}/line", regexp: '^a$', replace: "b {{ db_password }}" } }
    - { name: option, ini_file: { path: "{{ out }}/ini", section: s, option: o, value: "{{ mixed }}", mode: '0600' } }
    - { name: included, include_vars: included.yml }
    - { name: show included, debug: { msg: "{{ included_password }}" } }
    - { name: included tasks, include_tasks: included-tasks.yml, vars: { given_password: "{{ db_password }}" } }
    - { name: nothing, meta: noop }
    - { name: group, group_by: { key: "{{ db_password }}" } }
    - { name: add, add_host: { name: added, connection: local, groups: more, token: "{{ db_password }}", note: "of {{ mixed }}" } }
    - { name: add by name, add_host: { name: "{{ db_password }}" } }
    - { name: add an address, add_host: { name: addressed, address: "{{ db_password }}" } }
    - { name: slurp, slurp: { path: "{{ out }}/key" }, register: slurped }
    - { name: show slurped, debug: { var: slurped } }
    - { name: read, command: { cmd: "cat {{ out }}/written {{ out }}/key {{ out }}/app", reads: true }, register: back }
    - { name: show, debug: { var: back } }
    - { name: show forms, debug: { msg: "{{json back}} {{quote back.stdout}} {{upper back.stdout}}" } }
    - { name: encode, shell: "base64 {{ out }}/written; base64 -w 0 {{ out }}/app; od -c /dev/null", register: encoded }
    - { name: show encoded, debug: { msg: "{{ encoded.stdout }}" } }
    - { name: color, command: "grep --color=always -o AnA {{ out }}/written", register: color }
    - { name: facts, set_fact: { made: "{{ db_password }}", more: { deep: ["{{ mixed }}"] } } }
    - { name: show facts, debug: { var: more } }
    - { name: loop, debug: { msg: "{{ item.name }} {{ item.api_token }}" }, loop: "{{ users }}" }
    - { name: loop of them, debug: { msg: "{{ item }}" }, loop: "{{ words }}", register: looped }
    - { name: loop of results, debug: { msg: "{{ item }}" }, loop: "{{ back.stdout_lines }}" }
    - { name: show loop, debug: { var: looped } }
    - { name: all variables, debug: { var: hostvars.localhost } }
    - { name: input, command: { cmd: cat, stdin: "{{ door }}" }, register: fed }
    - { name: show input, debug: { msg: "{{ fed.stdout }}" } }
    - { name: environment, shell: 'printf %s "$TOKEN"; printf %s "$TOKEN" >&2; exit 3', environment: { TOKEN: "{{ door }}" } }
    - { name: environment of reads, command: { cmd: env, reads: true }, environment: { TOKEN: "{{ door }}" } }
    - { name: fails with it, shell: 'cat {{ out }}/written >&2; exit 1' }
    - { name: fails reading, command: { cmd: "sh -c 'cat {{ out }}/written >&2; exit 1'", reads: true } }
    - { name: times out, shell: { cmd: "cat {{ out }}/written; sleep 5", timeout: 1 } }
    - { name: on a command line, command: { argv: [echo, "{{ db_password }}"] } }
    - { name: of a shell, shell: "echo {{ mixed }}" }
    - { name: of reads, command: { cmd: "echo {{ db_password }}", reads: true } }
    - { name: of what was read, command: { argv: [echo, "{{ back.stdout }}"], reads: true } }
    - { name: of what was set, command: { argv: [echo, "{{ made }}"] } }
    - { name: in a path, copy: { content: x, dest: "{{ out }}/{{ db_password }}" } }
    - { name: in a mode, copy: { content: x, dest: "{{ out }}/x", mode: "{{ db_password }}" } }
    - { name: in an owner, file: { path: "{{ out }}/line", owner: "{{ db_password }}" } }
    - { name: in a line, lineinfile: { path: "{{ out }}/line", regexp: "{{ mixed }}", line: b, state: absent } }
    - { name: in a condition, debug: { msg: x }, when: db_password }
    - { name: in a verdict, command: 'cat {{ out }}/written', failed_when: mixed }
    - { name: until, command: 'cat {{ out }}/written', register: u, until: u.stdout == "x", retries: 1, delay: 0 }
    - { name: lookup, debug: { msg: "{{lookup database db_password}}" } }
    - { name: assert, assert: { that: [db_password == "x"], fail_msg: "not {{ db_password }}" } }
    - { name: fail, fail: { msg: "{{ mixed }}" } }
    - { name: waits, wait_for: { path: "{{ db_password }}", timeout: 1 } }
    - { name: stat, stat: { path: "/{{ db_password }}" } }
    - { name: fetch, get_url: { url: "{{ door_url }}", dest: "{{ out }}/tool", username: ann, password: "{{ db_password }}", headers: { X-Token: "Bearer 1" } } }
    - { name: fetch refused, get_url: { url: "{{ door_url }}/2", dest: "{{ out }}/tool2" } }
    - { name: fetch by address, get_url: { url: "http://ann:${marker}@127.0.0.1:1/x", dest: "{{ out }}/tool3" } }
    - { name: fetch by proxy, get_url: { url: "{{ door_url }}/3", dest: "{{ out }}/tool4", proxy: "http://ann:${marker}@127.0.0.1:1" } }
    - { name: nobody sees, command: { argv: [printf, "%s", hidden] }, no_log: true, register: none }
    - { name: nobody sees input, command: { cmd: cat, stdin: "quiet ${marker}" }, no_log: true, register: unseen }
    - { name: nobody sees a failure, shell: "cat {{ out }}/key >&2; exit 9", no_log: true, register: bad }
    - { name: nobody sees items, debug: { msg: "{{ item }}" }, loop: ["${marker}-one", "${marker}-two"], no_log: true }
    - { name: show what nobody sees, debug: { msg: "{{ unseen.stdout }} {{json unseen}} {{json bad}}" } }
    - { name: use what nobody sees, command: "echo {{ unseen.stdout }}" }
${others.map(({ name, args }) => `    - { name: ${name}, ${name}: { ${argumentsOf(name, args)} } }`).join('\n')}
    - { name: last word, debug: { msg: last word } }
  handlers:
    - { name: handle, command: "cat {{ out }}/written" }
- { name: Added, hosts: added, ignore_errors: true, tasks: [{ debug: { msg: "{{ token }} {{ note }}" } }, { debug: { var: hostvars.added } }] }
- { name: Not there, hosts: gone, tasks: [{ command: 'true' }] }
`
}
