/**
 * Stand-ins of Proxmox VE's tools: pveversion, pvecm, pvesh, pvesm, qm, ha-manager, proxmox-boot-tool. The first
 * argument is the tool's name.
 */
import { hostname } from 'node:os'
import { defined } from '../../../src/base/defined.ts'
import { parseContainerConfig } from '../../../src/proxmox/container-config.ts'
import { nodeSpec } from '../nvidia/node-spec.ts'
import { Exit, namesIn, run, runMain, textOf } from '../nvidia/system.ts'
import { bootTool } from './boot-tool.ts'
import { cardsOf, membersUp, quorate } from './cluster.ts'
import { haResources, serviceState } from './ha.ts'
import { isMachineOn, qm } from './qm.ts'
import { pvesm } from './volumes.ts'
import type { Guest } from './guest.ts'
import { ctids, isOn, isRunning } from './guests.ts'

function tools([tool = '', ...argv]: readonly string[]): number {
  switch (tool) {
    case 'pveversion':
      return pveversion(argv)
    case 'pvecm':
      return pvecm(argv)
    case 'pvesh':
      return pvesh(argv)
    case 'pvesm':
      return pvesm(argv)
    case 'qm':
      return qm(argv, virtualMachines())
    case 'ha-manager':
      return haManager(argv)
    case 'proxmox-boot-tool':
      return bootTool(argv)
    default:
      throw new Exit(1, `no stand-in for '${tool}'`)
  }
}

function pveversion(argv: readonly string[]): number {
  const { pveVersion } = nodeSpec()
  const kernel = run('uname', ['-r']).stdout.trim()
  const manager = `pve-manager/${pveVersion}/2a5fa54a8503f96d`
  if (!argv.some((word) => word === '-v' || word === '--verbose'))
    return say(`${manager} (running kernel: ${kernel})\n`)
  const major = Number.parseInt(pveVersion, 10)
  return say(
    `proxmox-ve: ${major}.${major >= 9 ? 0 : 4}.0 (running kernel: ${kernel})\npve-manager: ${pveVersion} (running version: ${pveVersion}/2a5fa54a8503f96d)\nproxmox-kernel-helper: ${major}.1.1\nlxc-pve: 6.0.0-1\npve-container: ${major >= 9 ? '6.0.9' : '5.2.6'}\n`,
  )
}

function pvecm([command = '']: readonly string[]): number {
  const { cluster, name } = nodeSpec()
  if (cluster === undefined)
    throw new Exit(
      2,
      "Error: Corosync config '/etc/pve/corosync.conf' does not exist - is this node part of a cluster?",
    )
  const members = membersUp()
  const votes = members.length
  const row = (member: string, index: number): string =>
    `0x0000000${index + 1}          1 ${member}${member === name ? ' (local)' : ''}\n`
  if (command === 'nodes')
    return say(
      `\nMembership information\n----------------------\n    Nodeid      Votes Name\n${members.map(row).join('')}`,
    )
  if (command !== 'status') throw new Exit(255, `ERROR: unknown command 'pvecm ${command}'`)
  const needed = Math.floor(cluster.members.length / 2) + 1
  return say(
    [
      'Cluster information',
      '-------------------',
      `Name:             ${cluster.name}`,
      'Config Version:   1',
      'Transport:        knet',
      'Secure auth:      on',
      '',
      'Quorum information',
      '------------------',
      'Quorum provider:  corosync_votequorum',
      `Nodes:            ${votes}`,
      `Node ID:          0x0000000${cluster.members.indexOf(name) + 1}`,
      `Quorate:          ${quorate() ? 'Yes' : 'No'}`,
      '',
      'Votequorum information',
      '----------------------',
      `Expected votes:   ${cluster.members.length}`,
      `Highest expected: ${cluster.members.length}`,
      `Total votes:      ${votes}`,
      `Quorum:           ${needed}${quorate() ? '' : ' Activity blocked'}`,
      `Flags:            ${quorate() ? 'Quorate' : ''}`,
      '',
      'Membership information',
      '----------------------',
      '    Nodeid      Votes Name',
      members.map(row).join(''),
    ].join('\n'),
  )
}

function containers(): readonly Guest[] {
  return ctids().map((vmid) => guest(vmid, 'lxc', isRunning(vmid)))
}

