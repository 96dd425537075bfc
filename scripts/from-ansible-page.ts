/**
 * Generates docs/from-ansible.md: what is written in Ansible, and here. The answers are those that gpuplay gives to
 * playbooks and command lines of Ansible, so the page cannot say anything else than the program.
 */
import { format } from 'prettier'
import { insteadOfFlag } from '../src/cli/ansible-flags.ts'
import { insteadOfClusterKey } from '../src/inventory/clusters/cluster-source.ts'
import { ExpressionParser } from '../src/language/expression.ts'
import { formerAdvice, formerFacts, formerVariables } from '../src/language/former-names.ts'
import {
  blockKeywords,
  handlerKeywords,
  misplaced,
  notYet,
  playKeywords,
  roleKeywords,
  taskKeywords,
} from '../src/language/keywords.ts'
import { moduleInstead } from '../src/language/other-modules.ts'
import { fileLocator, SourceFile } from '../src/language/source.ts'
import { ValueReader } from '../src/language/values.ts'
import { readYaml } from '../src/language/yaml.ts'
import type { Problem } from '../src/base/errors.ts'

/** Keywords of plays, roles, blocks and tasks of ansible-core 2.19. */
const keywords =
  words(`action always any_errors_fatal args async become become_exe become_flags become_method become_user
  block changed_when check_mode collections connection debugger delay delegate_facts delegate_to diff environment
  fact_path failed_when force_handlers gather_facts gather_subset gather_timeout handlers hosts ignore_errors
  ignore_unreachable import_playbook import_role import_tasks include_role include_tasks listen local_action loop
  loop_control max_fail_percentage module_defaults name no_log notify order poll port post_tasks pre_tasks register
  remote_user rescue retries roles run_once serial strategy tags tasks throttle timeout until vars vars_files
  vars_prompt when with_dict with_fileglob with_file with_first_found with_flattened with_indexed_items with_items
  with_lines with_list with_nested with_sequence with_subelements with_together`)

/** The modules of ansible.builtin in ansible-core 2.19, then some of ansible.posix and community.general. */
const otherModules =
  words(`add_host apt apt_key apt_repository assemble assert async_status blockinfile command copy
  cron deb822_repository debconf debug dnf dpkg_selections expect fail fetch file find gather_facts get_url getent git
  group group_by hostname include_vars iptables known_hosts lineinfile meta mount_facts package package_facts pause ping
  pip raw reboot replace rpm_key script service service_facts set_fact set_stats setup shell slurp stat subversion
  systemd_service template tempfile unarchive uri user validate_argument_spec wait_for wait_for_connection yum_repository
  authorized_key firewalld mount synchronize sysctl alternatives filesystem ini_file locale_gen modprobe openssh_keypair
  pam_limits proxmox proxmox_kvm proxmox_snap timezone ufw`)

/** Values with filters, as they stand in variables and arguments. */
const values = [
  "{{ x | default('y') }}",
  '{{ x | default(omit) }}',
  '{{ x | bool }}',
  '{{ x | int }}',
  '{{ x | upper }}',
  '{{ x | trim }}',
  "{{ x | replace('a', 'b') }}",
  "{{ x | regex_replace('a+', 'b') }}",
  "{{ x | regex_search('a+') }}",
  "{{ x | split(',') }}",
  "{{ xs | join(',') }}",
  '{{ xs | length }}',
  '{{ xs | first }}',
  '{{ xs | last }}',
  '{{ xs | sort }}',
  '{{ xs | unique }}',
  '{{ xs | flatten }}',
  '{{ xs | min }}',
  "{{ xs | map(attribute='name') | list }}",
  "{{ xs | selectattr('name', 'equalto', 'a') | list }}",
  "{{ xs | rejectattr('off') | list }}",
  "{{ xs | select('match', 'a.*') | list }}",
  '{{ xs | union(ys) }}',
  '{{ xs | difference(ys) }}',
  '{{ x | combine(y) }}',
  '{{ x | dict2items }}',
  '{{ x | to_json }}',
  '{{ x | to_nice_yaml }}',
  '{{ x | from_json }}',
  '{{ x | b64encode }}',
  "{{ x | hash('sha256') }}",
  '{{ x | basename }}',
  '{{ x | quote }}',
  "{{ x | ternary('a', 'b') }}",
  "{{ 'a' if x else 'b' }}",
  "{{ lookup('file', 'name') }}",
  "{{ lookup('env', 'HOME') }}",
  '{{ x | password_hash }}',
] as const

