/**
 * The cluster of a lab node: which members are up, and whether they have quorum. Members of a shared cluster have one
 * directory (world/boot.sh) with a file for each member, which its pmxcfs keeps current.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { nodeSpec } from '../nvidia/node-spec.ts'
import { exists, textOf } from '../nvidia/system.ts'

export const sharedDir = '/var/lib/pve-cluster/shared'
/** Milliseconds after which a silent member counts as down; corosync's token times out after a few seconds. */
const tokenTimeout = 3000

/** Marks this node as up until `leave`. Does nothing without a shared cluster. */
export function join(): void {
  if (nodeSpec().cluster?.shared !== true) return
  mkdirSync(`${sharedDir}/members`, { recursive: true })
  mkdirSync(`${sharedDir}/hardware`, { recursive: true })
  writeFileSync(`${sharedDir}/hardware/${hostname()}`, JSON.stringify(nodeSpec().gpus))
  const beat = (): void => writeFileSync(`${sharedDir}/members/${hostname()}`, String(Date.now()))
  beat()
  setInterval(beat, 500).unref()
}

export function leave(): void {
  rmSync(`${sharedDir}/members/${hostname()}`, { force: true })
}

/** The members that this node sees, itself included. */
export function membersUp(): readonly string[] {
  const { cluster, name } = nodeSpec()
  if (cluster === undefined) return [name]
  if (cluster.shared !== true) return exists('/etc/lab/quorate') ? cluster.members : [name]
  const isUp = (member: string): boolean =>
    Date.now() - Number(textOf(`${sharedDir}/members/${member}`) ?? 0) < tokenTimeout
  return cluster.members.filter((member) => member === name || isUp(member))
}

/** The cards of a member as `pvesh` lists PCI devices; undefined if it does not answer. */
export function cardsOf(member: string): readonly Readonly<Record<string, unknown>>[] | undefined {
  if (!membersUp().includes(member)) return undefined
  const written =
    member === hostname() ? JSON.stringify(nodeSpec().gpus) : textOf(`${sharedDir}/hardware/${member}`)
  if (written === undefined) return undefined
  const gpus: ReturnType<typeof nodeSpec>['gpus'] = JSON.parse(written)
  return gpus.flatMap(({ pci, model, deviceId }) => [
    { ...nvidia, id: pci, class: '0x030000', device: `0x${deviceId}`, device_name: model },
    { ...nvidia, id: pci.replace(/0$/, '1'), class: '0x040300', device: '0x228b', device_name: 'Audio' },
  ])
}

const nvidia = { vendor: '0x10de', vendor_name: 'NVIDIA Corporation', iommugroup: 14 }

export function quorate(): boolean {
  const { cluster } = nodeSpec()
  return cluster === undefined || membersUp().length > cluster.members.length / 2
}
