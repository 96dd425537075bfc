/**
 * Packages of the simulated Debian mirror, in place of real ones that are too large; names and versions are
 * Debian 12's.
 */
import { distributionDocker } from './docker-packages.ts'
import { program, saysVersion, standin, type PracticePackage } from './package.ts'
import { timePackages } from './time-packages.ts'

const driver = '535.183.01-1'
const cudaDriver = '535.183.01'
const library = '/usr/lib/x86_64-linux-gnu'

/** As dkms_autoinstaller of dkms 3.0.10: without headers it builds nothing and succeeds. */
const dkmsOfNewKernel = `[ ! -e /etc/dkms/no-autoinstall ] || exit 0
if [ ! -e "/lib/modules/$1/build/include" ]; then
  echo "dkms: autoinstall for kernel $1 was skipped since the kernel headers for this kernel do not seem to be installed"
  exit 0
fi
echo "dkms: running auto installation service for kernel $1"
dkms autoinstall --kernelver "$1" || :
`

export const debianPackages: readonly PracticePackage[] = [
  {
    name: 'gcc',
    version: '4:12.2.0-3',
    files: {
      '/usr/bin/gcc': saysVersion('gcc (Debian 12.2.0-14) 12.2.0'),
      '/usr/bin/cc': saysVersion('cc (Debian 12.2.0-14) 12.2.0'),
    },
    fields: { Provides: 'c-compiler' },
  },
  { name: 'g++', version: '4:12.2.0-3', fields: { Depends: 'gcc' } },
  { name: 'make', version: '4.3-4.1', files: { '/usr/bin/make': saysVersion('GNU Make 4.3') } },
  { name: 'libc6-dev', version: '2.36-9+deb12u10' },
  { name: 'build-essential', version: '12.9', fields: { Depends: 'gcc, g++, make, libc6-dev' } },
  {
    name: 'pkg-config',
    version: '1.8.1-1',
    files: { '/usr/bin/pkg-config': program('case $1 in --version) echo 1.8.1 ;; *) exit 1 ;; esac\n') },
  },
  {
    name: 'libglvnd0',
    version: '1.6.0-1',
    files: { [`${library}/libGLdispatch.so.0`]: { text: 'practice\n' } },
  },
  { name: 'libglvnd-dev', version: '1.6.0-1', fields: { Depends: 'libglvnd0' } },
  {
    name: 'dkms',
    version: '3.0.10-8+deb12u1',
    architecture: 'all',
    files: {
      '/usr/sbin/dkms': standin('nvidia/dkms'),
      '/etc/kernel/postinst.d/dkms': { ...program(dkmsOfNewKernel), conffile: true },
    },
    fields: { Depends: 'kmod, gcc, make', Recommends: 'sudo' },
  },
  { name: 'nvtop', version: '3.0.1-1', files: { '/usr/bin/nvtop': saysVersion('nvtop version 3.0.1') } },
  {
    name: 'mokutil',
    version: '0.6.0-2',
    files: { '/usr/bin/mokutil': standin('nvidia/mokutil') },
  },

  // Those of the feature `base_setup` of Phoenix configurations; wget is in every container.
  ...Object.entries({
    curl: '7.88.1-10+deb12u5',
    git: '1:2.39.2-1.1',
    gnupg: '2.2.40-1.1',
    htop: '3.2.2-2',
    jq: '1.6-2.1',
    locales: '2.36-9+deb12u7',
    rsync: '3.2.7-1',
    's-tui': '1.1.4-1',
    vim: '2:9.0.1378-2',
  }).map(([name, version]) => ({ name, version })),

  distributionDocker,
  ...timePackages,

  // A small driver from packages, with few relations; those of debian-driver.ts are the real ones.
  {
    name: 'nvidia-installer-cleanup',
    version: '20220217+3~deb12u1',
    files: { '/usr/lib/nvidia/alternate-install-present': { text: '' } },
  },
  {
    name: 'libcuda1',
    version: driver,
    files: { [`${library}/libcuda.so.${cudaDriver}`]: { text: `${cudaDriver}\n` } },
    fields: { Depends: 'nvidia-installer-cleanup' },
  },
  {
    name: 'libnvidia-ml1',
    version: driver,
    files: { [`${library}/libnvidia-ml.so.${cudaDriver}`]: { text: `${cudaDriver}\n` } },
    postinst: `ln -sfn libnvidia-ml.so.${cudaDriver} ${library}/libnvidia-ml.so.1\n`,
    prerm: `rm -f ${library}/libnvidia-ml.so.1\n`,
    fields: { Depends: 'nvidia-installer-cleanup' },
  },
  {
    name: 'nvidia-smi',
    version: driver,
    files: { '/usr/bin/nvidia-smi': standin('nvidia/smi') },
    fields: { Depends: `libnvidia-ml1 (= ${driver})` },
  },
  { name: 'nvidia-kernel-dkms', version: driver, fields: { Depends: 'dkms' } },
  {
    name: 'nvidia-driver',
    version: driver,
    fields: { Depends: `nvidia-kernel-dkms, nvidia-smi, libcuda1 (= ${driver})` },
  },
  {
    name: 'nvidia-cuda-dev',
    version: '11.8.89~11.8.0-5~deb12u1',
    fields: { Depends: 'libcuda1, libnvidia-ml1' },
  },
  {
    name: 'nvidia-cuda-toolkit',
    version: '11.8.89~11.8.0-5~deb12u1',
    fields: { Depends: 'nvidia-cuda-dev' },
  },
]
