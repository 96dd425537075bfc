/**
 * Loads a kernel module or prevents it from loading, now and at every boot.
 *
 * Does not rebuild the initramfs, from which modules are loaded before the root file system is mounted.
 */
import { defined } from '../../base/defined.ts'
import type { Action } from '../../host/action.ts'
import type { Host, KernelModuleStatus } from '../../host/host.ts'
import { actions, type Diff, done, type Plan, refuse } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { parentOf } from '../../base/posix-paths.ts'
import { contentDiff } from '../support/content-diff.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly container: boolean
  readonly module: KernelModuleStatus
  /** Our file in /etc/modules-load.d. */
  readonly boot: string | undefined
  /** Our file in /etc/modprobe.d. */
  readonly options: string | undefined
  /** Directories to create, for example if kmod is not installed. */
  readonly missing: readonly string[]
}

export const kernelModule = {
  name: 'kernel_module',
  summary: 'Loads a kernel module, or keeps it from loading, now and at every boot.',
  args,
  result,
  probe,
  plan,
  report: (_, { module: { loaded, version } }) => ({
    loaded,
    ...defined({ version }),
  }),
} satisfies Module<Args, Seen>

async function probe({ name }: Args, host: Host): Promise<Seen> {
  const directories = [bootFile(name), optionsFile(name)].map(parentOf)
  const [module, boot, options, statuses] = await Promise.all([
    host.kernelModule(name),
    host.text(bootFile(name)),
    host.text(optionsFile(name)),
    Promise.all(directories.map((path) => host.stat(path, { follow: true }))),
  ])
  const missing = directories.filter((_, index) => statuses[index] === undefined)
  return { container: host.placement.ctid !== undefined, module, boot, options, missing }
}

function plan(given: Args, { container, module, boot, options, missing }: Seen): Plan {
  const { name, state } = given
  if (container)
    return refuse({
      code: 'no-kernel-in-containers',
      message: 'a container cannot load kernel modules: it shares the kernel of its node',
      hint: 'use this task on its node',
    })
  const wantedBoot = state === 'loaded' && given.persistent ? `${header}${name}\n` : undefined
  const wantedOptions = optionsText(given)
  const stays = state === 'blacklisted' && module.loaded && module.users > 0
  if (state === 'unloaded' && module.loaded && module.users > 0)
    return refuse({
      code: 'module-in-use',
      message: `${name} is in use (${module.users} times) and cannot be unloaded`,
      hint: `stop the programs and modules that use it (see \`lsmod | grep ${name}\`), or use \`state: blacklisted\` and reboot`,
    })
  const files: readonly (readonly [string, string | undefined, string | undefined])[] = [
    [bootFile(name), boot, wantedBoot],
    [optionsFile(name), options, wantedOptions],
  ]
  const list: readonly (Action | undefined)[] = [
    ...files.flatMap(([path, before, after]) => [
      after !== undefined && missing.includes(parentOf(path))
        ? ({ kind: 'makeDirectory', path: parentOf(path) } as const)
        : undefined,
      place(path, before, after),
    ]),
    loading(given, module, stays),
  ]
  const warnings = stays ? [`${name} is in use and stays loaded until the next boot`] : []
  if (list.every((action) => action === undefined)) return done(warnings)
  const diffs: readonly Diff[] = files
    .filter(([, before, after]) => before !== after)
    .map(([path, before, after]) => contentDiff({ title: path, before, after }))
  return actions(list, { diffs, warnings })
}

const header = '# Written by gpuplay.\n'

function bootFile(name: string): string {
  return `/etc/modules-load.d/gpuplay-${name}.conf`
}

function optionsFile(name: string): string {
  return `/etc/modprobe.d/gpuplay-module-${name}.conf`
}

/** `blacklist` prevents loading by alias; `install` also as a dependency or by name (modprobe.d(5)). */
function optionsText({ name, state, params }: Args): string | undefined {
  if (state === 'blacklisted') return `${header}blacklist ${name}\ninstall ${name} /bin/false\n`
  return params === undefined || params.trim() === '' ? undefined : `${header}options ${name} ${params}\n`
}

function place(path: string, before: string | undefined, after: string | undefined): Action | undefined {
  if (before === after) return undefined
  return after === undefined
    ? { kind: 'remove', path }
    : { kind: 'writeFile', path, content: { kind: 'text', text: after }, mode: '0644' }
}

function loading({ name, state }: Args, { loaded }: KernelModuleStatus, stays: boolean): Action | undefined {
  const wanted = state === 'loaded'
  if (loaded === wanted || stays) return undefined
  return {
    kind: 'run',
    argv: wanted ? ['modprobe', '--', name] : ['modprobe', '-r', '--', name],
    timeout: 60,
    label: `${wanted ? 'load' : 'unload'} the kernel module ${name}`,
    hint: wanted ? 'see the last lines of `dmesg` on the host' : `\`lsmod | grep ${name}\` lists its users`,
    effects: [{ kind: 'kernelModule', name, becomes: { loaded: wanted } }],
  }
}
