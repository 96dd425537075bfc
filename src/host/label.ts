import type { Action } from './action.ts'

/** Describes an action to people, in the imperative. Derived from its kind if it has no label. */
export function labelOf(action: Action): string {
  return action.label ?? madeLabel(action)
}

function madeLabel(action: Action): string {
  switch (action.kind) {
    case 'writeFile':
      return `write ${action.path}`
    case 'setAttributes': {
      const owner = [action.owner, action.group].filter((name) => name !== undefined).join(':')
      const parts = [
        ...(owner === '' ? [] : [`owner ${owner}`]),
        ...(action.mode === undefined ? [] : [`mode ${action.mode}`]),
      ]
      return `set ${parts.join(' and ')} of ${action.path}`
    }
    case 'makeDirectory':
      return `create the directory ${action.path}`
    case 'makeLink':
      return `link ${action.path} to ${action.target}`
    case 'remove':
      return `remove ${action.path}`
    case 'run':
      return `run ${commandWords(action.argv)}`
    case 'download':
      return `download ${action.url}`
    case 'push':
      return `copy ${action.from} from the node to ${action.to}`
    case 'fetch':
      return `save ${action.path} as ${action.to}`
    case 'containerPower':
      return action.verb === 'shutdown'
        ? `shut down container ${action.ctid}`
        : `${action.verb} container ${action.ctid}`
    case 'reboot':
      return `reboot: ${action.reason}`
  }
}

/** `"false" failed with exit status 1` */
export function failedProgram(argv: readonly string[], code: number): string {
  const words = commandWords(argv)
  const quote = words.includes('"') ? '`' : '"'
  return `${quote}${words}${quote} failed with exit status ${code}`
}

function commandWords(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w\-./:=@%+,]+$/.test(word) ? word : JSON.stringify(word))).join(' ')
}
