/** Arguments that Ansible's modules have, and that have another name here or do not exist, with hints. */
import { otherRoleArguments } from './keywords.ts'
import type { MapEntry } from './model.ts'
import type { ModuleSchema } from './module-schema.ts'
import type { ProblemDetails } from './source.ts'

/** `=name` is the name here; every other text is a hint. */
const instead: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  add_host: {
    group: '=groups',
    groupname: '=groups',
    host: '=name',
    hostname: '=name',
  },
  apt: {
    allow_downgrades: '=allow_downgrade',
    'allow-downgrades': '=allow_downgrade',
    force: 'leave it out, and name packages that may be removed in allow_remove',
    force_apt_get: 'leave it out: apt-get is always used',
    'install-recommends': '=install_recommends',
    package: '=name',
    pkg: '=name',
    'update-cache': '=update_cache',
    upgrade: 'run apt-get upgrade with "command"',
  },
  apt_repository: {
    filename: '=name',
    repo: 'write its parts: uris, suites and components',
    validate_certs: 'leave it out: certificates are always checked',
  },
  assert: {
    msg: '=fail_msg',
    quiet: 'leave it out',
  },
  authorized_key: {
    follow: 'set "path" to the file itself',
    validate_certs: 'leave it out',
  },
  blockinfile: {
    content: '=block',
    dest: '=path',
    destfile: '=path',
    name: '=path',
  },
  command: {
    warn: 'leave it out',
  },
  copy: {
    directory_mode: 'create the directory with file and "state: directory"',
    follow: 'leave it out: links are followed',
    name: '=dest',
    path: '=dest',
  },
  debug: {
    verbosity: 'leave it out, or use a condition',
  },
  fetch: {
    path: '=src',
    validate_checksum: 'leave it out: the checksum is always compared',
  },
  file: {
    dest: '=path',
    follow: 'leave it out: links are followed, except by "link" and "absent"',
    name: '=path',
    target: '=src',
  },
  find: {
    exclude: '=excludes',
    follow: 'leave it out: links are not followed',
    name: '=paths',
    path: '=paths',
    pattern: '=patterns',
    regex: '=use_regex',
  },
  get_url: {
    backup: 'leave it out, or copy the file first',
    sha256sum: 'write it as "checksum: sha256:..."',
    url_password: '=password',
    url_username: '=username',
    use_proxy: '=proxy',
    validate_certs: 'leave it out: certificates are always checked',
  },
  git: {
    accept_hostkey: 'set the line in /etc/ssh/ssh_known_hosts with lineinfile',
    accept_newhostkey: 'set the line in /etc/ssh/ssh_known_hosts with lineinfile',
    bare: 'run git clone --bare with "command" and "creates"',
    clone: 'use a condition on stat',
    key_file: 'set the key in ~/.ssh/config of the user on the host',
    name: '=repo',
    path: '=dest',
    remote: 'leave it out: the name is always origin',
    track_submodules: 'leave it out: submodules have the commit that the repository names',
  },
  hostname: {
    use: 'leave it out',
  },
  include_role: otherRoleArguments,
  include_tasks: {
    apply: 'write its keywords on the task: the included tasks inherit them',
  },
  ini_file: {
    dest: '=path',
    ignore_spaces: 'leave it out: spaces around = do not count as a difference',
    modify_inactive_option: 'leave it out: the option is added below its comment',
    values: 'write a task for each value, with "exclusive: false"',
  },
  lineinfile: {
    dest: '=path',
    destfile: '=path',
    name: '=path',
    regex: '=regexp',
    value: '=line',
  },
  package_facts: {
    manager: 'leave it out: packages are those of dpkg',
    strategy: 'leave it out: packages are those of dpkg',
  },
  pause: {
    echo: 'leave it out: the answer is yes or no; give values with -e',
  },
  reboot: {
    msg: '=reason',
    post_reboot_delay: 'leave it out: the run waits until the host answers',
    pre_reboot_delay: 'leave it out',
    reboot_timeout: '=timeout',
    test_command: 'write it as the next task, with "until"',
  },
  replace: {
    dest: '=path',
    destfile: '=path',
    encoding: 'leave it out: files are UTF-8',
    name: '=path',
  },
  script: {
    cmd: '=src',
    decrypt: 'leave it out',
  },
  service: {
    'daemon-reload': '=daemon_reload',
    daemon_reexec: 'run systemctl daemon-reexec with "command"',
    force: 'leave it out',
    no_block: 'leave it out: the task waits for the unit',
    pattern: 'leave it out: systemd knows whether a unit runs',
    scope: 'units of users are not supported: run systemctl --user with "command"',
    service: '=name',
    sleep: 'leave it out',
    unit: '=name',
    use: 'leave it out: systemd is always used',
  },
  slurp: {
    src: '=path',
  },
  stat: {
    dest: '=path',
    get_attributes: 'leave it out',
    get_mime: 'run file with "command", "reads: true" and "register"',
    name: '=path',
  },
  sysctl: {
    key: '=name',
    reload: 'leave it out: the value is set at once',
    sysctl_file: 'leave it out: each parameter has a file of its own in /etc/sysctl.d',
    sysctl_set: 'leave it out: the value is set at once',
    val: '=value',
  },
  template: {
    follow: 'leave it out: links are followed',
    lstrip_blocks: 'leave it out: templates are Handlebars',
    path: '=dest',
    trim_blocks: 'leave it out: templates are Handlebars',
  },
  timezone: {
    hwclock: 'run hwclock with "command"',
  },
  unarchive: {
    copy: 'leave it out: the archive is always one of the host; copy brings it there',
    exclude: 'leave it out, or remove the files with file and "state: absent"',
    extra_opts: 'write strip_components, or run tar with "command" and "creates"',
    group: 'write a task with file for the unpacked directory',
    list_files: 'run tar --list with "command", "reads: true" and "register"',
    mode: 'write a task with file for the unpacked directory',
    owner: 'write a task with file for the unpacked directory',
    remote_src: 'leave it out: the archive is always one of the host; copy or get_url brings it there',
  },
  uri: {
    dest: 'use get_url, or write "content" of the result with copy',
    force_basic_auth: 'leave it out: the login is always sent',
    return_content: 'leave it out: the result always has "content"',
    src: 'write the text as "body"',
    url_password: '=password',
    url_username: '=username',
    user: '=username',
    validate_certs: 'leave it out: certificates are always checked',
  },
  user: {
    createhome: '=create_home',
    expires: 'run chage with "command"',
    force: 'leave it out',
    generate_ssh_key: 'run ssh-keygen with "command" and "creates"',
    non_unique: 'leave it out: each user has an ID of its own',
    skeleton: 'set SKEL in /etc/default/useradd',
    user: '=name',
  },
  wait_for: {
    active_connection_states: 'leave it out: a port is drained when no process uses a connection of it',
    exclude_hosts: 'leave it out: a port is drained when it has no connections at all',
    msg: 'leave it out: the failure names what was missing',
  },
  wait_for_connection: {
    connect_timeout: 'use --connect-timeout',
  },
}

