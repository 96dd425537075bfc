/** The reasons for which a container is not created, changed or destroyed. Pure. */
import { isUnknown } from '../../base/unknown.ts'
import type { Refusal } from '../../host/plan.ts'
import { type ContainerConfig, parseContainerConfig } from '../../proxmox/container-config.ts'
import { missingContainer } from '../../proxmox/find-guest.ts'
import { lackingFeature, volumesOf } from '../../proxmox/storages.ts'
import type { Args } from './args.ts'
import type { Seen } from './seen.ts'

/** Another guest has this number, or a name is needed and absent. */
export function nameProblem({ hostname, state }: Args, { ctid, node, elsewhere }: Seen): Refusal | undefined {
  if (!/^[1-9]\d{2,8}$/.test(ctid))
    return {
      code: 'invalid-ctid',
      message: ctid === '' ? 'no ctid is given, and the task runs on no container' : `${ctid} is not a CTID`,
      hint: 'set ctid to a number of three to nine digits',
      exitCode: 2,
    }
  if (elsewhere !== undefined) return { ...missingContainer(node, ctid, elsewhere), code: 'ctid-taken' }
  if (hostname === undefined)
    return {
      code: 'hostname-missing',
      message: `container ${ctid} is not ${state === 'absent' ? 'destroyed' : 'created'} without its name`,
      hint: 'set hostname',
      exitCode: 2,
    }
  return undefined
}

/** The container with this number is not the declared one. */
export function otherContainer(
  { hostname }: Args,
  { ctid, node }: Seen,
  { current }: ContainerConfig,
): Refusal | undefined {
  const name = current.settings.get('hostname') ?? `CT${ctid}`
  if (hostname === undefined || hostname === name) return undefined
  return {
    code: 'other-container',
    message: `container ${ctid} of ${node} is called ${name}, not ${hostname}: it is left alone`,
    hint: `correct ctid or hostname; to rename the container: pct set ${ctid} --hostname ${hostname}`,
    exitCode: 2,
  }
}

export function otherPrivilege(
  { unprivileged }: Args,
  { ctid }: Seen,
  { current }: ContainerConfig,
): Refusal | undefined {
  const is = current.settings.get('unprivileged') === '1'
  if (unprivileged === undefined || unprivileged === is) return undefined
  return {
    code: 'other-privilege',
    message: `container ${ctid} is ${is ? 'unprivileged' : 'privileged'}, and Proxmox cannot change that`,
    hint: 'correct unprivileged; to convert the container, restore a backup of it with the other setting',
    exitCode: 2,
  }
}

export function originProblem({ ostemplate, clone, snapshot, full }: Args, seen: Seen): Refusal | undefined {
  const { ctid, node } = seen
  if (ostemplate === undefined && clone === undefined)
    return {
      code: 'container-missing',
      message: `${node} has no container ${ctid}`,
      hint: 'to create it, set ostemplate (an archive) or clone (the CTID of another container)',
      exitCode: 3,
    }
  if (ostemplate !== undefined && clone !== undefined)
    return {
      code: 'two-origins',
      message: `container ${ctid} cannot be created from an archive and as a clone`,
      hint: 'set ostemplate or clone, not both',
      exitCode: 2,
    }
  if (clone === undefined && (snapshot !== undefined || full !== undefined))
    return {
      code: 'not-a-clone',
      message: 'snapshot and full are for clones',
      hint: 'set clone, or leave them out',
      exitCode: 2,
    }
  if (clone !== undefined && String(clone) === ctid)
    return { code: 'own-clone', message: `container ${ctid} cannot be a clone of itself`, exitCode: 2 }
  return undefined
}

export function archiveProblem({ ostemplate = '' }: Args, { archive, node }: Seen): Refusal | undefined {
  if (archive !== false) return undefined
  const [storage = '', name = ''] = ostemplate.split(':vztmpl/')
  return {
    code: 'archive-missing',
    message: `${node} has no archive ${ostemplate}`,
    hint: `download it: pveam update && pveam download ${storage} ${name}; pveam list ${storage} lists those that are there`,
  }
}

export function storageProblem(name: string | undefined, { storages, node }: Seen): Refusal | undefined {
  if (name === undefined) return undefined
  const storage = storages.find((each) => each.name === name)
  if (storage === undefined)
    return {
      code: 'no-storage',
      message: `${node} has no storage ${name}`,
      hint: `it has ${storages.map((each) => each.name).join(', ')}`,
      exitCode: 2,
    }
  if (storage.content.includes('rootdir')) return undefined
  return {
    code: 'no-storage',
    message: `the storage ${name} of ${node} cannot have volumes of containers`,
    hint: `choose another, or allow it: pvesm set ${name} --content ${[...storage.content, 'rootdir'].join(',')}`,
  }
}

/** What `pct clone` would refuse, some of it only after it has begun. */
export function cloneProblem(given: Args, seen: Seen): Refusal | undefined {
  if (isUnknown(seen.source)) return undefined
  const { clone, snapshot, full, storage } = given
  const { source, sourceElsewhere, node, storages } = seen
  const from = String(clone)
  if (source === undefined) return missingContainer(node, from, sourceElsewhere)
  const config = parseContainerConfig(source.config)
  const section = snapshot === undefined ? config.current : config.snapshots.get(snapshot)
  if (section === undefined)
    return {
      code: 'snapshot-missing',
      message: `container ${from} has no snapshot ${snapshot ?? ''}`,
      hint: `it has ${[...config.snapshots.keys()].join(', ') || 'none'}`,
    }
  const isTemplate = config.current.settings.get('template') === '1'
  if (source.status === 'running' && snapshot === undefined)
    return {
      code: 'source-runs',
      message: `container ${from} runs, so only a snapshot of it can be cloned`,
      hint: 'set snapshot, or stop the container first',
    }
  const volumes = volumesOf(section)
  const outside = volumes.find((volume) => volume.storage === undefined)
  if (outside)
    return {
      code: 'not-clonable',
      message: `container ${from} has ${outside.id} of its node as ${outside.key}: Proxmox cannot clone that`,
      hint: `remove ${outside.key} from container ${from}, and add it to the clone afterwards`,
    }
  const wanted = storage === undefined ? undefined : storageProblem(storage, seen)
  if (wanted || full !== false) return wanted
  if (storage !== undefined)
    return {
      code: 'not-linkable',
      message: 'a clone that shares blocks is on the storage of its source',
      hint: 'leave storage out, or set full: true',
      exitCode: 2,
    }
  const feature = isTemplate && snapshot === undefined ? 'linked' : 'linked from a snapshot'
  const [lacking] = lackingFeature(volumes, storages, feature)
  if (snapshot !== undefined || isTemplate) {
    if (lacking === undefined) return undefined
    return {
      code: 'not-linkable',
      message: `the storage ${lacking.storage ?? ''} cannot share the blocks of ${lacking.id} with a clone${feature === 'linked' ? '' : ' of a snapshot'}`,
      hint: 'set full: true, which copies all volumes',
    }
  }
  return {
    code: 'not-linkable',
    message: `container ${from} is no template: only a template or a snapshot can share its blocks with a clone`,
    hint: 'convert it to a template, set snapshot, or set full: true',
  }
}