/** Conditions, as they stand under `when`. */
const conditions = [
  'x is defined',
  'x is not defined',
  'x is succeeded',
  'x is failed',
  'x is changed',
  'x is skipped',
  "x is match('a.*')",
  "x is search('a+')",
  "x is version('2.0', '>=')",
  'x is none',
  'x is string',
  "x in ['a', 'b']",
  "x == 'a' and not y",
  'x | bool',
  'xs | length > 0',
  'x is file',
] as const

/** The options of community.proxmox 2.1. */
const clusterKeys =
  words(`api_timeout cache compose exclude_nodes exclude_vms facts_concurrency facts_prefix filters
  group_prefix groups hostname keyed_groups leading_separator lxc_hostname password qemu_extended_statuses qemu_hostname
  strict token_id token_secret url use_extra_vars user validate_certs want_facts want_post_filter_facts
  want_proxmox_nodes_ansible_host`)

/** Options of ansible-playbook that have another name or no meaning here. */
const options =
  words(`--become-method --become-password-file --connection-password-file --flush-cache --key-file
  --inventory-file --module-path --scp-extra-args --ssh-common-args --timeout`)

/** @param modules The names of the modules here */
export async function fromAnsiblePage(modules: readonly string[]): Promise<string> {
  const rows = (names: readonly string[], answer: (name: string) => string | undefined): readonly string[] =>
    names.map((name) => `| ${code(name)} | ${cell(answer(name) ?? missing(name))} |`)
  const keywordHere = (name: string): string | undefined =>
    modules.includes(name) ? 'the same' : answerTo(name)
  const text = [
    '# From Ansible',
    '',
    'Playbooks, roles and inventories have the forms of Ansible. This page lists what is different. `npm run schemas` generates it',
    'from the answers that gpuplay gives when it finds the words of Ansible, so you can also run your playbook: each mistake has a',
    'place and what to write instead.',
    '',
    '## What is different',
    '',
    '- **Nothing is needed on hosts but a shell.** There is no Python, no interpreter to discover, and no temporary module files.',
    '- **Mistakes are found before the first connection**: unknown variables, arguments, handlers, tags and hosts are errors.',
    '- **A dry run is a promise.** `--check` predicts what each task will do, also where it rests on an earlier task, and says',
    '  `may run` where nobody can know. A real run changes nothing else. There is no `check_mode` to work around it.',
    '- **Expressions are [CEL](https://cel.dev)**, not Python: `when: x == "a" && !y`. A value that is one expression keeps its type.',
    '- **Templates are [Handlebars](https://handlebarsjs.com)**: they render, and conditions and calculations belong in expressions.',
    '- **Facts are read when something uses them.** There is no gathering step, so `gather_facts: false` is not needed.',
    '- **Values of variables are data.** Text that comes from a host is never evaluated as a template.',
    '- **Handlers survive**: if a run ends between a change and its handler, the next run still runs the handler.',
    '- **Unreachable counts as failed** everywhere: in `rescue`, `max_fail_percentage` and exit codes.',
    '- **Programs run to their end** when the connection drops, and the next connection collects the result.',
    '- **Changes of the inventory count from the next play on** (`group_by`, `add_host`): all hosts of a play see the same one.',
    '- **Variables of roles stay in their role**: the defaults of one role are not seen in another.',
    '',
    '## Keywords',
    '',
    '| Ansible | here |',
    '| --- | --- |',
    ...rows(keywords, keywordHere),
    '',
    '## Modules',
    '',
    '`gpuplay modules NAME` describes the arguments of a module. Arguments of Ansible with another name are answered with it.',
    '',
    '| Ansible | here |',
    '| --- | --- |',
    ...rows(otherModules, (name) => (modules.includes(name) ? 'the same' : moduleInstead(name))),
    '',
    `Only here: ${modules
      .filter((name) => !otherModules.includes(name) && !keywords.includes(name))
      .map(code)
      .join(', ')}.`,
    '',
    '## Facts',
    '',
    '| Ansible, with or without `ansible_` | here |',
    '| --- | --- |',
    ...rows(Object.keys(formerFacts), (name) => mapped(formerFacts[name])),
    '',
    '## Other variables',
    '',
    '| Ansible | here |',
    '| --- | --- |',
    ...rows(Object.keys(formerVariables).filter(isVariable), (name) => mapped(formerVariables[name])),
    ...rows(Object.keys(formerAdvice).filter(isVariable), (name) => formerAdvice[name]),
    '',
    '## Filters in values',
    '',
    '| Ansible | here |',
    '| --- | --- |',
    ...rows(values, (text) => written(hintOf(valueProblems(text)))),
    '',
    '## Tests in conditions',
    '',
    '| Ansible | here |',
    '| --- | --- |',
    ...rows(conditions, (text) => {
      const problems = conditionProblems(text)
      return problems.length === 0 ? 'the same' : written(hintOf(problems))
    }),
    '',
    '## The inventory plugin community.proxmox.proxmox',
    '',
    'Write `plugin: proxmox` ([Proxmox VE](playbooks.md#proxmox-ve)).',
    '',
    '| Ansible | here |',
    '| --- | --- |',
    ...rows(clusterKeys, insteadOfClusterKey),
    '',
    '## Options of ansible-playbook',
    '',
    'All others are the same ([command line](command-line.md)).',
    '',
    '| Ansible | here |',
    '| --- | --- |',
    ...rows(options, (name) => insteadOfFlag('run', name)),
    '',
  ].join('\n')
  return format(text, { parser: 'markdown', printWidth: 120, proseWrap: 'preserve' })
}

