import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type HostName, hostName } from '../base/brand.ts'
import { isUnknown, knownOr, UnknownError } from '../base/unknown.ts'
import type { Action, WriteFile } from './action.ts'
import { sha256Of } from './content.ts'
import { execute } from './execute.ts'
import type { Host } from './host.ts'
import { createOverlay, type Overlay } from './overlay.ts'
import { createReader, type HostReader } from './reader.ts'
import { createLocalShell } from './testing/local-shell.ts'
import { createTestMachine, testContext } from './testing/machine.ts'
import { scratch } from './testing/scratch.ts'

const pve1 = hostName('pve1')
const node = { name: pve1 }
const ct = { name: hostName('ct'), nodeName: pve1, ctid: '101' }

function reader(
  overlay: Overlay,
  {
    name = pve1,
    of,
    path,
  }: { readonly name?: HostName; readonly of?: HostReader; readonly path?: string } = {},
): { readonly host: Host; readonly all: HostReader } {
  const shell = createLocalShell(path === undefined ? {} : { PATH: `${path}:${process.env['PATH'] ?? ''}` })
  const all = createReader({
    name,
    shell: async () => shell,
    signal: new AbortController().signal,
    ...(of ? { node: of } : {}),
    placement: { ctid: of ? '101' : undefined, nodeName: of ? pve1 : undefined, cluster: undefined },
    controller: { file: async () => undefined, text: async () => undefined },
  })
  return { host: all.view(overlay), all }
}

function write(path: string, text: string, more: Partial<WriteFile> = {}): WriteFile {
  return { kind: 'writeFile', path, content: { kind: 'text', text }, ...more }
}

async function rejectsUnknown(read: Promise<unknown>, why: RegExp): Promise<void> {
  await assert.rejects(read, (error: unknown) => error instanceof UnknownError && why.test(error.message))
}

/** What a sequence of file actions leaves behind: predicted, and after they were really carried out. */
const names = ['a', 'b', 'd/a', 'd/e/a', 'l/a', 'l/e', 'l', 'k/a', 'k'] as const
const fileAction = (at: (name: string) => string): fc.Arbitrary<Action> =>
  fc.oneof(
    fc
      .record({
        name: fc.constantFrom(...names),
        text: fc.string(),
        mode: fc.constantFrom(undefined, '0600', '0755'),
      })
      .map(({ name, text, mode }): Action => write(at(name), text, mode === undefined ? {} : { mode })),
    fc.constantFrom(...names).map((name): Action => ({ kind: 'remove', path: at(name) })),
    fc
      .constantFrom('d', 'd/e')
      .map((name): Action => ({ kind: 'makeDirectory', path: at(name), mode: '0750' })),
    fc.constantFrom('d', 'd/e').map((name): Action => ({ kind: 'remove', path: at(name), recursive: true })),
    fc.constantFrom('d', 'd/e').map((target): Action => ({ kind: 'makeLink', path: at('l'), target })),
    fc.constantFrom('nowhere', 'b').map((target): Action => ({ kind: 'makeLink', path: at('a'), target })),
    fc
      .constantFrom(...names)
      .map((name): Action => ({ kind: 'setAttributes', path: at(name), mode: '0640' })),
  )

const byUser = process.getuid?.() !== 0

async function seen(host: Host, directory: string): Promise<unknown> {
  const [root, ...files] = await Promise.all([
    host.list(directory),
    ...['a', 'b', 'd', 'd/a', 'd/e', 'd/e/a', 'l', 'l/a', 'l/e', 'l/e/a', 'k', 'k/a', 'k/e'].map(
      async (name) => {
        const path = `${directory}/${name}`
        const status = await host.stat(path)
        // A link of these tests leads nowhere, a directory has a size of its own.
        const text = status?.kind === 'file' ? await host.text(path) : undefined
        const hash = status?.kind === 'file' ? await host.hash(path) : undefined
        const { kind, mode, target } = status ?? {}
        const owner = knownOr(status?.owner, userInfo().username)
        const names = kind === 'directory' ? await host.list(path) : undefined
        return {
          name,
          kind,
          mode,
          owner,
          target,
          text,
          hash,
          names,
          size: kind === 'file' ? status?.size : undefined,
        }
      },
    ),
  ])
  return { root, files }
}

