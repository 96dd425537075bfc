/** The expectations of a step after the earlier steps of its window. */
import { revealed, sha256Of } from './content.ts'
import type { Expectation } from './expectation.ts'
import { remotePath } from './paths.ts'
import type { Step } from './step.ts'

/**
 * Adjusts the expectations of steps to the files that earlier steps replace: after a `writeFile`, a step on
 * the same path expects that content, whatever was read before, and has no known attributes.
 */
export function expectedNow(steps: readonly Step[]): readonly Step[] {
  const done = new Map<string, string | undefined>()
  return steps.map((step) => {
    const on = step.action.on ?? 'host'
    const expects = new Map<string, Expectation>()
    for (const [path, expected] of step.expects) {
      const key = `${on} ${path}`
      expects.set(path, done.has(key) ? { content: done.get(key) ?? expected.content } : expected)
    }
    for (const [path, content] of changes(step))
      done.set(`${on} ${path}`, content ?? done.get(`${on} ${path}`))
    return { ...step, expects }
  })
}

/** Paths with the content that a step leaves there; undefined if it keeps the content. */
function changes({ action }: Step): readonly (readonly [string, string | undefined])[] {
  switch (action.kind) {
    case 'writeFile': {
      const { content } = action
      if (content.kind === 'unknown') return []
      const sum = content.kind === 'text' ? sha256Of(revealed(content.text)) : content.sha256
      return [[remotePath(action.path), `sha256:${sum}`]]
    }
    case 'makeDirectory':
      return [[remotePath(action.path), 'present']]
    case 'makeLink':
      return [[remotePath(action.path), undefined]]
    case 'remove':
      return [[remotePath(action.path), 'absent']]
    case 'setAttributes':
      return [[remotePath(action.path), undefined]]
    case 'run':
    case 'download':
    case 'push':
    case 'fetch':
    case 'containerPower':
    case 'reboot':
      return []
  }
}
