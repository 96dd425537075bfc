/** Variables that cannot work, as far as only a node with a loaded driver can tell. */
import { quote } from '../../../src/base/shell.ts'
import type { Wish } from './wrong-wishes.ts'

/** Only with a loaded driver, and in a running container. */
export const driven: readonly Wish[] = [
  {
    what: 'a UUID that no GPU has',
    hosts: { ct101: { gpu_assignment: 'GPU-00000000-5060-4c1e-a5b2-000001000000' } },
    exitCode: 2,
    says: [
      /^  error: pve1 has no GPU GPU-00000000-5060-4c1e-a5b2-000001000000$/m,
      /^    help: available: 0 \(0000:01:00\.0, GPU-8f3c/m,
    ],
  },
  {
    what: 'an exclusive GPU that a container outside the run has',
    hosts: { ct102: { gpu_assignment: '0', lxc_passthrough_exclusive: true } },
    exitCode: 4,
    says: [
      /^  error: container 101 is configured with \/dev\/nvidia0, and lxc_passthrough_exclusive prevents container 102 from sharing it$/m,
      /^    help: assign another GPU, or run the other container too, with an assignment without this GPU$/m,
    ],
  },
  {
    what: 'a CUDA toolkit that is too new for the driver',
    hosts: { ct101: { cuda_toolkit_version: '13.1', cuda_toolkit_compat: 'strict' } },
    exitCode: 2,
    says: [
      /^  error: CUDA 13\.1 needs driver 590\.44\.01 or newer, but pve1 has 580\.95\.05 loaded$/m,
      /^    help: install driver 590\.44\.01 or newer on pve1 \(nvidia_driver_version\), or an older toolkit$/m,
    ],
  },
  {
    what: 'a CUDA toolkit that is too old for the GPU',
    hosts: { ct101: { cuda_toolkit_version: '12.6' } },
    exitCode: 2,
    says: [
      /^  error: the GPU 0000:01:00\.0 of container 101 is Blackwell or newer, which CUDA 12\.6 does not know yet$/m,
      /^    help: set cuda_toolkit_version to 12\.8 or newer$/m,
    ],
  },
  {
    what: 'a CUDA toolkit that is too new for the driver, for a container without GPUs so far',
    hosts: {
      ct103: { gpu_assignment: '1', cuda_toolkit_version: '13.1', cuda_toolkit_compat: 'strict' },
    },
    exitCode: 2,
    says: [
      /^FAILED +ct103 +lxc_passthrough : Check that the CUDA toolkit fits the driver, the GPUs and the distribution/m,
      /^  error: CUDA 13\.1 needs driver 590\.44\.01 or newer, but pve1 has 580\.95\.05 loaded$/m,
    ],
  },
  {
    what: 'a CUDA toolkit that is too old for the GPU of a container without GPUs so far',
    hosts: { ct103: { gpu_assignment: '1', cuda_toolkit_version: '12.6' } },
    exitCode: 2,
    says: [
      /^  error: the GPU 0000:41:00\.0 of container 103 is Blackwell or newer, which CUDA 12\.6 does not know yet$/m,
    ],
  },
  {
    what: 'a CUDA toolkit that is too old for the GPU of a stopped container',
    hosts: { ct101: { cuda_toolkit_version: '12.6' } },
    exitCode: 2,
    make: ['pct stop 101', 'pct start 101'],
    says: [/^  error: the GPU 0000:01:00\.0 of container 101 is Blackwell or newer/m],
  },
  {
    what: 'a CUDA toolkit that NVIDIA does not publish for the release of Debian',
    hosts: { ct102: { cuda_toolkit_version: '12.8' } },
    exitCode: 2,
    make: debianRelease(13, 'trixie'),
    says: [
      /^  error: NVIDIA publishes CUDA 12\.8 for Debian 12 and older, and container 102 runs Debian GNU\/Linux 13 \(trixie\)$/m,
      /^    help: use CUDA 13\.0 or newer, or a Debian 12 container/m,
    ],
  },
  {
    what: 'a CUDA toolkit for a release of Debian for which NVIDIA has no repository',
    hosts: { ct102: { cuda_toolkit_version: '13.0' } },
    exitCode: 2,
    make: debianRelease(14, 'forky'),
    says: [
      /^  error: there is no apt repository of CUDA for Debian GNU\/Linux 14 \(forky\), which container 102 runs$/m,
      /^    help: use a container with one of the releases at https:\/\/developer\.download\.nvidia\.com\/compute\/cuda\/repos$/m,
    ],
  },
]

/** Makes container 102 say that it runs another release of Debian, and undoes it. */
function debianRelease(release: number, codename: string): readonly [string, string] {
  const lines = [
    `PRETTY_NAME="Debian GNU/Linux ${release} (${codename})"`,
    `VERSION_ID="${release}"`,
    `VERSION_CODENAME=${codename}`,
    'ID=debian',
  ]
  const inside = (command: string): string => `pct exec 102 -- sh -c ${quote(command)}`
  return [
    inside(
      `cp /etc/os-release /root/os-release; printf '%s\\n' ${lines.map(quote).join(' ')} >/etc/os-release`,
    ),
    inside('cat /root/os-release >/etc/os-release; rm /root/os-release'),
  ]
}