/** The names of modules and of their arguments in the table. */
export const foreignArguments: readonly (readonly [
  module: string,
  argument: string,
  meant: string | undefined,
])[] = Object.entries(instead).flatMap(([module, table]) =>
  Object.entries(table).map(([argument, text]) => [module, argument, nameIn(text)] as const),
)

/**
 * Takes the arguments of the table out of a task and reports each, with its place. One that has another name
 * here counts as written with that name, so that nothing else is reported about it.
 */
export function answerForeignArguments(
  { name, args }: Pick<ModuleSchema, 'name' | 'args'>,
  entries: Map<string, MapEntry>,
  report: (message: string, details: ProblemDetails) => void,
): void {
  const table = Object.hasOwn(instead, name) ? (instead[name] ?? {}) : {}
  const { properties = {} } = args as { readonly properties?: Readonly<Record<string, unknown>> }
  for (const [key, entry] of Array.from(entries)) {
    if (!Object.hasOwn(table, key) || Object.hasOwn(properties, key)) continue
    const text = table[key] ?? ''
    const meant = nameIn(text)
    entries.delete(key)
    const free = meant !== undefined && !entries.has(meant)
    if (free) entries.set(meant, entry)
    report(`"${name}" has no "${key}"`, {
      where: entry.where,
      hint: meant === undefined ? text : `it is called "${meant}" here`,
      fix: free ? { kind: 'key', from: key, to: meant } : undefined,
    })
  }
}

function nameIn(text: string): string | undefined {
  return text.startsWith('=') ? text.slice(1) : undefined
}