const here = {
  play: playKeywords,
  role: roleKeywords,
  block: blockKeywords,
  task: taskKeywords,
  handler: handlerKeywords,
} as const

function answerTo(name: string): string | undefined {
  const places = Object.entries(here).flatMap(([place, known]) => ([...known].includes(name) ? [place] : []))
  if (places.length > 0 || ['import_role', 'import_tasks'].includes(name)) return 'the same'
  if (Object.hasOwn(notYet, name)) return notYet[name]
  return Object.hasOwn(misplaced, name) ? 'the same' : undefined
}

function valueProblems(text: string): readonly Problem[] {
  const reader = new ValueReader()
  const { root } = readYaml(new SourceFile('vars.yml', `x: '${text.replaceAll("'", "''")}'\n`))
  const entry = root?.kind === 'map' ? root.entries.get('x') : undefined
  if (entry !== undefined) reader.value(entry.value)
  return reader.problems
}

function conditionProblems(text: string): readonly Problem[] {
  const problems: Problem[] = []
  new ExpressionParser().parse(text, fileLocator(new SourceFile('when', text)), problems)
  return problems
}

function hintOf([first]: readonly Problem[]): string {
  return first === undefined ? 'the same' : (first.hint ?? first.message)
}

function isVariable(name: string): boolean {
  return name.includes('_')
}

function mapped(name: string | undefined): string | undefined {
  return name === undefined ? undefined : code(name)
}

/** A word of Ansible that is neither the same nor answered would make the page wrong. */
function missing(name: string): never {
  throw new Error(`gpuplay has no answer to "${name}" of Ansible`)
}

/** What follows "write" in a hint about an expression is code. */
function written(hint: string): string {
  return hint.startsWith('write ') ? code(hint.slice('write '.length)) : hint
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll(/\\?\|/g, '\\|').replaceAll('\n', ' ')
}

function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text.replaceAll('|', '\\|')}\``
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/)
}
