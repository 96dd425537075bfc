/**
 * HA as Proxmox's tools see it: the resources of the cluster. On a node with /etc/lab/ha, requests are left to its local
 * resource manager (`node-files/usr/lib/lab/bin/ha-lrm`), which carries them out later.
 */
import { writeFileSync } from 'node:fs'
import { exists, textOf } from '../nvidia/system.ts'

const resourcesFile = '/etc/pve/ha/resources.cfg'

/** `[ct:101, started]`, of sections such as `ct: 101` with an indented `state started`. */
export function haResources(): readonly (readonly [sid: string, state: string])[] {
  return sectionsOf(textOf(resourcesFile) ?? '').flatMap(
    ({ sid, text }): readonly (readonly [string, string])[] =>
      sid === undefined ? [] : [[sid, /^\s+state +(\S+)/m.exec(text)?.[1] ?? 'started']],
  )
}

/**
 * Asks HA instead of changing the container, as pct does for those that HA manages (`vm_start` of
 * PVE::API2::LXC::Status). Returns false if HA does not manage it, or if HA itself calls.
 */
export function requestedOfHa(ctid: number, state: 'started' | 'stopped'): boolean {
  if (!exists('/etc/lab/ha') || process.env['PVE_HA'] === '1') return false
  const sid = `ct:${ctid}`
  if (!haResources().some(([known, now]) => known === sid && now !== 'ignored')) return false
  const text = sectionsOf(textOf(resourcesFile) ?? '')
    .map((section) => (section.sid === sid ? withState(section.text, state) : section.text))
    .join('')
  if (text !== textOf(resourcesFile)) writeFileSync(resourcesFile, text)
  process.stdout.write(`Requesting HA ${state === 'started' ? 'start' : 'stop'} for CT ${ctid}\n`)
  return true
}

/** The state in `ha-manager status`. A node that reboots with frozen services has the mode `restart`. */
export function serviceState(node: string, requested: string): string {
  const mode = /"mode":"(\w+)"/.exec(textOf(`/etc/pve/nodes/${node}/lrm_status`) ?? '')?.[1]
  return mode === 'restart' ? 'freeze' : requested
}

function sectionsOf(text: string): readonly { readonly sid: string | undefined; readonly text: string }[] {
  return text.split(/(?<=\n)(?=\S)/).map((section) => {
    const [, type, id] = /^(ct|vm): *([0-9]+)/.exec(section) ?? []
    return { sid: type === undefined ? undefined : `${type}:${id}`, text: section }
  })
}

function withState(section: string, state: string): string {
  if (/^\s+state +/m.test(section)) return section.replace(/^(\s+state +)\S+/m, `$1${state}`)
  return section.replace(/\n*$/, `\n\tstate ${state}\n\n`)
}
