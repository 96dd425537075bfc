/** The actions that add the CUDA repository, and the requests to apt that install a toolkit from it. */
import { dpkg } from '../../apt/apt-get.ts'
import { updateLists } from '../../apt/lists.ts'
import type { PackageRequest } from '../../apt/package-request.ts'
import { disable } from '../../apt/source-files.ts'
import { defined } from '../../base/defined.ts'
import type { Action } from '../../host/action.ts'
import { resource } from '../../host/resource.ts'
import { makeWorkDirectory } from '../../host/work-directory.ts'
import { cudaRepository } from '../../nvidia/cuda-sources.ts'
import { keyringDownload as deb, keyringPackage as keyring, toolkitHome } from '../../nvidia/cuda.ts'
import { helpersRequest, patientApt, withoutDriver } from '../../nvidia/package-requests.ts'
import type { Args } from './args.ts'
import { noCandidate } from './refusals.ts'
import type { Inside, Todo } from './seen.ts'

/** NVIDIA's package with the repository's source and key. */
const keyFile = '/usr/share/keyrings/cuda-archive-keyring.gpg'

/** Disables all other entries for a CUDA repository and adds NVIDIA's entry with its key. */
export function addRepository(given: Args, inside: Inside): readonly Action[] {
  const { distribution = '' } = inside
  const url = cudaRepository(distribution, given.mirror)
  const settings = patientApt(given.proxy)
  return [
    ...disableOthers(inside),
    makeWorkDirectory,
    {
      kind: 'download',
      url: `${url}/${keyring}`,
      path: deb,
      label: "download the CUDA repository's key",
      ...defined({ proxy: given.proxy === '' ? undefined : given.proxy }),
    },
    // The source is a configuration file of the package: a removed one is restored.
    dpkg(['-i', deb], settings, {
      files: 'replaced',
      label: `add NVIDIA's CUDA repository for ${distribution}`,
      effects: [
        { kind: 'package', name: 'cuda-keyring', becomes: { installed: '1.1-1' } },
        {
          kind: 'file',
          name: ownList(distribution),
          becomes: { kind: 'file', text: entry(cudaRepository(distribution, '')), mode: '0644' },
        },
        { kind: 'file', name: keyFile, becomes: { kind: 'file' } },
        {
          kind: 'unknown',
          resources: ['file:/etc/apt/preferences.d/*'],
          why: "an earlier action installs the CUDA repository's package",
        },
      ],
    }),
    ...(given.mirror !== '' || isEdited(inside) ? [writeSource(distribution, url)] : []),
    removeDownload,
    updateLists(settings, { kind: 'repository', url }),
  ]
}

/** dpkg keeps an edited configuration file unless the package has another version of it. */
function isEdited({ distribution = '', files }: Inside): boolean {
  const text = files.get(ownList(distribution))
  return text !== undefined && text !== entry(cudaRepository(distribution, ''))
}

/** NVIDIA's package has only NVIDIA's own address. dpkg keeps the change when the package is upgraded. */
function writeSource(distribution: string, url: string): Action {
  return {
    kind: 'writeFile',
    path: ownList(distribution),
    content: { kind: 'text', text: entry(url) },
    label: `use the repository ${url}`,
  }
}

function entry(url: string): string {
  return `deb [signed-by=${keyFile}] ${url}/ /\n`
}

export const removeDownload: Action = { kind: 'remove', path: deb, label: 'remove the downloaded package' }

/** Disables entries for a CUDA repository outside the file of NVIDIA's package. */
export function disableOthers({ distribution = '', files, sources }: Inside): readonly Action[] {
  const paths = new Set(sources.map(({ path }) => path).filter((path) => path !== ownList(distribution)))
  return [...paths].map((path) => ({
    ...disable(
      path,
      files.get(path) ?? '',
      sources.filter((source) => source.path === path).map(({ entry }) => entry),
    ),
    label: `disable the CUDA repository in ${path}`,
  }))
}

function ownList(distribution: string): string {
  return `/etc/apt/sources.list.d/cuda-${distribution}-x86_64.list`
}

/** Download tools, from the container's own repositories. */
export function toolsRequest({ proxy }: Args, names: readonly string[]): PackageRequest {
  return helpersRequest(names, {
    proxy,
    label: `install ${names.join(', ')} for downloads`,
    programs: [resource('command', 'curl'), 'file:/etc/ssl/certs/*'],
  })
}

/**
 * The toolkit, from lists of any age: a dry run can then simulate it, and refuse it before anything is done.
 * `available`: for the refusal if a package is not offered.
 */
export function toolkitRequest(
  given: Args,
  distribution: string,
  { names, reinstall, available }: Todo,
): PackageRequest {
  return {
    verb: 'install',
    options: ['--no-install-recommends', ...(reinstall ? (['--reinstall'] as const) : [])],
    settings: patientApt(given.proxy),
    purpose: { kind: 'repository', url: cudaRepository(distribution, given.mirror) },
    limits: withoutDriver(
      names,
      'choose packages without a driver: cuda_toolkit_packages: [cuda-toolkit]; cuda, cuda-runtime and cuda-drivers contain one',
    ),
    refuseMissing: (missing) => noCandidate({ distribution, missing, available }),
    timeout: given.timeout,
    label: reinstall ? `reinstall ${names.join(', ')}: its nvcc does not run` : `install ${names.join(', ')}`,
    contents: [
      {
        kind: 'unknown',
        resources: [`file:${toolkitHome(given.version)}*`, 'file:/usr/local/cuda*'],
        why: 'an earlier action installs CUDA',
      },
      { kind: 'brings', what: 'the CUDA toolkit' },
    ],
  }
}
