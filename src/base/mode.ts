/** Permissions as chmod(1) takes them. */

const clause = '[ugoa]*(?:[-+=](?:[rwxXst]*|[ugo]))+'

/** Octal digits, or symbolic clauses. */
export const modePattern = `^(?:[0-7]{3,4}|${clause}(?:,${clause})*)$`

/** The permissions that symbolic ones change. */
export interface ModeBase {
  readonly mode: string
  readonly directory: boolean
}

/** What a new file or directory gets without `mode`. */
export const newFile: ModeBase = { mode: '0644', directory: false }
export const newDirectory: ModeBase = { mode: '0755', directory: true }

/** Four octal digits. @param mode fits `modePattern` */
export function octalMode(mode: string, base: ModeBase): string {
  if (/^[0-7]+$/.test(mode)) return mode.padStart(4, '0')
  const bits = mode.split(',').reduce((now, text) => applied(text, now, base), Number.parseInt(base.mode, 8))
  return bits.toString(8).padStart(4, '0')
}

/** The bits of each class; `a` has all. */
const classes: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 }
const rights: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111, s: 0o6000, t: 0o1000 }
const special = 0o6000
/** chmod(1): without a class, the bits of the umask are not set. The programs of hosts have this one. */
const umask = 0o022

function applied(text: string, before: number, { directory }: ModeBase): number {
  const [, who = '', operations = ''] = /^([ugoa]*)(.*)$/.exec(text) ?? []
  const affected =
    who === '' ? 0o7777 & ~umask : who.split('').reduce((bits, name) => bits | (classes[name] ?? 0), 0)
  return [...operations.matchAll(/([-+=])([^-+=]*)/g)].reduce((now, [, operator, what = '']) => {
    const named = what.split('').reduce((bits, letter) => bits | bitsOf(letter, now, directory), 0)
    const value = named & affected
    if (operator === '+') return now | value
    if (operator === '-') return now & ~value
    // Like chmod(1), `=` keeps the special bits of a directory that it does not name.
    const kept = directory && !what.includes('s') ? special : 0
    const cleared = who === '' ? 0o7777 : affected
    return (now & ~(cleared & ~kept)) | value
  }, before)
}

function bitsOf(letter: string, now: number, directory: boolean): number {
  if (letter === 'X') return directory || (now & 0o111) !== 0 ? 0o111 : 0
  const shift = { u: 6, g: 3, o: 0 }[letter]
  if (shift === undefined) return rights[letter] ?? 0
  const copied = (now >> shift) & 7
  return copied * 0o111
}
