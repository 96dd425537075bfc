/** Packages that apt refuses to install, from a repository that the first case creates on the node. */
import { apt } from '../../src/modules/apt/module.ts'
import { holdDpkgLock } from '../lab/faults.ts'
import type { Lab } from '../lab/lab.ts'
import type { ConformanceCase } from './conformance.ts'
import { books } from './books.ts'

const packages = [
  { name: 'conf-base', version: '1', more: '' },
  { name: 'conf-base', version: '2', more: '' },
  { name: 'conf-rival', version: '1', more: 'Conflicts: conf-base' },
  { name: 'conf-driver', version: '1', more: '' },
  { name: 'conf-wants-driver', version: '1', more: 'Depends: conf-driver' },
  { name: 'conf-broken', version: '1', more: 'Depends: conf-nowhere' },
  { name: 'conf-library', version: '1', more: '' },
  { name: 'conf-wants-library', version: '1', more: 'Depends: conf-library' },
] as const

/** Creates an unsigned repository in a folder, and version 1 of the first package. */
const makeRepository = [
  'mkdir -p /srv/repository && cd /srv/repository && : >Packages',
  ...packages.map(({ name, version, more }) => {
    const file = `${name}_${version}.deb`
    const control = `Package: ${name}\\nVersion: ${version}\\nArchitecture: all\\nMaintainer: none\\nDescription: none\\n${more === '' ? '' : `${more}\\n`}`
    return `mkdir -p build/DEBIAN && printf '${control}' >build/DEBIAN/control && dpkg-deb -Zgzip -b build ${file} >/dev/null &&
      printf '${control}Filename: ./${file}\\nSize: %s\\nSHA256: %s\\n\\n' "$(stat -c %s ${file})" "$(sha256sum ${file} | cut -d ' ' -f 1)" >>Packages`
  }),
  "echo 'deb [trusted=yes] file:/srv/repository ./' >/etc/apt/sources.list.d/conformance.list",
  'apt-get -qq update && apt-get -y -qq install conf-base=1',
].join(' && ')

export function aptCases(lab: () => Lab): readonly ConformanceCase[] {
  return [
    {
      module: apt,
      says: 'refuses to remove packages that were not named',
      setup: makeRepository,
      args: { name: 'conf-rival' },
      dry: 'refused',
      problem: 'apt-would-remove',
    },
    {
      module: apt,
      says: 'refuses a forbidden package',
      args: { name: 'conf-wants-driver', forbid: ['conf-dri*'] },
      dry: 'refused',
      problem: 'apt-forbidden',
    },
    {
      module: apt,
      says: 'refuses unmet dependencies',
      args: { name: 'conf-broken' },
      dry: 'refused',
      problem: 'unmet-dependencies',
    },
    {
      module: apt,
      says: 'refuses a package that does not exist',
      // The lists are new, so fetching them again would not help.
      setup: 'mkdir -p /var/lib/apt/periodic && touch /var/lib/apt/periodic/update-success-stamp',
      args: { name: 'conf-nowhere' },
      dry: 'refused',
      problem: 'no-candidate',
    },
    {
      module: apt,
      says: 'refuses to change a held package',
      setup: 'apt-mark hold conf-base',
      args: { name: 'conf-base=2' },
      dry: 'refused',
      problem: 'packages-held',
    },
    {
      module: apt,
      says: 'a newer version, after the hold is removed',
      setup: 'apt-mark unhold conf-base',
      args: { name: 'conf-base', state: 'latest' },
      besides: books,
    },
    {
      module: apt,
      says: 'refuses an older version',
      args: { name: 'conf-base=1' },
      dry: 'refused',
      problem: 'would-downgrade',
    },
    {
      module: apt,
      says: 'an older version, with permission',
      args: { name: 'conf-base=1', allow_downgrade: true },
      besides: books,
    },
    {
      module: apt,
      says: 'times out while another process has the lock of dpkg',
      arrange: () => holdDpkgLock(lab().node('pve1')),
      args: { name: 'conf-driver', lock_timeout: 1 },
      problem: 'dpkg-locked',
    },
    {
      module: apt,
      says: 'a package file with its dependency',
      args: { deb: '/srv/repository/conf-wants-library_1.deb' },
      besides: books,
    },
    {
      module: apt,
      says: 'a package that goes with what only it needed',
      args: { name: 'conf-wants-library', state: 'absent', autoremove: true },
      besides: books,
    },
    {
      module: apt,
      says: 'what no package needs any more',
      setup: 'apt-get -y -qq install conf-library && apt-mark auto conf-library',
      args: { autoremove: true },
      besides: books,
    },
    {
      module: apt,
      says: 'removes the named packages',
      args: { name: 'conf-rival', allow_remove: ['conf-base'] },
      besides: books,
    },
  ]
}
