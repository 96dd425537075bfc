/** Options of Ansible's programs that gpuplay does not have, each with its replacement. */

const sshOptions =
  'put the options into ~/.ssh/config, which gpuplay reads; for a bastion set ProxyJump there'
const becomePassword = 'use -K to be asked, or write "become_password: ..." into a file and use -e @FILE'
const loginPassword = 'use -k to be asked, or write "password: ..." into a file and use -e @FILE'

/** For every command that connects to hosts. */
const general: Readonly<Record<string, string>> = {
  '--conn-pass-file': loginPassword,
  '--connection-password-file': loginPassword,
  '--become-pass-file': becomePassword,
  '--become-password-file': becomePassword,
  '--become-method': 'leave it out: sudo is the only method',
  '--timeout': 'use --connect-timeout',
  '--inventory-file': 'use --inventory',
  '--key-file': 'use --private-key',
  '--module-path': 'put the modules into the folder modules beside the playbook or in a role',
  '-M': 'put the modules into the folder modules beside the playbook or in a role',
  '--ssh-common-args': sshOptions,
  '--ssh-extra-args': sshOptions,
  '--scp-extra-args': sshOptions,
  '--sftp-extra-args': sshOptions,
  '--ask-vault-password': 'use --ask-vault-pass',
  '--vault-pass-file': 'use --vault-password-file',
  '--flush-cache': 'leave it out: facts are not kept between runs',
  '--playbook-dir': 'leave it out: change to that directory first',
}

const dryRun = 'a command has no dry run: write a task and use "gpuplay run --check"'
const background =
  'write a task: with "gpuplay run", a long installation finishes even if the connection drops'
const afterDashes = 'write the command after "--": gpuplay exec all -- uptime'

const exec: Readonly<Record<string, string>> = {
  '--module-name': 'exec runs commands; to run a module, write a playbook',
  '-m': 'exec runs commands; to run a module, write a playbook',
  '--args': afterDashes,
  '-a': afterDashes,
  '--limit': 'name the hosts in the pattern: gpuplay exec "web:&pve1" -- uptime',
  '-l': 'name the hosts in the pattern: gpuplay exec "web:&pve1" -- uptime',
  '--check': dryRun,
  '-C': dryRun,
  '--diff': dryRun,
  '-D': dryRun,
  '--background': background,
  '-B': background,
  '--poll': background,
  '-P': background,
  '--task-timeout': 'leave it out: a command may take ten minutes',
  '--one-line': 'leave it out, and use a filter such as paste',
  '-o': 'leave it out, and use a filter such as paste',
  '--tree': 'redirect the output to a file',
  '-t': 'redirect the output to a file',
  '--list-hosts': 'use "gpuplay inventory --graph -l PATTERN"',
}

const inventory: Readonly<Record<string, string>> = {
  '--yaml': 'use --list: its JSON is YAML too',
  '-y': 'use --list: its JSON is YAML too',
  '--toml': 'use --list, which prints JSON',
  '--vars': 'use --host NAME, which shows the variables of a host and where each is set',
  '--export': 'leave it out: --list shows all variables of each host',
  '--output': 'redirect the output: gpuplay inventory --list > FILE',
}

const facts: Readonly<Record<string, string>> = {
  '--limit': 'name the hosts in the pattern: gpuplay facts "web:&pve1"',
  '-l': 'name the hosts in the pattern: gpuplay facts "web:&pve1"',
}

const status: Readonly<Record<string, string>> = {
  '--check': 'leave it out: status changes nothing',
  '-C': 'leave it out: status changes nothing',
  '--json': 'use --output json',
}

const metrics: Readonly<Record<string, string>> = {
  '--check': 'leave it out: metrics changes nothing',
  '-C': 'leave it out: metrics changes nothing',
  '--json': 'use "gpuplay status --output json"',
}

const wholePlaybook = 'leave it out: a graph shows the whole playbook'

const graph: Readonly<Record<string, string>> = {
  '--inventory': 'leave it out: graph reads only playbooks',
  '-i': 'leave it out: graph reads only playbooks',
  '--limit': wholePlaybook,
  '-l': wholePlaybook,
  '--tags': wholePlaybook,
  '-t': wholePlaybook,
  '--skip-tags': wholePlaybook,
}

const runs: Readonly<Record<string, string>> = {
  '--limit': 'leave it out: a log has all hosts of its run',
  '-l': 'leave it out: a log has all hosts of its run',
  '--json': 'use --output jsonl',
}

const wholeRun = 'leave it out: a report has all hosts of its run'

const report: Readonly<Record<string, string>> = {
  '--limit': wholeRun,
  '-l': wholeRun,
  '--output': 'use -o FILE',
}

const byCommand: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  status,
  metrics,
  graph,
  runs,
  report,
  exec,
  inventory,
  facts,
}

/**
 * Returns the replacement for an option of Ansible, given as it was typed; `undefined` for any other option.
 */
export function insteadOfFlag(command: string, flag: string): string | undefined {
  const name = flag.split('=')[0] ?? flag
  const own = Object.hasOwn(byCommand, command) ? byCommand[command] : undefined
  if (own !== undefined && Object.hasOwn(own, name)) return own[name]
  if (['modules', 'runs', 'report', 'graph'].includes(command) || !Object.hasOwn(general, name))
    return undefined
  return general[name]
}

const commands: Readonly<Record<string, string>> = {
  playbook: 'gpuplay run PLAYBOOK',
  apply: 'gpuplay run PLAYBOOK',
  plan: 'gpuplay run PLAYBOOK --check',
  check: 'gpuplay run PLAYBOOK --check',
  doc: 'gpuplay modules NAME',
  setup: 'gpuplay facts all',
  adhoc: 'gpuplay exec all -- COMMAND',
  ping: 'gpuplay exec all -- true',
  shell: 'gpuplay exec all -- COMMAND',
  console: 'gpuplay exec all -- COMMAND',
}

/** Returns the command line that replaces a command of another tool. */
export function insteadOfCommand(word: string): string | undefined {
  return Object.hasOwn(commands, word) ? commands[word] : undefined
}
