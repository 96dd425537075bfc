/** Command lines that a module replaces: the module predicts its changes and changes nothing a second time. */
import type { Task } from './model.ts'
import { commandOf, literalArgument } from './task-program.ts'

/** The first pattern that matches decides. Patterns match programs that change something. */
const replaced: readonly (readonly [pattern: RegExp, module: string])[] = [
  [
    /^(apt-get|apt|aptitude) (-\S+ )*(install|remove|purge|update|upgrade|dist-upgrade|full-upgrade)\b/,
    'apt',
  ],
  [/^add-apt-repository\b/, 'apt_repository'],
  [/^systemctl (-\S+ )*(start|stop|restart|reload|enable|disable|mask|unmask)\b/, 'service'],
  [/^service \S+ (start|stop|restart|reload)\b/, 'service'],
  [/^sysctl (-\S+ )*-w\b/, 'sysctl'],
  [/^modprobe\b/, 'kernel_module'],
  [/^(wget|curl (.* )?(-\w*[oO]|--output|--remote-name)\b)/, 'get_url'],
  [/^(mkdir|chmod|chown|chgrp|rm|rmdir|touch|ln)\b/, 'file'],
  [/^(cp|install)\b/, 'copy'],
  [/^(echo|printf|cat)\b.*>/, 'copy'],
  [/^sed (-\S+ )*(-i|--in-place)/, 'replace'],
  [/^(reboot|shutdown (-\S+ )*-r)\b/, 'reboot'],
  [/^(useradd|usermod|userdel|adduser|deluser)\b/, 'user'],
  [/^(groupadd|groupmod|groupdel|addgroup|delgroup)\b/, 'group'],
  [/^hostnamectl set-hostname\b/, 'hostname'],
  [/^timedatectl set-timezone\b/, 'timezone'],
  [/^(mount|umount)\b/, 'mount'],
  [/^(tar (-\S+ )*(-?\w*x|--extract)|unzip\b)/, 'unarchive'],
  [/^crontab\b/, 'cron'],
  [/^pct (create|clone|start|stop|shutdown|destroy|template)\b/, 'pve_container'],
  [/^pct set\b/, 'pve_container_config'],
  [/^pct (snapshot|delsnapshot|rollback)\b/, 'pve_container_snapshot'],
  [/^pct reboot\b/, 'pve_container_restart'],
]

/**
 * Returns the module that replaces the program of a `command` or `shell` task, if there is one. A program that
 * only reads (`reads: true`), a pipe and a script of several commands have none.
 */
export function moduleForCommand(
  task: Task,
  modules: ReadonlySet<string>,
): { readonly program: string; readonly module: string } | undefined {
  if (task.module !== 'command' && task.module !== 'shell') return undefined
  if (literalArgument(task, 'reads') === true) return undefined
  const line = commandOf(task)?.replace(/^sudo (-\S+ )*/, '')
  if (line === undefined || /[|;&\n`]|\$\(/.test(line)) return undefined
  const module = replaced.find(([pattern]) => pattern.test(line))?.[1]
  if (module === undefined || !modules.has(module)) return undefined
  return { program: line.split(' ')[0] ?? line, module }
}
