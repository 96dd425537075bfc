/**
 * The options of nvidia-installer by version, and its parser (option_table.h and nvgetopt.c of its tags). If
 * a version does not have an option, it refuses the whole command line.
 */
import { atLeast } from './version.ts'

interface Option {
  readonly name: string
  readonly short?: string
  /** `flag` has no value, `switch` also has a `--no-` form, `value` has one value. */
  readonly kind: 'flag' | 'switch' | 'value'
  /** The first version with the option; if absent, every version of interest here has it. */
  readonly since?: string
  /** The first version with its `--no-` form, if later. */
  readonly noSince?: string
}

const flags = `accept-license/a advanced-options/A driver-info/i expert/e force-libglx-indirect help/h kernel-module-only kernel-modules-only/K
no-abi-note no-backup/b no-cc-version-check no-check-for-alternate-installs no-distro-scripts no-kernel-module no-kernel-module-source
no-libglx-indirect no-ncurses-color/c no-network/N no-nouveau-check/z no-nvidia-modprobe no-opengl-files no-precompiled-interface/n
no-questions/q no-recursion/r no-rpms no-runlevel-check no-sigwinch-workaround no-unified-memory no-x-check run-nvidia-xconfig/X sanity
silent/s skip-module-unload uninstall version/v add-this-kernel debug`

const values = `application-profile-path compat32-chroot compat32-libdir compat32-prefix documentation-prefix
egl-external-platform-config-path force-selinux force-tls gbm-backend-dir glvnd-egl-config-path installer-prefix kernel-include-path
kernel-install-path kernel-module-source-dir kernel-module-source-prefix kernel-name/k kernel-output-path kernel-source-path log-file-name
module-signing-hash module-signing-key-path module-signing-public-key module-signing-script module-signing-secret-key
module-signing-x509-hash opengl-libdir opengl-prefix override-file-type-destination precompiled-kernel-interfaces-path proc-mount-point
selinux-chcon-type systemd-sleep-prefix systemd-sysconf-prefix systemd-unit-prefix tmpdir ui utility-libdir utility-prefix wine-libdir
wine-prefix x-library-path x-module-path x-prefix x-sysconfig-path xfree86-prefix concurrency-level/j`

const later: readonly Option[] = [
  { name: 'dkms', kind: 'switch', noSince: '520.56.06' },
  { name: 'disable-nouveau', short: 'Z', kind: 'switch', noSince: '545.23.06' },
  { name: 'install-compat32-libs', kind: 'switch', since: '346.16' },
  { name: 'install-libglvnd', kind: 'switch', since: '361.16' },
  { name: 'systemd', kind: 'switch', since: '465.19.01' },
  { name: 'no-drm', kind: 'flag', since: '375.66' },
  { name: 'skip-depmod', kind: 'flag', since: '418.30' },
  { name: 'no-peermem', kind: 'flag', since: '470.86' },
  { name: 'no-wine-files', kind: 'flag', since: '470.42.01' },
  { name: 'kernel-module-build-directory', short: 'm', kind: 'value', since: '470.42.01' },
  { name: 'no-kernel-modules', kind: 'flag', since: '515.43.04' },
  { name: 'xdg-data-dir', kind: 'value', since: '525.60.11' },
  { name: 'allow-installation-with-running-driver', kind: 'switch', since: '545.23.06' },
  { name: 'rebuild-initramfs', kind: 'switch', since: '545.23.06' },
  { name: 'skip-module-load', kind: 'flag', since: '550.40.07' },
  { name: 'kernel-module-type', short: 'M', kind: 'value', since: '555.42.02' },
  { name: 'gbm-backend-dir32', kind: 'value', since: '560.28.03' },
  { name: 'print-recommended-kernel-module-type', kind: 'flag', since: '570.86.16' },
]

function table(): readonly Option[] {
  const listed = (words: string, kind: 'flag' | 'value'): readonly Option[] =>
    words.split(/\s+/).map((word) => {
      const [name = '', short] = word.split('/')
      return short === undefined ? { name, kind } : { name, kind, short }
    })
  return [...listed(flags, 'flag'), ...listed(values, 'value'), ...later]
}

/** The given options by their long names; a `--no-` form of a switch is `false`. */
export type Asked = ReadonlyMap<string, string | boolean>

export type ReadOptions =
  { readonly asked: Asked } | { readonly unrecognized: string } | { readonly missingValue: string }

/** Parses a command line as this version does: it stops at the first unknown word. */
export function readOptions(version: string, argv: readonly string[]): ReadOptions {
  const known = table().filter(({ since }) => since === undefined || atLeast(version, since))
  const asked = new Map<string, string | boolean>()
  const words = [...argv]
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const [head = '', ...rest] = word.split('=')
    const inline = rest.length > 0 ? rest.join('=') : undefined
    const found = find(known, version, head)
    if (found === undefined) {
      const letters = bundled(known, word)
      if (letters === undefined) return { unrecognized: word }
      for (const { name } of letters) asked.set(name, true)
    } else if (found.option.kind === 'value') {
      const value = inline ?? words.shift()
      if (value === undefined) return { missingValue: word }
      asked.set(found.option.name, value)
    } else if (inline !== undefined) return { unrecognized: word }
    else asked.set(found.option.name, found.on)
  }
  return { asked }
}

function find(
  known: readonly Option[],
  version: string,
  word: string,
): { readonly option: Option; readonly on: boolean } | undefined {
  for (const option of known) {
    if (word === `--${option.name}` || (option.short !== undefined && word === `-${option.short}`))
      return { option, on: true }
    const hasNo =
      option.kind === 'switch' && (option.noSince === undefined || atLeast(version, option.noSince))
    if (hasNo && word === `--no-${option.name}`) return { option, on: false }
  }
  return undefined
}

/** If every letter of a word is a short flag, the word means those flags. */
function bundled(known: readonly Option[], word: string): readonly Option[] | undefined {
  if (!/^-[a-zA-Z]+$/.test(word)) return undefined
  const letters = word
    .slice(1)
    .split('')
    .map((letter) => known.find(({ short, kind }) => short === letter && kind !== 'value'))
  return letters.every((option) => option !== undefined) ? letters : undefined
}
