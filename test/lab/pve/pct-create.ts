/** pct create, clone, template, destroy. */
import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import type { ConfigSection, ContainerConfig } from '../../../src/proxmox/container-config.ts'
import { properties } from '../../../src/proxmox/container-settings.ts'
import { Exit, exists, namesIn, run, textOf } from '../nvidia/system.ts'
import {
  configPath,
  isOn,
  isRunning,
  noSection,
  readConfig,
  refuseLocked,
  withSettings,
  writeConfig,
} from './guests.ts'
import { idBase, lxcDir } from './lxc-config.ts'
import { imageDir, start, unmountRoot } from './pct-run.ts'
import { type Options, checkedValue, isKnown } from './pct-set.ts'

/** Options of `pct create` that are not settings of the container. */
const ignored = new Set(
  'storage password ssh-public-keys force pool bwlimit ignore-unpack-errors unique start restore'.split(' '),
)

export function create(ctid: number, template: string, options: Options): void {
  refuseTaken(ctid)
  const settings = new Map([
    ['memory', '512'],
    ['swap', '512'],
    ['arch', 'amd64'],
    ['ostype', /vztmpl\/ubuntu/.test(template) ? 'ubuntu' : 'debian'],
    ['hostname', `CT${ctid}`],
  ])
  for (const [key, value] of options) {
    if (ignored.has(key)) continue
    if (!isKnown(key))
      throw new Exit(
        2,
        `Unknown option: ${key}\n400 unable to parse option\npct create <vmid> <ostemplate> [OPTIONS]`,
      )
    if (key !== 'rootfs')
      settings.set(key, /^net[0-9]+$/.test(key) ? withAddress(ctid, key, value) : checkedValue(key, value))
  }
  const given = new Map(options)
  const size = /:([0-9]+)/.exec(given.get('rootfs') ?? '')?.[1] ?? '8'
  settings.set('rootfs', `local:${ctid}/vm-${ctid}-disk-0.raw,size=${size}G`)
  const unprivileged = isOn(settings.get('unprivileged'))
  if (!unprivileged) settings.delete('unprivileged')
  const name = /^local:vztmpl\/(.+)\.tar\.(?:zst|gz|xz)$/.exec(template)?.[1] ?? ''
  const lowers = textOf(`/usr/lib/lab/templates/${name}/layers${unprivileged ? '.unprivileged' : ''}`)
  if (lowers === undefined)
    throw new Exit(255, `unable to create CT ${ctid} - volume '${template}' does not exist`)
  makeImage(ctid, lowers.trim(), unprivileged ? idBase : 0)
  process.stdout.write(`extracting archive '/var/lib/vz/template/cache/${template.replace(/^.*\//, '')}'\n`)
  writeConfig(ctid, {
    current: { ...noSection, settings },
    pending: noSection,
    snapshots: new Map(),
    warnings: [],
  })
  if (isOn(given.get('start'))) start(ctid)
}

export function clone(source: number, ctid: number, options: Options): void {
  const config = readConfig(source)
  refuseLocked(config)
  refuseTaken(ctid)
  const given = new Map(options)
  const isTemplate = isOn(config.current.settings.get('template'))
  const full = given.has('full') ? isOn(given.get('full')) : !isTemplate
  if (!full && !isTemplate)
    throw new Exit(255, 'Linked clone feature is not supported for a container that is not a template')
  if (isRunning(source)) throw new Exit(255, 'Full clone feature of a running container needs a snapshot')
  const owner = isOn(config.current.settings.get('unprivileged')) ? idBase : 0
  const lowers = textOf(`${imageDir(source)}/lowers`)?.trim() ?? ''
  if (full) {
    makeImage(ctid, lowers, owner)
    run('cp', ['-a', `${imageDir(source)}/upper/.`, `${imageDir(ctid)}/upper`])
  } else makeImage(ctid, `${imageDir(source)}/upper:${lowers}`, owner)
  writeConfig(ctid, {
    ...config,
    current: clonedSection(source, ctid, config.current, given.get('hostname')),
    pending: noSection,
    snapshots: new Map(),
  })
}

/**
 * Copies everything, including devices and raw lines. Changes disks and network addresses; drops states of
 * the original.
 */
function clonedSection(
  source: number,
  ctid: number,
  section: ConfigSection,
  name: string | undefined,
): ConfigSection {
  const changes = [...section.settings].flatMap(([key, value]): (readonly [string, string | undefined])[] => {
    if (/^(template|parent|lock|snaptime|unused[0-9]+)$/.test(key)) return [[key, undefined]]
    if (key === 'rootfs') return [[key, value.replace(`:${source}/vm-${source}-`, `:${ctid}/vm-${ctid}-`)]]
    if (/^net[0-9]+$/.test(key)) return [[key, withAddress(ctid, key, value.replace(/,hwaddr=[^,]*/, ''))]]
    return []
  })
  return withSettings(section, name === undefined ? changes : [...changes, ['hostname', name]])
}

export function makeTemplate(ctid: number): void {
  const config = readConfig(ctid)
  refuseLocked(config)
  if (isRunning(ctid)) throw new Exit(255, "you can't convert a CT to template if the CT is running")
  unmountRoot(ctid)
  writeConfig(ctid, { ...config, current: withSettings(config.current, [['template', '1']]) })
}

export function destroy(ctid: number, force: boolean): void {
  const config: ContainerConfig = readConfig(ctid)
  refuseLocked(config)
  if (isOn(config.current.settings.get('protection')))
    throw new Exit(255, `can't remove CT ${ctid} - protection mode enabled`)
  if (isRunning(ctid)) {
    if (!force) throw new Exit(255, `CT ${ctid} is running - destroy failed!`)
    run('lxc-stop', ['-n', String(ctid), '-k'])
  }
  unmountRoot(ctid)
  for (const path of [imageDir(ctid), `${lxcDir}/${ctid}`, configPath(ctid)])
    rmSync(path, { recursive: true, force: true })
}

/** A number is unique in the cluster. */
function refuseTaken(ctid: number): void {
  for (const node of namesIn('/etc/pve/nodes')) {
    for (const kind of ['lxc', 'qemu-server']) {
      if (!exists(`/etc/pve/nodes/${node}/${kind}/${ctid}.conf`)) continue
      const what = kind === 'lxc' ? 'CT' : 'VM'
      throw new Exit(2, `unable to create CT ${ctid} - ${what} ${ctid} already exists on node '${node}'`)
    }
  }
}

function makeImage(ctid: number, lowers: string, owner: number): void {
  const image = imageDir(ctid)
  rmSync(image, { recursive: true, force: true })
  mkdirSync(`${image}/upper`, { recursive: true })
  mkdirSync(`${image}/work`)
  chmodSync(`${image}/upper`, 0o755)
  chownSync(`${image}/upper`, owner, owner)
  writeFileSync(`${image}/lowers`, `${lowers}\n`)
}

/** An address with Proxmox's prefix; the same one at each run. */
function withAddress(ctid: number, key: string, value: string): string {
  if (properties(value, 'name').has('hwaddr')) return value
  const digits = createHash('sha256').update(`${hostname()} ${ctid} ${key}`).digest('hex').toUpperCase()
  const address = `BC:24:11:${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4, 6)}`
  return value.replace(/^(name=[^,]*)?/, (first) =>
    first === '' ? `hwaddr=${address},` : `${first},hwaddr=${address}`,
  )
}
