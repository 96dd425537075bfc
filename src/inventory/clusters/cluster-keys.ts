/** The keys of a source with `plugin: proxmox`. Keys of Ansible's plugin that have no meaning here have an answer. */

export const pluginNames: readonly string[] = [
  'proxmox',
  'community.proxmox.proxmox',
  'community.general.proxmox',
]

/** Of the HTTPS API. Those in `apiEnvironment` may come from the environment. */
export const apiKeys = [
  'url',
  'user',
  'token_id',
  'token_secret',
  'validate_certs',
  'ca_path',
  'fingerprint',
] as const

/** The variables of Ansible's plugin. */
export const apiEnvironment: Readonly<Record<string, string>> = {
  url: 'PROXMOX_URL',
  user: 'PROXMOX_USER',
  token_id: 'PROXMOX_TOKEN_ID',
  token_secret: 'PROXMOX_TOKEN_SECRET',
}

/** Connection settings of the node that runs pvesh. The nodes of the cluster get them too. */
export const shellKeys = [
  'address',
  'connection',
  'port',
  'user',
  'password',
  'private_key',
  'private_key_passphrase',
  'known_hosts',
  'proxy_jump',
  'host_key_checking',
  'become',
  'become_user',
  'become_method',
  'become_password',
] as const

/** What both ways have in common. */
export const sharedKeys = [
  'plugin',
  'api_timeout',
  'want_facts',
  'want_proxmox_nodes_ansible_host',
  'group_prefix',
  'lxc_hostname',
  'filters',
  'strict',
  'compose',
  'groups',
  'keyed_groups',
  'leading_separator',
] as const

const leaveOut = 'leave it out'

/** What to write instead of keys that Ansible's plugin has. */
export const answeredKeys: Readonly<Record<string, string>> = {
  cache: `${leaveOut}: the cluster is asked once for each command`,
  cache_connection: leaveOut,
  cache_plugin: leaveOut,
  cache_prefix: leaveOut,
  cache_timeout: leaveOut,
  exclude_nodes: `${leaveOut}: containers are reached through their nodes; select hosts with patterns such as "all:!proxmox_nodes"`,
  exclude_vms: `${leaveOut}, and use the group "proxmox_nodes"; to leave out containers write filters: ["false"]`,
  facts_concurrency: `${leaveOut}: four questions are asked at a time`,
  facts_prefix: `${leaveOut}: the variables begin with "proxmox_"`,
  host: 'write "address" to log in to a node and run pvesh, or "url" for the API',
  hostname: 'write "lxc_hostname"; nodes have the names that Proxmox VE gives them',
  qemu_extended_statuses: `${leaveOut}: virtual machines are not listed`,
  qemu_hostname: `${leaveOut}: virtual machines are not listed`,
  use_extra_vars: `${leaveOut}: -e always counts`,
  want_post_filter_facts: 'write "want_facts: true", which is the default',
}