/** Two directories with the same in them: one to be predicted on, one to be changed. */
function twins(path: (name: string) => string): readonly [string, string] {
  const roots = [path('predicted'), path('real')] as const
  for (const root of roots) {
    mkdirSync(`${root}/d`, { recursive: true, mode: 0o700 })
    symlinkSync('d', `${root}/k`)
    writeFileSync(`${root}/a`, 'live', { mode: 0o644 })
    writeFileSync(`${root}/d/a`, 'live', { mode: 0o600 })
  }
  return roots
}

test('what is predicted of an untouched host is what is there once the actions are carried out', async () => {
  const planned = fc.array(
    fileAction((name) => name),
    { minLength: 1, maxLength: 6 },
  )
  await fc.assert(
    fc.asyncProperty(planned, async (actions) => {
      using dir = scratch()
      const [predicted, real] = twins((name) => dir.path(name))
      const machine = createTestMachine({ stateDirectory: dir.path('state') })
      const overlay = createOverlay()
      const { host, all } = reader(overlay)
      const below = (root: string, action: Action): Action =>
        'path' in action ? { ...action, path: `${root}/${action.path}` } : action
      for (const action of actions) {
        await all.findLinks(below(predicted, action), overlay)
        // What cannot be carried out no plan would hold.
        const result = await execute(below(real, action), machine, testContext())
        if (result.kind === 'done') overlay.apply(node, below(predicted, action), { byUser })
      }
      assert.deepEqual(await seen(host, predicted), await seen(reader(createOverlay()).host, real))
    }),
    { numRuns: 25 },
  )
})

test('over the untouched host, what is written is read back, and what is not touched reads as it is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.boolean(), async (text, exists) => {
      using dir = scratch()
      writeFileSync(dir.path('other'), 'other', { mode: 0o640 })
      if (exists) writeFileSync(dir.path('file'), 'live', { mode: 0o600 })
      const overlay = createOverlay()
      overlay.apply(node, write(dir.path('file'), text))
      const { host } = reader(overlay)
      assert.equal(await host.text(dir.path('file')), text)
      assert.equal(await host.hash(dir.path('file')), sha256Of(text))
      const status = await host.stat(dir.path('file'))
      assert.equal(status?.size, Buffer.byteLength(text))
      assert.equal(status.mode, exists ? '0600' : '0644')
      assert.deepEqual(await host.list(dir.directory), ['file', 'other'])
      assert.equal((await host.stat(dir.path('other')))?.mode, '0640')
      overlay.apply(node, { kind: 'remove', path: dir.path('file') })
      assert.equal(await host.stat(dir.path('file')), undefined)
      assert.equal(await host.text(dir.path('file')), undefined)
      assert.deepEqual(await host.list(dir.directory), ['other'])
    }),
    { numRuns: 8 },
  )
})

test('a file whose content only the run will know has its mode, but neither text nor size', async () => {
  using dir = scratch()
  const overlay = createOverlay()
  const content = { kind: 'unknown', why: 'rendered at run' } as const
  overlay.apply(node, { kind: 'writeFile', path: dir.path('a'), content, mode: '0600' })
  const { host } = reader(overlay)
  const status = await host.stat(dir.path('a'))
  assert.equal(status?.mode, '0600')
  assert.ok(isUnknown(status.size))
  await rejectsUnknown(host.text(dir.path('a')), /only be known when the run writes it/)
  const maybe = await host.maybe(host.text(dir.path('a')))
  assert.ok(isUnknown(maybe))
})

test('links that are predicted are followed', async () => {
  using dir = scratch()
  writeFileSync(dir.path('real'), 'x', { mode: 0o600 })
  symlinkSync('real', dir.path('old'))
  const overlay = createOverlay()
  overlay.apply(node, { kind: 'makeLink', path: dir.path('link'), target: 'real' })
  overlay.apply(node, write(dir.path('old'), 'new'))
  const { host } = reader(overlay)
  assert.equal((await host.stat(dir.path('link')))?.kind, 'link')
  assert.equal((await host.stat(dir.path('link'), { follow: true }))?.mode, '0600')
  assert.equal((await host.stat(dir.path('old')))?.kind, 'link')
  assert.equal(await host.text(dir.path('old')), 'new')
})

