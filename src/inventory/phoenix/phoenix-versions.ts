/** The driver version, which both files state, and the URLs of the .run. */
import type { InventoryBuilder } from '../builder.ts'
import type { Given } from './phoenix-map.ts'
import { driverOf } from './phoenix-node.ts'
import type { PhoenixPair } from './phoenix-pair.ts'

/** A place that states the version of the driver, or the URL of its .run. */
interface Statement {
  readonly given: Given<string>
  readonly version: string
}

/** The version in the name of a .run: NVIDIA-Linux-x86_64-580.95.05.run, also with a suffix such as -no-compat32. */
function runfileVersion(url: string): string | undefined {
  return /\/NVIDIA-Linux-[^/]*?-([0-9]{3,4}(?:\.[0-9]+){1,2})(?:-[^/]*)?\.run(?:[?#].*)?$/.exec(url)?.[1]
}

/** Those of the two values that state a version. */
function statements(
  version: Given<string> | undefined,
  url: Given<string> | undefined,
): readonly Statement[] {
  const named = url === undefined ? undefined : runfileVersion(url.data)
  return [
    ...(version === undefined ? [] : [{ given: version, version: version.data }]),
    ...(url === undefined || named === undefined ? [] : [{ given: url, version: named }]),
  ]
}

/**
 * The node and its containers have one driver version, in up to two values of each file and each container. Reports
 * all that differ from the first one.
 */
export function checkVersions(builder: InventoryBuilder, pair: PhoenixPair): void {
  const driver = driverOf(pair)
  const all = [
    ...statements(driver?.text('version'), driver?.text('runfile_url')),
    ...[pair.list, ...pair.containers.values()].flatMap((map) =>
      statements(map?.text('nvidia_driver_version'), map?.text('nvidia_runfile_url')),
    ),
  ]
  const [first] = all
  if (first === undefined) return
  for (const other of all) {
    if (other.version === first.version) continue
    const { file, line } = first.given.where
    builder.report('disagreeing-versions', `${says(other)}, but ${says(first)} (${file}:${line})`, {
      where: other.given.where,
      hint: 'write the same version in both places; a container has the driver version of its node',
    })
  }
}

function says({ given, version }: Statement): string {
  return `"${given.path}" ${given.data === version ? 'is' : 'is the URL of version'} ${version}`
}
