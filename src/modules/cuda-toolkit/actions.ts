/** The actions that install a CUDA toolkit: repository, package lists, packages. */
import { defined } from '../../base/defined.ts'
import type { Action } from '../../host/action.ts'
import { resource } from '../../host/resource.ts'
import { unknownVersion } from '../../host/resources/package.ts'
import { makeWorkDirectory } from '../../host/work-directory.ts'
import { cudaRepository, withoutSources } from '../../nvidia/cuda-sources.ts'
import { keyringDownload as deb, keyringPackage as keyring, toolkitHome } from '../../nvidia/cuda.ts'
import type { Args } from './args.ts'
import type { Inside, Todo } from './inside.ts'

/** NVIDIA's package with the repository's source and key. */
const keyFile = '/usr/share/keyrings/cuda-archive-keyring.gpg'
const lock = { kind: 'dpkg', timeout: 300 } as const
const environment = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' }

/** Disables all other entries for a CUDA repository and adds NVIDIA's entry with its key. */
export function addRepository(given: Args, inside: Inside): readonly Action[] {
  const { distribution = '' } = inside
  const repository = cudaRepository(distribution)
  return [
    ...takeOutOfForce(inside),
    makeWorkDirectory,
    {
      kind: 'download',
      url: `${repository}/${keyring}`,
      path: deb,
      ...defined({ proxy: given.proxy === '' ? undefined : given.proxy }),
      label: "download the CUDA repository's key",
    },
    {
      kind: 'run',
      // The source is a configuration file of the package: the options replace an edited file and restore a
      // removed one.
      argv: ['dpkg', '--force-confnew', '--force-confmiss', '-i', deb],
      environment,
      lock,
      label: `add NVIDIA's CUDA repository for ${distribution}`,
      effects: [
        { kind: 'package', name: 'cuda-keyring', becomes: { installed: '1.1-1' } },
        {
          kind: 'file',
          name: ownList(distribution),
          becomes: { kind: 'file', text: `deb [signed-by=${keyFile}] ${repository}/ /\n`, mode: '0644' },
        },
        { kind: 'file', name: keyFile, becomes: { kind: 'file' } },
        {
          kind: 'unknown',
          resources: ['file:/etc/apt/preferences.d/*'],
          why: "an earlier action installs the CUDA repository's package",
        },
      ],
    },
    removeDownload,
    refresh(given),
  ]
}

export const removeDownload: Action = { kind: 'remove', path: deb, label: 'remove the downloaded package' }

/** Disables entries for a CUDA repository outside the file of NVIDIA's package. */
export function takeOutOfForce({ distribution = '', files, sources }: Inside): readonly Action[] {
  const others = files.filter(
    ({ path }) => path !== ownList(distribution) && sources.some((source) => source.path === path),
  )
  return others.map((file): Action => ({
    kind: 'writeFile',
    path: file.path,
    content: { kind: 'text', text: withoutSources(file, sources) },
    backup: true,
    backupDirectory: '/var/lib/gpuplay/v1/backups',
    label: `disable the CUDA repository in ${file.path}`,
  }))
}

function ownList(distribution: string): string {
  return `/etc/apt/sources.list.d/cuda-${distribution}-x86_64.list`
}

export function installTools({ proxy }: Args, names: readonly string[]): Action {
  return {
    kind: 'run',
    argv: [...apt(proxy), '--no-install-recommends', '--no-remove', 'install', ...names],
    environment,
    timeout: 600,
    lock,
    label: `install ${names.join(', ')} for downloads`,
    hint: 'if a download fails, the package lists may be outdated: run `apt-get update` in the container, then run again',
    effects: [
      ...names.map((name) => ({ kind: 'package', name, becomes: { installed: unknownVersion } }) as const),
      {
        kind: 'unknown',
        resources: [resource('command', 'curl'), 'file:/etc/ssl/certs/*'],
        why: `an earlier action installs ${names.join(', ')}`,
      },
    ],
  }
}

export function refresh({ proxy }: Args): Action {
  return {
    kind: 'run',
    argv: [...apt(proxy), 'update'],
    environment,
    timeout: 600,
    lock,
    label: 'update the package lists',
    hint: "apt's output names the repository that it cannot read; gpuplay does not change repositories that it did not add",
    effects: [
      {
        kind: 'unknown',
        resources: ['file:/var/lib/apt/lists/*'],
        why: 'an earlier action updates the package lists',
      },
    ],
  }
}

export function install({ version, proxy, timeout }: Args, { names, reinstall }: Todo): Action {
  const options = ['--no-install-recommends', '--no-remove', 'install', ...(reinstall ? ['--reinstall'] : [])]
  return {
    kind: 'run',
    argv: [...apt(proxy), ...options, ...names],
    environment,
    timeout,
    lock,
    detached: { name: 'cuda-toolkit', fingerprint: [...options, ...names].join(' ') },
    label: reinstall ? `reinstall ${names.join(', ')}: its nvcc does not run` : `install ${names.join(', ')}`,
    hint: 'if a download fails, the package lists may be outdated: run `apt-get update` in the container, then run again',
    effects: [
      ...names.map((name) => ({ kind: 'package', name, becomes: { installed: unknownVersion } }) as const),
      {
        kind: 'unknown',
        resources: [`file:${toolkitHome(version)}*`, 'file:/usr/local/cuda*'],
        why: 'an earlier action installs CUDA',
      },
      { kind: 'brings', what: 'the CUDA toolkit' },
    ],
  }
}

function apt(proxy: string): readonly string[] {
  const options = proxy === '' ? [] : [`Acquire::http::Proxy=${proxy}`, `Acquire::https::Proxy=${proxy}`]
  const all = ['DPkg::Lock::Timeout=300', ...options]
  return ['apt-get', '-q', '-y', ...all.flatMap((option) => ['-o', option])]
}
