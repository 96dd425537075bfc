/** Applies actions to a `World`: executors for a host in memory. */
import { isUnknown } from '../../base/unknown.ts'
import { defined } from '../../base/defined.ts'
import type { Action, Content, Effect } from '../../host/action.ts'
import { revealed } from '../../host/content.ts'
import { kindOf, kindsOf } from '../../host/resources/all.ts'
import type { FileBecomes } from '../../host/resources/file.ts'
import { isReadable } from '../../host/resources/kind.ts'
import type { Reply } from '../module.ts'
import type { GivenAttributes } from '../support/attributes.ts'
import { addFile, type FakeFile, followed, makeParents, thingsOf, type FakeWorld } from './fake-host.ts'

/** @throws Error if a real host would refuse, for example for a missing directory. */
export function carryOutFake(world: FakeWorld, action: Action): Reply | undefined {
  const reply = act(world, action)
  if (action.kind !== 'run' || reply === undefined)
    for (const effect of action.effects ?? []) bringAbout(world, effect)
  return action.kind === 'run' ? (reply ?? { code: 0, stdout: '', stderr: '' }) : undefined
}

function act(world: FakeWorld, action: Action): Reply | undefined {
  const { files } = world
  switch (action.kind) {
    case 'writeFile': {
      const path = followed(world, action.path)
      const parent = files.get(path.slice(0, path.lastIndexOf('/')) || '/')
      if (parent === undefined) throw new Error(`no directory for ${path}`)
      const before = files.get(path)
      if (action.backup === true && before?.text !== undefined)
        addFile(world, `${action.backupDirectory ?? ''}${path}.gpuplay-20260101T000000`, before.text)
      const text = textOf(world, action.content)
      addFile(world, path, text, { ...kept(before), ...attributes(action) })
      return undefined
    }
    case 'setAttributes': {
      const path = followed(world, action.path)
      const before = files.get(path)
      if (before === undefined) throw new Error(`nothing at ${path}`)
      files.set(path, { ...before, ...attributes(action) })
      return undefined
    }
    case 'makeDirectory':
      makeParents(world, `${action.path}/x`)
      files.set(action.path, { ...directory, ...attributes(action) })
      return undefined
    case 'makeLink':
      files.set(action.path, {
        kind: 'link',
        mode: '0777',
        owner: 'root',
        group: 'root',
        target: action.target,
      })
      return undefined
    case 'remove':
      for (const path of files.keys())
        if (path === action.path || (action.recursive === true && path.startsWith(`${action.path}/`)))
          files.delete(path)
      return undefined
    case 'run':
      return world.program(action.argv)
    case 'download': {
      const answer = world.http.get(action.url)
      if (answer?.status !== 200) throw new Error(`no ${action.url}`)
      addFile(world, action.path, answer.body, { mode: action.mode ?? '0644' })
      return undefined
    }
    case 'fetch':
      world.controller.set(action.to, world.files.get(followed(world, action.path))?.text ?? '')
      return undefined
    case 'reboot':
      world.kernel = {
        ...world.kernel,
        bootId: world.kernel.bootId.replace(/.$/, (digit) => `${Number(digit) + 1}`),
      }
      return undefined
    case 'containerPower': {
      const status = action.verb === 'start' || action.verb === 'restart' ? 'running' : 'stopped'
      bringAbout(world, { kind: 'container', name: action.ctid, becomes: { status } })
      return undefined
    }
    case 'push':
      throw new Error(`the fake host has no ${action.kind}`)
  }
}

const directory: FakeFile = { kind: 'directory', mode: '0755', owner: 'root', group: 'root' }

function kept(before: FakeFile | undefined): Partial<FakeFile> {
  return before === undefined ? {} : { mode: before.mode, owner: before.owner, group: before.group }
}

function attributes({ mode, owner, group }: GivenAttributes): Partial<FakeFile> {
  return {
    ...defined({ mode, owner, group }),
  }
}

function textOf(world: FakeWorld, content: Content): string {
  switch (content.kind) {
    case 'text':
      return revealed(content.text)
    case 'controllerFile':
      return world.controller.get(content.path) ?? ''
    case 'hostFile':
      return world.files.get(followed(world, content.path))?.text ?? ''
    case 'unknown':
      throw new Error('content that is unknown reached a real run')
  }
}

function bringAbout(world: FakeWorld, effect: Effect): void {
  if (effect.kind === 'unknown' || effect.kind === 'brings') return
  if (effect.kind === 'file') bringFileAbout(world, effect.name, effect.becomes)
  else {
    const kind = kindOf(kindsOf(), effect.kind)
    if (!isReadable(kind)) throw new Error(`a fake host has no ${effect.kind}`)
    const things = thingsOf(world, kind.kind)
    const key = kind.key(effect.name)
    things.set(key, kind.foresee(effect.becomes, things.get(key) ?? kind.nothing))
  }
}

function bringFileAbout(world: FakeWorld, path: string, becomes: FileBecomes): void {
  if (isUnknown(becomes)) return addFile(world, path, '')
  switch (becomes.kind) {
    case 'absent':
      for (const other of world.files.keys())
        if (other === path || other.startsWith(`${path}/`)) world.files.delete(other)
      return
    case 'file':
      return addFile(world, path, becomes.text === undefined ? '' : revealed(becomes.text), {
        ...kept(world.files.get(path)),
        ...attributes(becomes),
      })
    case 'directory':
      makeParents(world, `${path}/x`)
      world.files.set(path, { ...directory, ...attributes(becomes) })
      return
    case 'link':
    case 'character':
      makeParents(world, path)
      world.files.set(path, { mode: '0777', owner: 'root', group: 'root', ...becomes })
  }
}
