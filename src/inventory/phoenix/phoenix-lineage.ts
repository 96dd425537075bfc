/** What a container is a clone of: `clone_from_ctid` names another container of `lxc_configs`. */
import { didYouMean } from '../../language/suggest.ts'
import type { Given, PhoenixMap } from './phoenix-map.ts'
import type { PhoenixPair } from './phoenix-pair.ts'

type Containers = PhoenixPair['containers']

interface Parent {
  readonly ctid: Given<string>
  readonly container: PhoenixMap
}

/** The container's source; undefined if it is no clone. Reports a source that cannot be cloned. */
export function sourceOf(container: PhoenixMap, containers: Containers): Parent | undefined {
  const ctid = container.text('clone_from_ctid')
  if (ctid === undefined) return undefined
  const source = containers.get(ctid.data)
  if (source === undefined) {
    container.report('unknown-container', `"${ctid.path}" is ${ctid.data}, which lxc_configs does not have`, {
      where: ctid.where,
      hint: didYouMean(ctid.data, containers.keys(), `it has ${[...containers.keys()].join(', ')}`),
    })
    return undefined
  }
  if (source.given('template_snapshot_name') === undefined) {
    const { file, line } = source.where
    container.report(
      'not-a-template',
      `"${ctid.path}" is ${ctid.data}, which is no template: it has no "template_snapshot_name"`,
      {
        where: ctid.where,
        hint: `add "template_snapshot_name": "pre-configured" to ${source.path.join('.')} (${file}:${line})`,
      },
    )
    return undefined
  }
  if (lineage(source, containers).includes(container)) {
    container.report('clone-cycle', `${container.path.join('.')} is a clone of itself`, {
      where: ctid.where,
      hint: 'create one of them from an archive: replace "clone_from_ctid" by "template"',
    })
    return undefined
  }
  return { ctid, container: source }
}

/** The container, its source, the source of that, and so on. */
export function lineage(container: PhoenixMap, containers: Containers): readonly PhoenixMap[] {
  const found = new Set<PhoenixMap>([container])
  // The set grows during the iteration.
  for (const each of found) {
    const data = each.text('clone_from_ctid')?.data
    const source = data === undefined ? undefined : containers.get(data)
    if (source !== undefined) found.add(source)
  }
  return [...found]
}
