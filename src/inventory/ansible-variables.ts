/** Ansible's variables that gpuplay does not support. They are refused with a hint, never ignored. */
import type { Problem } from '../base/errors.ts'
import type { Playbook, Variable, Variables } from '../language/model.ts'
import { problem } from '../language/source.ts'
import { editDistance } from '../language/suggest.ts'
import { ansibleNames } from './connection-variables.ts'

type Hint = string | ((value: string) => string)

const sshOptions: Hint = (value) => {
  const jump = /(?:^|\s)(?:-J\s*|-o\s*["']?ProxyJump[= ]\s*)([^\s"']+)/i.exec(value)?.[1]
  if (jump !== undefined) return `write proxy_jump: ${jump}`
  if (/ProxyCommand/i.test(value)) return 'write proxy_jump: HOST, or put ProxyCommand into ~/.ssh/config'
  if (/StrictHostKeyChecking[= ]\s*accept-new/i.test(value)) return 'write host_key_checking: accept-new'
  if (/StrictHostKeyChecking[= ]/i.test(value)) return 'write host_key_checking: strict, accept-new or off'
  const file = /UserKnownHostsFile[= ]\s*([^\s"']+)/i.exec(value)?.[1]
  if (file !== undefined) return `write known_hosts: ${file}`
  return 'put the options into ~/.ssh/config, which gpuplay reads for every host; for a jump host, write proxy_jump: HOST'
}

const inSshConfig: Hint = 'remove it; gpuplay reads ~/.ssh/config for every host'
const becomeOnly: Hint = 'remove it; gpuplay calls sudo with fixed options'

/** The hint for each, by name or by prefix (`*`). */
const refused: Readonly<Record<string, Hint>> = {
  ansible_ssh_common_args: sshOptions,
  ansible_ssh_extra_args: sshOptions,
  ansible_ssh_args: sshOptions,
  ansible_scp_extra_args: inSshConfig,
  ansible_sftp_extra_args: inSshConfig,
  ansible_ssh_executable: inSshConfig,
  ansible_ssh_pkcs11_provider: 'remove it; write PKCS11Provider in ~/.ssh/config and connection: openssh',
  ansible_host_key_checking: 'write host_key_checking: strict, accept-new or off',
  ansible_ssh_host_key_checking: 'write host_key_checking: strict, accept-new or off',
  ansible_paramiko_host_key_checking: 'write host_key_checking: strict, accept-new or off',
  ansible_timeout: 'remove it, and use --connect-timeout on the command line',
  ansible_ssh_timeout: 'remove it, and use --connect-timeout on the command line',
  ansible_ssh_retries: 'remove it; no variable controls whether gpuplay reconnects after a lost connection',
  ansible_become_flags: becomeOnly,
  ansible_become_exe: becomeOnly,
  ansible_sudo: 'write ansible_become',
  ansible_sudo_flags: becomeOnly,
  ansible_sudo_exe: becomeOnly,
  'ansible_su_*': 'remove it; the only become_method is sudo',
  'ansible_doas_*': 'remove it; the only become_method is sudo',
  'ansible_runas_*': 'remove it; the only become_method is sudo',
  ansible_shell_executable:
    'remove it; gpuplay runs commands with /bin/sh, and the shell module has the argument "executable"',
  'ansible_paramiko_*': 'write the name without "paramiko_": ansible_host, ansible_user, ansible_password',
  'ansible_proxmox_*': 'write node: NAME and ctid: NUMBER',
  ...Object.fromEntries(
    ['winrm', 'psrp', 'docker', 'podman', 'kubectl', 'oc', 'lxd', 'incus', 'jail', 'zone', 'chroot'].map(
      (kind) => [
        `ansible_${kind}_*`,
        `remove it; gpuplay has no "${kind}" connection, only ssh, openssh, local and pct`,
      ],
    ),
  ),
}

/** Control only how Ansible sends its modules and which interpreter runs them; ignored without effect. */
const harmless =
  /^ansible_(\w+_interpreter|pipelining|ssh_pipelining|control_path|control_path_dir|ssh_control_path|sftp_batch_mode|ssh_transfer_method|scp_if_ssh|ssh_use_tty|sshpass_prompt|sftp_executable|scp_executable|remote_tmp|async_dir|system_tmpdirs|shell_type)$/

export const groupPriority = 'ansible_group_priority'

/** Returns the problems with the names and values of variables that Ansible reads. */
export function ansibleProblems(variables: Variables): readonly Problem[] {
  return [...variables.values()].flatMap((variable) => ansibleProblem(variable) ?? [])
}

function ansibleProblem(variable: Variable): Problem | undefined {
  const { name, where } = variable
  const value = literalText(variable)
  if (name === 'ansible_connection') return wrongConnection(variable, value)
  if (name === 'ansible_shell_executable' && /^(\/usr)?\/bin\/(ba|da)?sh$/.test(value ?? '')) return undefined
  if (!name.startsWith('ansible_') || harmless.test(name) || value === '') return undefined
  const twins = Object.values(ansibleNames).flat()
  if (twins.includes(name) || name === groupPriority) return undefined
  const hint = refusedHint(name)
  if (hint !== undefined) {
    return problem('unsupported-variable', `gpuplay does not support the Ansible variable "${name}"`, {
      where,
      hint: typeof hint === 'string' ? hint : hint(value ?? ''),
    })
  }
  const meant = [...twins, groupPriority].find((twin) => editDistance(name, twin) <= 2)
  if (meant === undefined) return undefined
  return problem('unknown-variable', `there is no variable "${name}"`, {
    where,
    hint: `did you mean "${meant}"?`,
  })
}

function refusedHint(name: string): Hint | undefined {
  if (Object.hasOwn(refused, name)) return refused[name]
  return Object.entries(refused).find(([key]) => key.endsWith('*') && name.startsWith(key.slice(0, -1)))?.[1]
}

function wrongConnection(variable: Variable, value: string | undefined): Problem | undefined {
  if (value === undefined) return undefined
  if (value.endsWith('proxmox_pct_remote')) return pctRemote(variable)
  const known = ['ssh', 'smart', 'paramiko', 'paramiko_ssh', 'openssh', 'local', 'pct']
  if (known.includes(value.replace(/^ansible\.builtin\./, ''))) return undefined
  return problem('unsupported-variable', `there is no connection "${value}"`, {
    where: variable.value.where,
    hint: 'the connections are ssh, openssh and local, and pct for Proxmox VE containers',
  })
}

function pctRemote({ value }: Variable): Problem {
  return problem('unsupported-variable', 'gpuplay connects to a Proxmox VE container through its node', {
    where: value.where,
    hint: 'instead of proxmox_pct_remote and proxmox_vmid, write ctid: NUMBER and node: NAME, where NAME is a host of the inventory',
  })
}

function literalText(variable: Variable | undefined): string | undefined {
  return variable?.value.kind === 'literal' ? String(variable.value.value ?? '') : undefined
}

/** Reports Ansible's connection variables in playbooks and roles, where they have no effect. */
export function misplacedVariables(playbooks: readonly Playbook[]): readonly Problem[] {
  const twins = new Set(Object.values(ansibleNames).flat())
  const plays = playbooks.flatMap(({ plays }) => plays)
  const tasks = plays.flatMap((play) => [
    ...play.sections.flatMap((section) => section.tasks),
    ...play.handlers,
  ])
  const places: readonly Variables[] = [
    ...plays.map((play) => play.vars),
    ...plays.flatMap(({ roles }) =>
      roles.flatMap((use) => [use.role.defaults, use.role.vars, use.parameters]),
    ),
    ...tasks.map((task) => task.vars),
  ]
  return places.flatMap((variables) => [
    ...ansibleProblems(variables),
    ...[...variables.values()].flatMap(({ name, where }) =>
      twins.has(name) || name === groupPriority
        ? [
            problem('misplaced-variable', `"${name}" has no effect in a playbook or role`, {
              where,
              hint:
                name === groupPriority
                  ? 'set it under "vars" of a group in the inventory'
                  : 'set it in the inventory, or on the command line with -e',
            }),
          ]
        : [],
    ),
  ])
}
