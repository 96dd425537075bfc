import { defined } from '../../base/defined.ts'
import { commandLine, raw, sh } from '../../base/shell.ts'
import type { ShellHelper } from '../../connection/connection.ts'
import type { KernelModuleStatus, KernelStatus, PackageStatus, UnitStatus } from '../host.ts'
import { count, found, lastLine, localTimeout, type QueryKind, readFailed } from './query.ts'

/**
 * Many packages with one dpkg-query. A half-installed package counts as not installed, because its files are
 * not reliable.
 */
export const dpkg: QueryKind<string, PackageStatus> = {
  kind: 'package',
  plain: true,
  mergeLimit: 200,
  answerBytes: 512,
  timeout: () => localTimeout,
  script: (names) =>
    commandLine([
      'dpkg-query',
      '-W',
      '-f',
      '${Package}\\t${Architecture}\\t${db:Status-Status}\\t${Version}\\n',
      '--',
      ...names,
    ]),
  parse: ({ stdout, stderr, code }, names) => {
    if (code === 127) {
      return names.map((name) =>
        readFailed(
          `cannot check whether ${name} is installed: the host has no dpkg`,
          'gpuplay manages packages only on Debian and its derivatives',
        ),
      )
    }
    if (code > 1) return names.map((name) => readFailed(`cannot read package ${name}: ${lastLine(stderr)}`))
    const rows = stdout
      .toString('utf8')
      .split('\n')
      .map((line) => line.split('\t'))
    return names.map((name) => {
      const [base, architecture] = name.split(':')
      const mine = rows.filter(
        ([rowName, rowArchitecture]) =>
          rowName === base && (architecture === undefined || rowArchitecture === architecture),
      )
      const row = mine.find(([, , status]) => status !== undefined && installedStates.has(status)) ?? mine[0]
      if (row === undefined && code === 0)
        return readFailed(`cannot read package ${name}: dpkg-query reported nothing about it`)
      const status = row?.[2] ?? 'not-installed'
      return found({ status, installed: installedStates.has(status) ? row?.[3] : undefined })
    })
  },
}

const installedStates: ReadonlySet<string> = new Set(['installed', 'triggers-awaited', 'triggers-pending'])

const unitProperties = 'LoadState,ActiveState,UnitFileState,Type,RemainAfterExit'

/** Many units with one `systemctl show`, which answers in the given order, one block each. */
export const unit: QueryKind<string, UnitStatus> = {
  kind: 'unit',
  plain: true,
  mergeLimit: 100,
  answerBytes: 512,
  timeout: () => localTimeout,
  script: (names) => commandLine(['systemctl', 'show', '-p', unitProperties, '--', ...names]),
  parse: ({ stdout, stderr, code }, names) => {
    const blocks = stdout.toString('utf8').trimEnd().split('\n\n')
    if (code !== 0 || blocks.length !== names.length) {
      const hint = 'the host must run systemd; a container may still be starting'
      return names.map((name) => readFailed(`cannot read the unit ${name}: ${lastLine(stderr)}`, hint))
    }
    return blocks.map((block, index) => {
      const fields = new Map(
        block.split('\n').map((line): [string, string] => {
          const at = line.indexOf('=')
          return [line.slice(0, at), line.slice(at + 1)]
        }),
      )
      const loaded = fields.get('LoadState')
      if (loaded === undefined)
        return readFailed(`cannot read the unit ${names[index] ?? ''}: invalid answer from systemctl`)
      return found({
        exists: loaded !== 'not-found',
        active: fields.get('ActiveState') ?? 'inactive',
        enabled: fields.get('UnitFileState') ?? '',
        ...defined({
          oneshot:
            fields.get('Type') === 'oneshot' && fields.get('RemainAfterExit') === 'no' ? true : undefined,
        }),
      })
    })
  },
}

/** systemd's full name: `ssh` is `ssh.service`. */
export function unitName(name: string): string {
  return /\.(service|socket|target|timer|mount|automount|path|slice|scope|swap|device)$/.test(name)
    ? name
    : `${name}.service`
}

