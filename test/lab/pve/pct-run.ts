/** pct start, stop, shutdown, reboot, mount, unmount. */
import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import type { ConfigSection } from '../../../src/proxmox/container-config.ts'
import { nodeSpec } from '../nvidia/node-spec.ts'
import { Exit, run, textOf } from '../nvidia/system.ts'
import { atLeast } from '../nvidia/version.ts'
import { offerAddress } from './dhcp.ts'
import { isOn, isRunning, readConfig, refuseLocked, withPending, writeConfig } from './guests.ts'
import { createDeviceNodes, idMap, lxcDir, writeLxcConfig } from './lxc-config.ts'
import { unitFailure, waitAfterFailedShutdown } from './pct-exact.ts'
import { imageDir } from './volumes.ts'

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
    writeLxcConfig(ctid, config.current, knowsDevices())
    if (knowsDevices()) createDeviceNodes(ctid, config.current)
    setUpRoot(ctid, config.current)
    startLxc(ctid)
  } catch (error) {
    unmountRoot(ctid)
    throw error
  }
  offerAddress(ctid, config.current, run('lxc-info', ['-n', String(ctid), '-pH']).stdout.trim())
  warnOfNesting(config.current)
}

/** Closes descriptor 9, the lock, for the daemon. */
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

/** Proxmox starts a container by its unit: commands that were added to that unit can prevent the start. */
function startUnit(ctid: number): void {
  mkdirSync('/run/pve', { recursive: true })
  rmSync(`/run/pve/ct-${ctid}.stderr`, { force: true })
  const started = run('systemctl', ['start', `pve-container@${ctid}`])
  if (started.status !== 0) throw new Exit(255, unitFailure(ctid, started.stderr))
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
  if (isRunning(ctid)) {
    waitAfterFailedShutdown(timeout)
    throw new Exit(255, stopped.stderr.trimEnd() || 'container did not stop')
  }
  unmountRoot(ctid)
}

export function reboot(ctid: number, timeout: number): void {
  shutdown(ctid, timeout, true)
  start(ctid)
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

/** Files in the container that Proxmox writes before every start. */
function setUpRoot(ctid: number, section: ConfigSection): void {
  const owner = idMap(section).base
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
