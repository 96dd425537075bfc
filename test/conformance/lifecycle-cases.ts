/**
 * Cases of the modules that create, destroy and restore containers, on a node of the lab, in this order. The
 * node has a storage with snapshots and clones.
 */
import { pveContainer } from '../../src/modules/pve-container/module.ts'
import { pveContainerSnapshot } from '../../src/modules/pve-container-snapshot/module.ts'
import type { ConformanceCase } from './conformance.ts'

const archive = 'local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst'
const storages = `dir: local
	path /var/lib/vz
	content vztmpl,iso,rootdir

zfspool: tank
	pool rpool/data
	content rootdir,images
`
const made = { ctid: 910, hostname: 'made' }
/** Files in the containers themselves. */
const contents = [/^\/(?:etc|var|root|usr|dev|run)\//]

export const lifecycleCases: readonly ConformanceCase[] = [
  {
    module: pveContainer,
    says: 'creates from an archive',
    setup: `printf '${storages.replaceAll('\n', '\\n').replaceAll('\t', '\\t')}' >/etc/pve/storage.cfg`,
    args: { ...made, ostemplate: archive, storage: 'tank', net: { net0: 'name=eth0,bridge=vmbr0' } },
  },
  {
    module: pveContainer,
    says: 'refuses another name',
    args: { ...made, hostname: 'other', state: 'absent', force: true },
    dry: 'refused',
    problem: 'other-container',
  },
  { module: pveContainer, says: 'changes settings', args: { ...made, memory: 768, onboot: true, disk: 9 } },
  { module: pveContainerSnapshot, says: 'takes one', args: { ...made, name: 'fresh' } },
  {
    module: pveContainerSnapshot,
    says: 'rolls back',
    setup: 'pct set 910 --cores 2',
    args: { ...made, name: 'fresh', state: 'rollback' },
  },
  {
    module: pveContainer,
    says: 'clones a snapshot',
    args: { ctid: 911, hostname: 'clone', clone: 910, snapshot: 'fresh', memory: 640, disk: 12 },
    besides: contents,
  },
  {
    module: pveContainerSnapshot,
    says: 'takes one again for another description',
    args: { ...made, name: 'fresh', description: 'cores: 2', renew: true },
  },
  {
    module: pveContainer,
    says: 'clones without a device of the source',
    setup: 'pct set 910 --dev0 /dev/fuse',
    args: {
      ctid: 913,
      hostname: 'bare',
      clone: 910,
      without: ['^dev\\d+: /dev/fuse'],
      only_create: true,
      features: ['nesting'],
    },
    dry: 'unknown',
    besides: contents,
  },
  {
    module: pveContainer,
    says: 'leaves one that exists as it is',
    args: { ctid: 913, hostname: 'bare', clone: 910, only_create: true, memory: 900, state: 'started' },
    dry: 'ok',
  },
  { module: pveContainerSnapshot, says: 'deletes one', args: { ...made, name: 'fresh', state: 'absent' } },
  {
    module: pveContainer,
    says: 'converts',
    args: { ...made, state: 'template', description: 'made by a test' },
  },
  {
    module: pveContainer,
    says: 'clones a template that shares its blocks',
    args: { ctid: 912, hostname: 'linked', clone: 910 },
  },
  {
    module: pveContainer,
    says: 'refuses to destroy a template with linked clones',
    args: { ...made, state: 'absent' },
    dry: 'refused',
    problem: 'has-linked-clones',
  },
  {
    module: pveContainer,
    says: 'destroys',
    args: { ctid: 911, hostname: 'clone', state: 'absent' },
    besides: contents,
  },
  {
    module: pveContainer,
    says: 'destroys one that never started',
    args: { ctid: 913, hostname: 'bare', state: 'absent' },
    besides: contents,
  },
  {
    module: pveContainer,
    says: 'leaves the volumes of another guest that now has the number',
    setup: `printf 'hostname bare\\nstorages tank\\n' >/var/lib/gpuplay/v1/containers-being-made/913
      mkdir -p /etc/pve/nodes/pve2/qemu-server && : >/etc/pve/nodes/pve2/qemu-server/913.conf`,
    args: { ctid: 913, hostname: 'bare', state: 'absent' },
    dry: 'refused',
    problem: 'ctid-taken',
  },
  {
    module: pveContainer,
    says: 'stops',
    args: { ctid: 102, hostname: 'ct102', state: 'stopped' },
    besides: contents,
  },
  {
    module: pveContainer,
    says: 'starts',
    args: { ctid: 102, hostname: 'ct102', state: 'started' },
    besides: contents,
  },
  {
    module: pveContainer,
    says: 'destroys a running one if that is forced',
    args: { ctid: 102, hostname: 'ct102', state: 'absent', force: true },
    besides: [...contents, /^boot$/],
  },
]