const kernelModulesHelper: ShellHelper = {
  name: 'gp_kernel_modules 1',
  text: sh`gp_kernel_modules() {
for _gp_m in "$@"; do
_gp_loaded=0 _gp_users= _gp_version=
if [ -d "/sys/module/$_gp_m" ]; then
_gp_loaded=1 _gp_state=live
{ read -r _gp_state <"/sys/module/$_gp_m/initstate"; read -r _gp_users <"/sys/module/$_gp_m/refcnt"; read -r _gp_version <"/sys/module/$_gp_m/version"; } 2>/dev/null
[ "$_gp_state" = live ] || _gp_loaded=0
fi
if [ "$_gp_users" = "" ] && [ -r /proc/modules ]; then
while read -r _gp_name _gp_size _gp_count _gp_rest; do
[ "$_gp_name" = "$_gp_m" ] && _gp_loaded=1 _gp_users=$_gp_count && break
done </proc/modules
fi
printf '%s\\t%s\\t%s\\n' "$_gp_loaded" "$_gp_users" "$_gp_version"
done
}`,
}

/**
 * Many modules without a process. `/sys/module` also lists built-in modules; `/proc/modules` is read if a
 * container cannot see `/sys/module`.
 */
export const kernelModule: QueryKind<string, KernelModuleStatus> = {
  kind: 'kernelModule',
  plain: true,
  mergeLimit: 100,
  answerBytes: 256,
  helpers: [kernelModulesHelper],
  timeout: () => localTimeout,
  script: (names) => sh`gp_kernel_modules ${raw(commandLine(names))}`,
  parse: ({ stdout, stderr }, names) => {
    const lines = stdout.toString('utf8').split('\n')
    return names.map((name, index) => {
      const [loaded, users, version] = (lines[index] ?? '').split('\t')
      // A kernel that cannot unload modules prints `-` (modules(5)).
      const uses = users === '' || users === '-' ? 0 : count(users)
      if ((loaded !== '0' && loaded !== '1') || uses === undefined)
        return readFailed(`cannot read the kernel module ${name}: ${lastLine(stderr) || 'invalid answer'}`)
      return found({
        loaded: loaded === '1',
        version: version === undefined || version === '' ? undefined : version,
        users: uses,
      })
    })
  },
}

export const kernel: QueryKind<null, KernelStatus> = {
  kind: 'kernel',
  plain: true,
  mergeLimit: 1,
  answerBytes: 256,
  timeout: () => localTimeout,
  script: () => sh`{ read -r _gp_id </proc/sys/kernel/random/boot_id &&
{ read -r _gp_release </proc/sys/kernel/osrelease || _gp_release=$(uname -r); } &&
printf '%s\\n%s\\n' "$_gp_id" "$_gp_release"; }`,
  parse: ({ stdout, stderr, code }) => {
    const [bootId = '', release = ''] = stdout.toString('utf8').split('\n')
    return [
      code === 0 && /^[\x21-\x7e]+$/.test(release)
        ? found({ release, bootId })
        : readFailed(`cannot read the kernel's release and boot id: ${lastLine(stderr)}`),
    ]
  },
}

const commandsHelper: ShellHelper = {
  name: 'gp_commands 1',
  text: sh`gp_commands() {
IFS=:; set -f
for _gp_n in "$@"; do
_gp_at=
for _gp_d in $PATH; do
[ -f "$_gp_d/$_gp_n" ] && [ -x "$_gp_d/$_gp_n" ] && _gp_at=$_gp_d/$_gp_n && break
done
printf '%s\\n' "$_gp_at"
done
unset IFS; set +f
}`,
}

/**
 * Full paths of many programs, without a process: the shell walks PATH (`command -v` also finds builtins).
 */
export const command: QueryKind<string, string | undefined> = {
  kind: 'command',
  plain: true,
  mergeLimit: 200,
  answerBytes: 256,
  helpers: [commandsHelper],
  timeout: () => localTimeout,
  script: (names) => sh`gp_commands ${raw(commandLine(names))}`,
  parse: ({ stdout }, names) => {
    const lines = stdout.toString('utf8').split('\n')
    return names.map((name, index) => {
      const path = lines[index] ?? ''
      // A path with a line break would add a line.
      if (lines.length !== names.length + 1 || (path !== '' && !path.endsWith(`/${name}`)))
        return readFailed(`cannot look up the program ${name}: invalid answer`)
      return found(path === '' ? undefined : path)
    })
  },
}
