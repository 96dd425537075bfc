/** gpuplay's variables for one container of `lxc_configs`. */
import type { Variable } from '../../language/model.ts'
import { archiveOf } from './phoenix-archive.ts'
import { lineage, sourceOf } from './phoenix-lineage.ts'
import { type Given, type PhoenixMap, variableOf } from './phoenix-map.ts'
import { driverOf } from './phoenix-node.ts'
import type { PhoenixPair } from './phoenix-pair.ts'

/** The settings that only have another name, and their names in the role `lxc_container`. */
const renamed: Readonly<Record<string, string>> = {
  memory_mb: 'lxc_container_memory',
  swap_mb: 'lxc_container_swap',
  cores: 'lxc_container_cores',
  storage_pool: 'lxc_container_storage',
  storage_size_gb: 'lxc_container_disk',
  unprivileged: 'lxc_container_unprivileged',
  start_at_boot: 'lxc_container_onboot',
  template_snapshot_name: 'lxc_template_snapshot',
}

export function mappedVariables(container: PhoenixMap, pair: PhoenixPair): readonly Variable[] {
  return [
    ...Object.entries(renamed).flatMap(([key, name]) => {
      const given = container.given(key)
      return given === undefined ? [] : [variableOf(name, given.data, given)]
    }),
    ...origin(container, pair),
    ...nesting(container),
    ...network(container),
    ...software(container, pair),
    ...mirror(container),
  ]
}

function origin(container: PhoenixMap, { hypervisor, containers }: PhoenixPair): readonly Variable[] {
  // As in the scripts, a clone needs no archive.
  if (container.given('clone_from_ctid') === undefined) {
    const archive = archiveOf(container, hypervisor)
    return archive === undefined ? [] : [archive]
  }
  const source = sourceOf(container, containers)
  if (source === undefined) return []
  checkPrivilege(container, source.container)
  // The role finds the snapshot by the variables of the source.
  return [variableOf('lxc_container_clone', source.ctid.data, source.ctid)]
}

function checkPrivilege(container: PhoenixMap, source: PhoenixMap): void {
  const [own, others] = [container.given('unprivileged'), source.given('unprivileged')]
  if (own === undefined || others === undefined || own.data === others.data) return
  const { file, line } = others.where
  container.report(
    'other-privilege',
    `"${own.path}" is ${String(own.data)}, but "${others.path}" is ${String(others.data)} (${file}:${line})`,
    { where: own.where, hint: 'write the same value in both places: a clone is like its source' },
  )
}

/** Proxmox's features; the scripts write `nesting` as LXC lines too, which have the same effect. */
function nesting(container: PhoenixMap): readonly Variable[] {
  const managed = container.given('apparmor_manages_nesting')
  const wanted = [
    ...container.texts('pct_options').flatMap((given) => {
      const name = /^(fuse|keyctl|mknod|nesting)=1$/.exec(given.data)?.[1]
      return name === undefined ? [] : [{ given, name }]
    }),
    ...(managed?.data === true ? [{ given: managed, name: 'nesting' }] : []),
  ]
  const [first] = wanted
  const names = [...new Set(wanted.map(({ name }) => name))]
  return first === undefined ? [] : [variableOf('lxc_container_features', names, first.given)]
}

/** `net0` in Proxmox's form, and the DNS servers. */
function network(container: PhoenixMap): readonly Variable[] {
  const given = container.given('network_config')
  if (given === undefined) return []
  const { name, bridge, ip, gw, nameservers } = textsOf(given)
  const parts = {
    name,
    bridge,
    ip,
    gw: ip?.includes('/') === true ? gw : undefined,
    hwaddr: container.text('mac_address')?.data,
  }
  const net0 = Object.entries(parts).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${value}`],
  )
  const servers = nameservers?.split(/[\s,;]+/).join(' ')
  return [
    variableOf('lxc_container_net', { net0: net0.join(',') }, given),
    ...(servers === undefined ? [] : [variableOf('lxc_container_nameserver', servers, given)]),
  ]
}

/** The entries of a map as texts; a list becomes its items with spaces between them. */
function textsOf({ data }: Given): Readonly<Record<string, string | undefined>> {
  const entries = Object.entries(typeof data === 'object' && data !== null ? data : {})
  return Object.fromEntries(
    entries.flatMap(([key, value]: readonly [string, unknown]) =>
      typeof value === 'string' && value !== ''
        ? [[key, value]]
        : Array.isArray(value)
          ? [[key, value.join(' ')]]
          : [],
    ),
  )
}

/** What the feature `base_setup` installs. */
const basePackages = 'curl wget vim htop jq git rsync s-tui gnupg locales'.split(' ')

/** Features that a container has, its own and those of the templates that it is made of. */
function software(container: PhoenixMap, pair: PhoenixPair): readonly Variable[] {
  const features = lineage(container, pair.containers).flatMap((each) => each.texts('features'))
  const feature = (name: string): Given | undefined => features.find(({ data }) => data === name)
  const [basic, nvidia, docker] = [feature('base_setup'), feature('nvidia'), feature('docker')]
  const cuda = driverOf(pair)?.text('cuda_version')
  return [
    ...(basic !== undefined && container.given('template_snapshot_name') !== undefined
      ? [variableOf('lxc_template_packages', basePackages, basic)]
      : []),
    ...(nvidia !== undefined && cuda !== undefined && hasGpu(container)
      ? [variableOf('cuda_toolkit_version', cuda.data, cuda)]
      : []),
    ...(docker === undefined ? [] : [variableOf('container_runtime', 'docker', docker)]),
  ]
}

function hasGpu(container: PhoenixMap): boolean {
  const data = container.given('gpu_assignment')?.data
  return data !== undefined && !(typeof data === 'string' && data.trim() === 'none')
}

/** NVIDIA's own repository is the default of the role `cuda_toolkit`. */
export function mirror(map: PhoenixMap): readonly Variable[] {
  const url = map.text('nvidia_repo_url')
  if (url === undefined) return []
  const directory = url.data.replace(/\/[^/]+\/x86_64\/?$/, '')
  const isOwn = /^https?:\/\/developer\.download\.nvidia\.(com|cn)\/compute\/cuda\/repos$/.test(directory)
  return [variableOf('cuda_toolkit_mirror', isOwn ? '' : directory, url)]
}