test('what is absent and could come with a package is unknown; what is there, or could not come with it, is known', async () => {
  const overlay = createOverlay()
  overlay.apply(node, {
    kind: 'run',
    argv: ['apt-get', 'install', 'nvtop'],
    effects: [
      { kind: 'package', name: 'nvtop', becomes: { installed: '3.0' } },
      { kind: 'brings', what: 'nvtop' },
    ],
  })
  const { host } = reader(overlay)
  assert.equal((await host.package('nvtop')).installed, '3.0')
  assert.ok(await host.text('/etc/passwd'))
  await rejectsUnknown(host.stat('/etc/nvtop.conf'), /nvtop may bring it/)
  await rejectsUnknown(host.command('no-such-program'), /nvtop may bring it/)
  await rejectsUnknown(host.list('/etc/apt'), /nvtop may bring it/)
  await rejectsUnknown(host.ask(['dpkg-query', '-W']), /nvtop/)
  for (const path of [
    '/etc/modprobe.d/gpuplay.conf',
    '/usr/local/bin/none',
    '/etc/pve/lxc/1.conf',
    '/etc/systemd/system/none@.service.d/own.conf',
    '/srv/none',
  ]) {
    assert.equal(await host.stat(path), undefined, path)
  }
  overlay.apply(node, write('/etc/nvtop.conf', 'known again'))
  assert.equal(await host.text('/etc/nvtop.conf'), 'known again')
  assert.equal((await host.ask(['uname', '-s'])).stdout, 'Linux\n')
})

test('what was declared unknown stays so until something later says otherwise', async () => {
  using dir = scratch()
  writeFileSync(dir.path('a'), 'live')
  const overlay = createOverlay()
  const { host } = reader(overlay)
  overlay.apply(node, write(dir.path('a'), 'first'))
  overlay.apply(node, {
    kind: 'run',
    argv: ['x'],
    effects: [
      {
        kind: 'unknown',
        resources: [`file:${dir.directory}/*`, 'unit:a.service*'],
        why: 'x does as it likes',
      },
    ],
  })
  await rejectsUnknown(host.text(dir.path('a')), /x does as it likes/)
  await rejectsUnknown(host.list(dir.directory), /x does as it likes/)
  await rejectsUnknown(host.ask(['cat', dir.path('a')]), /x does as it likes/)
  overlay.apply(node, { kind: 'setAttributes', path: dir.path('a'), mode: '0600' })
  await rejectsUnknown(host.stat(dir.path('a')), /x does as it likes/)
  overlay.apply(node, write(dir.path('a'), 'second'))
  assert.equal(await host.text(dir.path('a')), 'second')
  const unit: Action = {
    kind: 'run',
    argv: ['y'],
    effects: [{ kind: 'unit', name: 'a.service', becomes: { enabled: 'enabled' } }],
  }
  overlay.apply(node, unit)
  const status = await host.unit('a.service')
  assert.equal(status.enabled, 'enabled')
  assert.ok(isUnknown(status.active))
})

test('what waits for a reboot comes true with it, and what a boot makes anew is unknown', async () => {
  const overlay = createOverlay()
  const { host } = reader(overlay)
  overlay.apply(node, {
    kind: 'run',
    argv: ['install'],
    effects: [
      {
        kind: 'kernelModule',
        name: 'nvidia',
        becomes: { loaded: true, version: '580.95.05' },
        afterBoot: true,
      },
    ],
  })
  assert.equal((await host.kernelModule('nvidia')).loaded, false)
  await host.stat('/dev/null')
  overlay.apply(node, { kind: 'reboot', reason: 'the driver' })
  assert.deepEqual(await host.kernelModule('nvidia'), { loaded: true, version: '580.95.05', users: 0 })
  await rejectsUnknown(host.stat('/dev/null'), /reboot: the driver/)
  await rejectsUnknown(host.kernel(), /reboot: the driver/)
  await rejectsUnknown(host.kernelModule('nouveau'), /reboot: the driver/)
  assert.ok(await host.text('/etc/passwd'))
})

