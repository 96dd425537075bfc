/** The archive from which `template` says that a container is created. */
import { basename } from 'node:path'
import type { Variable } from '../../language/model.ts'
import { type PhoenixMap, variableOf } from './phoenix-map.ts'
import { datasetSchemas, documentSchemas } from './phoenix-schemas.ts'

/**
 * `STORAGE:vztmpl/NAME`. The storage is that of the path if it is Proxmox's path of one; otherwise the one that the
 * file of the hypervisor has for archives; otherwise `local`.
 */
export function archiveOf(container: PhoenixMap, hypervisor: PhoenixMap | undefined): Variable | undefined {
  const template = container.text('template')
  if (template === undefined) return undefined
  if (template.data.includes(':')) return variableOf('lxc_container_archive', template.data, template)
  const storages = storagesFor(template.data, hypervisor)
  const [storage = 'local', ...others] = storages
  if (others.length > 0) {
    container.report(
      'ambiguous-storage',
      `the archive of "${template.path}" could be on several storages: ${storages.join(', ')}`,
      { where: template.where, hint: `write "STORAGE:vztmpl/${basename(template.data)}"` },
    )
  }
  return variableOf('lxc_container_archive', `${storage}:vztmpl/${basename(template.data)}`, template)
}

function storagesFor(path: string, hypervisor: PhoenixMap | undefined): readonly string[] {
  if (path.startsWith('/var/lib/vz/template/cache/')) return ['local']
  const mounted = /^\/mnt\/pve\/([A-Za-z][A-Za-z0-9_.-]*)\/template\/cache\//.exec(path)?.[1]
  if (mounted !== undefined) return [mounted]
  const named = namedStorages(hypervisor)
  return named.length > 0 ? named : datasetStorages(hypervisor)
}

/** `proxmox_storage_ids` names storages by their purpose: `fastdata_iso`. */
function namedStorages(hypervisor: PhoenixMap | undefined): readonly string[] {
  const ids = hypervisor?.map('proxmox_storage_ids', documentSchemas)
  const keys = [...(ids?.entries.keys() ?? [])].filter((key) => /(^|_)(iso|vztmpl|templates?)$/i.test(key))
  return [...new Set(keys.flatMap((key) => ids?.text(key)?.data ?? []))]
}

/** The storage of a dataset has the names of both: `fastData-shared-iso`. */
function datasetStorages(hypervisor: PhoenixMap | undefined): readonly string[] {
  const datasets = hypervisor?.map('zfs', documentSchemas)?.maps('datasets', datasetSchemas) ?? []
  return datasets.flatMap((dataset) => {
    const content = dataset.text('proxmox_content_type')?.data.split(/[\s,]+/) ?? []
    const [pool, name] = [dataset.text('pool'), dataset.text('name')]
    return content.includes('vztmpl') && pool !== undefined && name !== undefined
      ? [`${pool.data}-${name.data}`]
      : []
  })
}