function virtualMachines(): readonly Guest[] {
  return namesIn('/etc/pve/qemu-server')
    .filter((name) => /^[0-9]+\.conf$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .toSorted((a, b) => a - b)
    .map((vmid) => guest(vmid, 'qemu', isMachineOn(vmid)))
}

/** Guests of the other members of a shared cluster. */
function elsewhere(): readonly Guest[] {
  return namesIn('/etc/pve/nodes')
    .filter((node) => node !== hostname())
    .flatMap((node) =>
      (['lxc', 'qemu'] as const).flatMap((type) => {
        const directory = `/etc/pve/nodes/${node}/${type === 'lxc' ? 'lxc' : 'qemu-server'}`
        return namesIn(directory)
          .filter((name) => /^[0-9]+\.conf$/.test(name))
          .map((name) => ({
            ...guest(Number.parseInt(name, 10), type, false, directory),
            node,
            status: 'unknown' as const,
          }))
      }),
    )
}

function guest(
  vmid: number,
  type: Guest['type'],
  running: boolean,
  directory = `/etc/pve/${type === 'lxc' ? 'lxc' : 'qemu-server'}`,
): Guest {
  // the configuration of a VM has the same format
  const { settings } = parseContainerConfig(textOf(`${directory}/${vmid}.conf`) ?? '').current
  const [lock, tags] = [settings.get('lock'), settings.get('tags')]
  return {
    vmid,
    type,
    name: settings.get(type === 'lxc' ? 'hostname' : 'name') ?? `${type === 'lxc' ? 'CT' : 'VM'}${vmid}`,
    status: running ? 'running' : 'stopped',
    node: hostname(),
    template: isOn(settings.get('template')) ? 1 : 0,
    ...defined({ lock, tags }),
  }
}

function pvesh(argv: readonly string[]): number {
  const [command, path = '', ...rest] = argv
  if (command !== 'get')
    throw new Exit(255, `ERROR: the lab's pvesh only knows 'get', not '${command ?? ''}'`)
  const { pveVersion, cluster, name } = nodeSpec()
  const own = `/nodes/${name}`
  const members = cluster?.members ?? [name]
  const answers: Readonly<Record<string, () => unknown>> = {
    '/version': () => ({
      release: pveVersion.split('.').slice(0, 2).join('.'),
      repoid: '2a5fa54a8503f96d',
      version: pveVersion,
    }),
    '/nodes': () =>
      members.map((node) => ({
        node,
        type: 'node',
        status: membersUp().includes(node) ? 'online' : 'offline',
      })),
    '/cluster/status': () => [
      ...(cluster === undefined
        ? []
        : [
            {
              id: 'cluster',
              name: cluster.name,
              nodes: members.length,
              quorate: quorate() ? 1 : 0,
              type: 'cluster',
              version: 1,
            },
          ]),
      ...members.map((node, index) => ({
        id: `node/${node}`,
        name: node,
        type: 'node',
        local: node === name ? 1 : 0,
        nodeid: cluster === undefined ? 0 : index + 1,
        online: membersUp().includes(node) ? 1 : 0,
        ip: run('getent', ['hosts', node]).stdout.split(' ')[0],
      })),
    ],
    '/cluster/resources': () =>
      [...containers(), ...virtualMachines(), ...elsewhere()].map((one) => ({
        id: `${one.type}/${one.vmid}`,
        ...one,
      })),
    '/cluster/tasks': () => [],
    '/cluster/ceph/status': () => {
      throw new Exit(255, 'binary not installed: /usr/bin/ceph-mon')
    },
    '/cluster/ha/resources': () =>
      haResources().map(([sid, state]) => ({ sid, state, type: sid.split(':')[0] })),
    '/cluster/ha/status/current': () => [
      {
        id: 'quorum',
        node: name,
        quorate: quorate() ? 1 : 0,
        status: quorate() ? 'OK' : 'No quorum!',
        type: 'quorum',
      },
    ],
    ...Object.fromEntries(
      members.map((member) => [
        `/nodes/${member}/hardware/pci`,
        () => {
          const cards = cardsOf(member)
          if (cards === undefined) throw new Exit(255, `proxy handler failed: no route to '${member}'`)
          return cards
        },
      ]),
    ),
    [`${own}/lxc`]: containers,
    [`${own}/qemu`]: virtualMachines,
    [`${own}/tasks`]: () => [],
    [`${own}/version`]: () => ({ version: pveVersion, release: pveVersion.split('.').slice(0, 2).join('.') }),
    [`${own}/status`]: () => ({
      pveversion: `pve-manager/${pveVersion}/2a5fa54a8503f96d`,
      kversion: `Linux ${run('uname', ['-r']).stdout.trim()}`,
    }),
  }
  const answer = answers[path.replace(/\/$/, '')]
  if (answer === undefined) throw new Exit(255, `No 'get' handler defined for '${path}'`)
  const pretty = rest.includes('json-pretty') || rest.includes('--output-format=json-pretty')
  return say(`${JSON.stringify(answer(), null, pretty ? 3 : 0)}\n`)
}

function haManager([command = '']: readonly string[]): number {
  if (command === 'config')
    return say(
      haResources()
        .map(([sid, state]) => `${sid}\n\tstate ${state}\n`)
        .join('\n'),
    )
  if (command !== 'status') throw new Exit(255, `ERROR: unknown command 'ha-manager ${command}'`)
  const resources = haResources()
  const node = hostname()
  const services = resources.map(([sid, state]) => `service ${sid} (${node}, ${serviceState(node, state)})\n`)
  const managers = resources.length === 0 ? '' : `master ${node} (active, now)\nlrm ${node} (active, now)\n`
  return say(`quorum ${quorate() ? 'OK' : 'No quorum on node'}\n${managers}${services.join('')}`)
}

function say(text: string): number {
  process.stdout.write(text)
  return 0
}

runMain(tools)
