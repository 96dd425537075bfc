/**
 * Ansible's names of distributions and their families, so that conditions compare with the usual names
 * (`OS_FAMILY_MAP` in lib/ansible/module_utils/facts/system/distribution.py).
 */

const names: Readonly<Record<string, string>> = {
  almalinux: 'AlmaLinux',
  alpine: 'Alpine',
  amzn: 'Amazon',
  arch: 'Archlinux',
  centos: 'CentOS',
  debian: 'Debian',
  devuan: 'Devuan',
  fedora: 'Fedora',
  gentoo: 'Gentoo',
  kali: 'Kali',
  linuxmint: 'Linux Mint',
  manjaro: 'Manjaro',
  nixos: 'NixOS',
  ol: 'OracleLinux',
  'opensuse-leap': 'openSUSE Leap',
  'opensuse-tumbleweed': 'openSUSE Tumbleweed',
  pop: 'Pop!_OS',
  raspbian: 'Raspbian',
  rhel: 'RedHat',
  rocky: 'Rocky',
  sles: 'SLES',
  ubuntu: 'Ubuntu',
}

const families: readonly (readonly [family: string, like: readonly string[]])[] = [
  ['Debian', ['debian', 'ubuntu']],
  ['RedHat', ['rhel', 'fedora', 'centos']],
  ['Suse', ['suse', 'opensuse', 'sles']],
  ['Archlinux', ['arch']],
  ['Alpine', ['alpine']],
  ['Gentoo', ['gentoo']],
]

export const distributionNames: readonly string[] = Object.values(names)
export const familyNames: readonly string[] = families.map(([family]) => family)

/** @param id ID of os-release */
export function distributionName(id: string): string {
  const known = Object.hasOwn(names, id) ? names[id] : undefined
  return known ?? id.charAt(0).toUpperCase() + id.slice(1)
}

/** @param like ID of os-release, then ID_LIKE */
export function familyName(id: string, like: readonly string[]): string {
  const found = families.find(([, ids]) => [id, ...like].some((one) => ids.includes(one)))
  return found?.[0] ?? distributionName(id)
}