test('a container sees what happens to its node', async () => {
  const overlay = createOverlay()
  const onNode = reader(overlay).all
  const { host } = reader(overlay, { name: ct.name, of: onNode })
  overlay.apply(node, {
    kind: 'run',
    argv: ['modprobe', 'nvidia'],
    effects: [{ kind: 'kernelModule', name: 'nvidia', becomes: { loaded: true, version: '580.95.05' } }],
  })
  assert.equal((await host.kernelModule('nvidia')).version, '580.95.05')
  assert.ok(await host.stat('/dev/null'))
  overlay.apply(ct, { kind: 'containerPower', ctid: '101', verb: 'restart', on: 'node' })
  await rejectsUnknown(host.stat('/dev/null'), /restart container 101/)
  assert.ok(await host.text('/etc/passwd'))
  overlay.apply(ct, write('/dev/null', 'predicted after the restart'))
  assert.equal(await host.text('/dev/null'), 'predicted after the restart')
  overlay.apply(ct, { kind: 'containerPower', ctid: '101', verb: 'start', on: 'node' })
  await rejectsUnknown(host.text('/etc/passwd'), /the container will only be started by the run/)
  await rejectsUnknown(host.ask(['id']), /the container will only be started by the run/)
  overlay.apply(node, { kind: 'containerPower', ctid: '101', verb: 'stop' })
  await rejectsUnknown(host.text('/etc/passwd'), /will have been stopped/)
})

test('a program that an author promised to be reading is unknown once anything is predicted, unless he said what it reads', async () => {
  const overlay = createOverlay()
  const { host } = reader(overlay)
  const promised = { promised: true } as const
  assert.equal((await host.ask(['sh', '-c', 'echo x'], promised)).stdout, 'x\n')
  overlay.apply(node, write('/etc/some/file', 'x'))
  await rejectsUnknown(host.ask(['sh', '-c', 'echo x'], promised), /changes file \/etc\/some\/file/)
  assert.equal((await host.ask(['sh', '-c', 'echo x'], { promised: true, reads: [] })).stdout, 'x\n')
})

test('what a program without declared effects changes is unknown; one that declares none changes nothing', async () => {
  using dir = scratch()
  const overlay = createOverlay()
  overlay.apply(node, write(dir.path('a'), 'before'))
  overlay.apply(node, { kind: 'run', argv: ['true'], effects: [] })
  const { host } = reader(overlay)
  assert.equal(await host.text(dir.path('a')), 'before')
  overlay.apply(node, { kind: 'run', argv: ['mend', 'it'] })
  await rejectsUnknown(host.text(dir.path('a')), /what "run mend it" changes only the run can show/)
  await rejectsUnknown(host.package('bash'), /mend it/)
  overlay.apply(node, write(dir.path('a'), 'after'))
  assert.equal(await host.text(dir.path('a')), 'after')
})

test('a file that someone else than root makes belongs to nobody who is known; one that is there keeps its owner', async () => {
  using dir = scratch()
  writeFileSync(dir.path('old'), 'live')
  const overlay = createOverlay()
  const { host } = reader(overlay)
  const by = { byUser: true }
  for (const name of ['old', 'new', 'given']) overlay.apply(node, write(dir.path(name), 'x'), by)
  overlay.apply(node, { kind: 'setAttributes', path: dir.path('given'), owner: 'root', group: 'root' })
  overlay.apply(node, { kind: 'remove', path: dir.path('old') }, by)
  overlay.apply(node, write(dir.path('old'), 'x'))
  const status = await host.stat(dir.path('new'))
  assert.ok(isUnknown(status?.owner))
  assert.equal(status?.mode, '0644')
  assert.equal((await host.stat(dir.path('given')))?.owner, 'root')
  assert.equal((await host.stat(dir.path('old')))?.owner, 'root')
})

