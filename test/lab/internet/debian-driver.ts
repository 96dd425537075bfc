/**
 * Debian 12's packages of the driver in contrib, non-free and non-free-firmware, with their real versions and
 * relations (test/data/driver-packages). A host installs them after `deb ... bookworm main contrib non-free
 * non-free-firmware` in its sources.
 *
 * Paths: Debian installs below /usr/lib/nvidia/current and links from there by alternatives; here the files are in
 * their final places.
 */
import { moduleFile } from '../hardware.ts'
import { cudaLibrary } from '../nvidia/cuda-library.ts'
import { sharedLibrary } from '../nvidia/elf.ts'
import { closed, readExtract, type Stanza } from './driver-packages.ts'
import { standin, type PackageFile, type PracticePackage } from './package.ts'

export const driverComponents = ['contrib', 'non-free', 'non-free-firmware'] as const

/** The newest one, whose metadata the extract has. */
const version = '535.261.03'
/** An earlier one of Debian 12, with the same relations. */
const earlier = '535.247.01'
const libraries = '/usr/lib/x86_64-linux-gnu'
const modules = ['', '-modeset', '-drm', '-uvm', '-peermem'] as const

/** @param available names of other packages in the mirror and the images */
export function debianDriverPackages(
  component: (typeof driverComponents)[number],
  available: readonly string[],
): readonly PracticePackage[] {
  const newest = closed(readExtract('debian-12'), available).filter(
    ({ Section = '' }) => Section.split('/')[0] === component,
  )
  const before = newest.filter(({ Version }) => Version === `${version}-1`).map(renamed)
  const packages = (stanzas: readonly Stanza[], release: string): readonly PracticePackage[] => {
    const all = contents(release)
    return stanzas.map((stanza) => practicePackage(stanza, all))
  }
  return [...packages(newest, version), ...packages(before, earlier)]
}

/** The earlier version has a revision of Debian 12. */
function renamed(stanza: Stanza): Stanza {
  const fields = Object.entries(stanza).map(([name, value]) => [
    name,
    value.replaceAll(`${version}-1`, `${earlier}-1~deb12u1`).replaceAll(version, earlier),
  ])
  return { ...stanza, ...Object.fromEntries(fields) }
}

type Contents = Readonly<Record<string, Partial<PracticePackage>>>

function practicePackage(
  { Package, Version, Architecture, ...fields }: Stanza,
  contentsOf: Contents,
): PracticePackage {
  return {
    name: Package,
    version: Version,
    architecture: Architecture === 'all' ? 'all' : 'amd64',
    fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '')),
    ...contentsOf[Package],
  }
}

/** Ubuntu 24.04's packages of the driver in restricted. */
export function ubuntuDriverPackages(available: readonly string[]): readonly PracticePackage[] {
  return closed(readExtract('ubuntu-24.04'), available).map((stanza) =>
    practicePackage(stanza, ubuntuContents),
  )
}

function contents(release: string): Contents {
  const tree = `-m nvidia-current -v ${release}`
  return {
    libcuda1: library('libcuda', release),
    'libnvidia-ml1': library('libnvidia-ml', release),
    'nvidia-smi': { files: { '/usr/bin/nvidia-smi': standin('nvidia/smi') } },
    'nvidia-installer-cleanup': { files: { '/usr/lib/nvidia/alternate-install-present': { text: '' } } },
    'nvidia-kernel-support': {
      files: {
        '/etc/modprobe.d/nvidia-blacklists-nouveau.conf': { text: 'blacklist nouveau\n', conffile: true },
        '/etc/modprobe.d/nvidia.conf': { text: modprobeConfiguration(), conffile: true },
      },
    },
    'nvidia-kernel-dkms': {
      files: {
        [`/usr/src/nvidia-current-${release}/dkms.conf`]: { text: dkmsConfiguration(release) },
        ...moduleSources(release),
      },
      // /usr/lib/dkms/common.postinst: removes what an earlier attempt has added, then builds for the running kernel and
      // the newest one, where they have headers; a failed build fails the installation
      postinst: `dkms remove ${tree} --all >/dev/null 2>&1 || :
dkms add ${tree}
newest=$(ls /boot | sed -n 's/^vmlinuz-//p' | sort -V | tail -n 1)
for kernel in $(printf '%s\\n' "$(uname -r)" "$newest" | sort -u); do
  [ ! -e "/lib/modules/$kernel/build/include" ] || dkms install ${tree} -k "$kernel"
done
`,
      prerm: `dkms remove ${tree} --all || :\n`,
    },
  }
}

const ubuntuContents: Contents = {
  'libnvidia-compute-580': library('libcuda', '580.142'),
  'nvidia-utils-580': { files: { '/usr/bin/nvidia-smi': standin('nvidia/smi') } },
}

function library(name: 'libcuda' | 'libnvidia-ml', release: string): Partial<PracticePackage> {
  const path = `${libraries}/${name}.so`
  return {
    files: {
      [`${path}.${release}`]: {
        text: name === 'libcuda' ? cudaLibrary(release) : sharedLibrary(`${name}.so.1`),
      },
    },
    postinst: `ln -sfn ${name}.so.${release} ${path}.1\nldconfig\n`,
    prerm: `rm -f ${path}.1\n`,
  }
}

/** The files have Debian's names; the modules in them have NVIDIA's. */
function moduleSources(release: string): Record<string, PackageFile> {
  return Object.fromEntries(
    modules.map((suffix) => [
      `/usr/src/nvidia-current-${release}/nvidia-current${suffix}.mod`,
      {
        text: `${moduleFile({ version: release, license: 'NVIDIA' })}name=nvidia${suffix.replace('-', '_')}\n`,
      },
    ]),
  )
}

function dkmsConfiguration(release: string): string {
  const built = modules.map((suffix, index) => `BUILT_MODULE_NAME[${index}]="nvidia-current${suffix}"\n`)
  return `PACKAGE_NAME="nvidia-current"\nPACKAGE_VERSION="${release}"\nAUTOINSTALL="yes"\n${built.join('')}`
}

function modprobeConfiguration(): string {
  const needed: Readonly<Record<string, string>> = { '': '', '-drm': 'modprobe nvidia-modeset ; ' }
  return modules
    .map((suffix) => {
      const first = needed[suffix] ?? 'modprobe nvidia ; '
      return `install nvidia${suffix} ${first}modprobe -i nvidia-current${suffix} $CMDLINE_OPTS\n`
    })
    .join('')
}
