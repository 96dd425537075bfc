/** A package file of the host, or of a server (`deb`). */
import { defined } from '../../base/defined.ts'
import { nameOf } from '../../base/posix-paths.ts'
import { isUnknown, type Unknown } from '../../base/unknown.ts'
import { lackFor, type NetworkLack } from '../../apt/network.ts'
import type { PackageTarget } from '../../apt/package-request.ts'
import type { Action } from '../../host/action.ts'
import { sha256Of } from '../../host/content.ts'
import type { Host } from '../../host/host.ts'
import type { Refusal } from '../../host/plan.ts'
import { packageFile } from '../../host/questions/packages.ts'
import type { Args } from './args.ts'

export type SeenPackageFile =
  | { readonly kind: 'package'; readonly target: PackageTarget }
  | { readonly kind: 'missing'; readonly lack: NetworkLack | undefined }
  | { readonly kind: 'wrong'; readonly refusal: Refusal }
  /** A dry run cannot read the file. */
  | { readonly kind: 'unknown'; readonly path: string; readonly why: Unknown }

const directory = '/var/cache/gpuplay/packages'

/** Another URL, or another checksum, is another file. */
function pathOf({ checksum = '' }: Args, deb: string): string {
  if (deb.startsWith('/')) return deb
  const { pathname } = new URL(deb)
  return `${directory}/${sha256Of(`${deb} ${checksum}`).slice(0, 16)}-${nameOf(pathname)}`
}

export async function readPackageFile(given: Args, deb: string, host: Host): Promise<SeenPackageFile> {
  const path = pathOf(given, deb)
  const wanted = given.checksum?.slice('sha256:'.length).toLowerCase()
  const status = await host.stat(path, { follow: true })
  const served = !deb.startsWith('/')
  const actual =
    wanted === undefined || status?.kind !== 'file' ? undefined : await host.maybe(host.hash(path))
  if (isUnknown(actual)) return { kind: 'unknown', path, why: actual }
  const isOther = actual !== wanted
  if (served && (status === undefined || isOther))
    return { kind: 'missing', lack: await lackFor(deb, given.proxy, host) }
  if (status?.kind !== 'file') return wrong('file-not-found', `there is no file ${path} on the host`)
  if (isOther)
    return wrong(
      'checksum-mismatch',
      `the sha256 of ${path} is ${actual ?? 'unknown'}, expected ${wanted ?? ''}`,
    )
  const found = await host.maybe(host.ask(packageFile({ path })))
  if (isUnknown(found)) return { kind: 'unknown', path, why: found }
  if (found === undefined) return wrong('not-a-package', `${path} is not a Debian package`)
  return { kind: 'package', target: { given: path, ...found } }
}

function wrong(code: string, message: string): SeenPackageFile {
  return { kind: 'wrong', refusal: { code, message, hint: 'check `deb`' } }
}

/** @param deb a URL */
export function downloadOf(given: Args, deb: string): readonly Action[] {
  return [
    { kind: 'makeDirectory', path: directory },
    {
      kind: 'download',
      url: deb,
      path: pathOf(given, deb),
      ...defined({
        sha256: given.checksum?.slice('sha256:'.length).toLowerCase(),
        proxy: given.proxy === '' ? undefined : given.proxy,
      }),
    },
  ]
}
