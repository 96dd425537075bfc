/** pct start, stop, shutdown, reboot, mount, unmount. */
import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import type { ConfigSection } from '../../../src/proxmox/container-config.ts'
import { nodeSpec } from '../nvidia/kernel.ts'
import { Exit, run, textOf } from '../nvidia/system.ts'
import { atLeast } from '../nvidia/version.ts'
import { isOn, isRunning, readConfig, refuseLocked, withPending, writeConfig } from './guests.ts'
import { idBase, lxcConfig, lxcDir } from './lxc-config.ts'

/** devN came with Proxmox VE 8.1; an older one warns about such lines and starts without them. */
export function knowsDevices(): boolean {
  return atLeast(nodeSpec().pveVersion, '8.1')
}

export function start(ctid: number): void {
  let config = readConfig(ctid, 255)
  refuseLocked(config)
  if (isOn(config.current.settings.get('template')))
    throw new Exit(255, "you can't start a CT if it's a template")
  if (isRunning(ctid)) throw new Exit(255, `CT ${ctid} already running`)
  if (config.pending.settings.size > 0) {
    config = withPending(config)
    writeConfig(ctid, config)
  }
  mountRoot(ctid)
  try {
    writeFileSync(`${lxcDir}/${ctid}/config`, lxcConfig(ctid, config.current, knowsDevices()))
    setUpRoot(ctid, config.current)
    startLxc(ctid)
  } catch (error) {
    unmountRoot(ctid)
    throw error
  }
  warnOfNesting(config.current)
}

/** The daemon must not keep the lock that this process inherited (descriptor 9). */
function startLxc(ctid: number): void {
  startUnit(ctid)
  const log = `/run/lxc-start-${ctid}.log`
  writeFileSync(log, '')
  const started = run('/bin/sh', ['-c', `exec lxc-start -n ${ctid} -o ${log} -l ERROR 9>&-`])
  if (started.status === 0) return
  const lines = (textOf(log) ?? '').split('\n').filter((line) => line !== '')
  // lxc-start 101 20250101120000.000 ERROR    conf - ../src/lxc/conf.c:function:123 - message
  const messages = lines.map((line) => line.replace(/^.*?ERROR\s+\S+ - \S+?:(\w+):(\d+) - /, '$1: $2 '))
  throw new Exit(255, [...messages, `startup for container '${ctid}' failed`].join('\n'))
}

/** Proxmox starts a container by its unit: what was added to that unit has a say (`PVE::LXC::vm_start`). */
function startUnit(ctid: number): void {
  const log = `/run/pve/ct-${ctid}.stderr`
  mkdirSync('/run/pve', { recursive: true })
  rmSync(log, { force: true })
  const command = ['systemctl', 'start', `pve-container@${ctid}`]
  const started = run('systemctl', command.slice(1))
  if (started.status === 0) return
  throw new Exit(
    255,
    [
      started.stderr.trimEnd(),
      (textOf(log) ?? '').trimEnd(),
      `command '${command.join(' ')}' failed: exit code 1`,
    ]
      .filter((text) => text !== '')
      .join('\n'),
  )
}

function warnOfNesting(section: ConfigSection): void {
  if (
    !isOn(section.settings.get('unprivileged')) ||
    /(^|,)nesting=1/.test(section.settings.get('features') ?? '')
  )
    return
  process.stdout.write(
    'WARN: Systemd 252 detected. You may need to enable nesting.\nTask finished with 1 warning(s)!\n',
  )
}

export function stop(ctid: number): void {
  refuseLocked(readConfig(ctid, 255))
  if (!isRunning(ctid)) throw new Exit(255, `CT ${ctid} not running`)
  run('lxc-stop', ['-n', String(ctid), '-k'])
  unmountRoot(ctid)
}

export function shutdown(ctid: number, timeout: number, force: boolean): void {
  refuseLocked(readConfig(ctid, 255))
  if (!isRunning(ctid)) throw new Exit(255, `CT ${ctid} not running`)
  const stopped = run('lxc-stop', ['-n', String(ctid), '-t', String(timeout), ...(force ? [] : ['--nokill'])])
  if (isRunning(ctid)) throw new Exit(255, stopped.stderr.trimEnd() || 'container did not stop')
  unmountRoot(ctid)
}

export function reboot(ctid: number, timeout: number): void {
  shutdown(ctid, timeout, true)
  start(ctid)
}

/** Where the container's own files lie; `lowers` names the layers that it was made from. */
export function imageDir(ctid: number): string {
  return `/var/lib/vz/images/${ctid}`
}

export function mountRoot(ctid: number): void {
  const root = `${lxcDir}/${ctid}/rootfs`
  const image = imageDir(ctid)
  const lowers = textOf(`${image}/lowers`)?.trim()
  if (lowers === undefined) throw new Exit(255, `volume 'local:${ctid}/vm-${ctid}-disk-0.raw' does not exist`)
  mkdirSync(root, { recursive: true })
  if (run('mountpoint', ['-q', root]).status === 0) return
  const options = `lowerdir=${lowers},upperdir=${image}/upper,workdir=${image}/work,xino=off`
  const mounted = run('mount', ['-t', 'overlay', '-o', options, `ct${ctid}`, root])
  if (mounted.status !== 0) throw new Exit(255, mounted.stderr.trimEnd())
}

export function unmountRoot(ctid: number): void {
  for (const name of ['rootfs', 'passthrough']) {
    const place = `${lxcDir}/${ctid}/${name}`
    if (run('mountpoint', ['-q', place]).status === 0) run('umount', ['-l', place])
  }
}

/** The files in the container that Proxmox writes before every start. */
function setUpRoot(ctid: number, section: ConfigSection): void {
  const owner = isOn(section.settings.get('unprivileged')) ? idBase : 0
  const name = section.settings.get('hostname') ?? `CT${ctid}`
  const write = (path: string, text: string): void => {
    const file = `${lxcDir}/${ctid}/rootfs${path}`
    if (textOf(file) === text) return
    writeFileSync(file, text)
    chownSync(file, owner, owner)
    chmodSync(file, 0o644)
  }
  const domain = section.settings.get('searchdomain')
  const server = section.settings.get('nameserver')
  const resolver = [
    '# --- BEGIN PVE ---',
    ...(domain === undefined ? [] : [`search ${domain}`]),
    ...(server ?? '')
      .split(/[ ,;]+/)
      .filter((address) => address !== '')
      .map((address) => `nameserver ${address}`),
    '# --- END PVE ---',
  ]
  write('/etc/hostname', `${name}\n`)
  write(
    '/etc/resolv.conf',
    server === undefined ? (textOf('/etc/resolv.conf') ?? '') : `${resolver.join('\n')}\n`,
  )
  write(
    '/etc/hosts',
    [
      '127.0.0.1 localhost',
      '::1 localhost ip6-localhost ip6-loopback',
      '# --- BEGIN PVE ---',
      `127.0.1.1 ${name}`,
      '# --- END PVE ---',
      '',
    ].join('\n'),
  )
}