test('a file written through a link to its directory is read back by its other name, whether the link is predicted or there', async () => {
  using dir = scratch()
  mkdirSync(dir.path('real'))
  symlinkSync('real', dir.path('there'))
  writeFileSync(dir.path('real/old'), 'live')
  const overlay = createOverlay()
  const { host } = reader(overlay)
  overlay.apply(node, { kind: 'makeLink', path: dir.path('soon'), target: 'real' })
  for (const name of ['there', 'soon']) {
    const path = dir.path(`${name}/via-${name}`)
    assert.equal(await host.stat(path), undefined)
    overlay.apply(node, write(path, `through ${name}`))
    assert.equal(await host.text(dir.path(`real/via-${name}`)), `through ${name}`)
    assert.equal(await host.text(path), `through ${name}`)
  }
  assert.deepEqual(await host.list(dir.path('there')), ['old', 'via-soon', 'via-there'])
  overlay.apply(node, { kind: 'remove', path: dir.path('soon/old') })
  assert.equal(await host.stat(dir.path('there/old')), undefined)
  assert.equal((await host.ask(['cat', '/etc/hostname'])).code, 0)
  await rejectsUnknown(host.ask(['cat', dir.path('soon/via-there')]), /an earlier task changes/)
  overlay.apply(node, { kind: 'remove', path: dir.path('there') })
  assert.equal(await host.stat(dir.path('there/old')), undefined)
  assert.equal(await host.text(dir.path('real/via-there')), 'through there')
})

test('links that go round in circles, or lead nowhere, are followed no further than the host does', async () => {
  using dir = scratch()
  symlinkSync('round', dir.path('round'))
  symlinkSync('none/below', dir.path('nowhere'))
  const overlay = createOverlay()
  const { host } = reader(overlay)
  overlay.apply(node, { kind: 'makeLink', path: dir.path('a'), target: 'b' })
  overlay.apply(node, { kind: 'makeLink', path: dir.path('b'), target: 'a' })
  assert.equal((await host.stat(dir.path('round')))?.kind, 'link')
  assert.equal(await host.text(dir.path('nowhere')), undefined)
  assert.equal((await host.stat(dir.path('a')))?.kind, 'link')
  await host.stat(dir.path('a'), { follow: true })
  overlay.apply(node, write(dir.path('none/below'), 'x'))
  assert.equal(await host.text(dir.path('nowhere')), 'x')
})

test('a unit file that is predicted is a unit, as its file says, and a program that is predicted may be one', async () => {
  using dir = scratch()
  // A host whose systemd has none of these.
  const answer = 'LoadState=not-found\\nActiveState=inactive\\nUnitFileState=\\n\\n'
  writeFileSync(dir.path('systemctl'), `#!/bin/sh\nshift 4; for unit; do printf '${answer}'; done\n`, {
    mode: 0o755,
  })
  const overlay = createOverlay()
  const { host } = reader(overlay, { path: dir.directory })
  const unit = (name: string): string => `/etc/systemd/system/${name}`
  overlay.apply(node, write(unit('gpuplay-dry.service'), '[Service]\nExecStart=/x\n[Install]\nWantedBy=x\n'))
  overlay.apply(node, write(unit('gpuplay-static@.timer'), '[Timer]\n'))
  overlay.apply(node, { kind: 'makeLink', path: unit('gpuplay-masked.service'), target: '/dev/null' })
  overlay.apply(node, write('/usr/local/bin/gpuplay-program', '#!/bin/sh\n', { mode: '0755' }))
  const started: Action = {
    kind: 'run',
    argv: ['systemctl', 'start', 'gpuplay-dry'],
    effects: [{ kind: 'unit', name: 'gpuplay-dry', becomes: { active: 'active' } }],
  }
  const status = { exists: true, active: 'inactive', enabled: 'disabled' }
  assert.deepEqual(await host.unit('gpuplay-dry'), status)
  assert.deepEqual(await host.unit('gpuplay-static@x.timer'), { ...status, enabled: 'static' })
  assert.equal((await host.unit('gpuplay-masked')).enabled, 'masked')
  overlay.apply(node, started)
  assert.deepEqual(await host.unit('gpuplay-dry.service'), { ...status, active: 'active' })
  await rejectsUnknown(host.command('gpuplay-program'), /an earlier task changes/)
  assert.equal(await host.command('gpuplay-none'), undefined)
})

test('what a reading cannot know is a value in it: it can be written down, and compared', async () => {
  using dir = scratch()
  const overlay = createOverlay()
  const content = { kind: 'unknown', why: 'rendered at run' } as const
  overlay.apply(node, { kind: 'writeFile', path: dir.path('a'), content }, { byUser: true })
  const status = await reader(overlay).host.stat(dir.path('a'))
  assert.match(JSON.stringify(status), /"size":\{"why":"its content/)
  assert.deepEqual({ ...status, owner: 'somebody' }.mode, '0644')
})
