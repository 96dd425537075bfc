import { HostError, type Problem } from '../base/errors.ts'
import { invalidValue, quote } from '../base/shell.ts'
import type { Action } from './action.ts'
import { remotePath } from './paths.ts'
import { checkEnvironment } from './queries/ask.ts'

/**
 * Returns the reason why no host can carry out an action, if there is one: values that a playbook takes from
 * a host's answers may contain a NUL or a line break where none is allowed. Checked when the action is
 * planned, in a dry run too.
 */
export function whyUnfit(action: Action): Problem | undefined {
  try {
    checkValues(action)
    return undefined
  } catch (error) {
    if (error instanceof HostError) return error.problem
    throw error
  }
}

function checkValues(action: Action): void {
  switch (action.kind) {
    case 'writeFile':
      remotePath(action.path)
      checkOwner(action.owner)
      checkOwner(action.group)
      for (const word of action.validate ?? []) quote(word)
      return
    case 'setAttributes':
    case 'makeDirectory':
      remotePath(action.path)
      checkOwner(action.owner)
      checkOwner(action.group)
      return
    case 'makeLink':
      remotePath(action.path)
      quote(action.target)
      return
    case 'remove':
      remotePath(action.path)
      return
    case 'run':
      for (const word of action.argv) quote(word)
      if (action.directory !== undefined) remotePath(action.directory)
      checkEnvironment(action.environment ?? {})
      return
    case 'download':
      for (const word of [action.url, action.proxy ?? '', action.sha256 ?? '']) quote(word)
      remotePath(action.path)
      return
    case 'push':
      remotePath(action.from)
      remotePath(action.to)
      return
    case 'fetch':
      remotePath(action.path)
      return
    case 'containerPower':
    case 'reboot':
  }
}

/** @throws HostError for a text that `chown` would not take for a name */
export function checkOwner(given: string | undefined): void {
  // `:` would start a group, and `-` an option.
  if (given !== undefined && !/^[^-:\s\0][^:\s\0]*$/.test(given))
    throw invalidValue(`${JSON.stringify(given)} is not a valid name for a user or group`)
}
