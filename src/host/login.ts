/**
 * The credentials that a host sends to a server. They are never part of an address or a command line, which
 * others can read.
 */
import { defined } from '../base/defined.ts'
import type { Secret } from '../base/secret.ts'
import { sh, type ShellText } from '../base/shell.ts'
import { revealed } from './content.ts'

export interface Login {
  readonly username?: string
  readonly password?: string | Secret
  readonly headers?: Readonly<Record<string, string | Secret>>
}

/** Returns undefined if all members are empty. */
export function loginOf({
  username,
  password,
  headers,
}: { readonly [K in keyof Login]: Login[K] | undefined }): Login | undefined {
  const some = username !== undefined || password !== undefined || Object.keys(headers ?? {}).length > 0
  return some ? defined({ username, password, headers }) : undefined
}

/**
 * Sets the variables `curlrc` and `wgetrc` to configurations of curl and wget; both are empty without a
 * login. curl reads its configuration from standard input. wget cannot, so `gp_wget` writes it to a private
 * file.
 */
export function loginVariables(login: Login | undefined): ShellText {
  return sh`curlrc=${curlConfig(login)} wgetrc=${wgetConfig(login)}`
}

/**
 * `gp_wget ARGUMENT...`: runs wget with the configuration in `wgetrc`, through a file of mode 0600 that is
 * removed afterwards. `left`: seconds that it may take; none if unset.
 */
export const wgetWithLogin = sh`gp_wget() {
  [ -n "$wgetrc" ] || { timeout "\${left:-0}" wget "$@"; return; }
  wgetrc_file=$(mktemp) || return 1
  printf '%s' "$wgetrc" >"$wgetrc_file"
  timeout "\${left:-0}" wget --config="$wgetrc_file" "$@"
  set -- "$?"
  rm -f -- "$wgetrc_file"
  return "$1"
}`

/** The lines of a configuration of curl (curl(1), `--config`); empty without a login. */
export function curlConfig(login: Login | undefined): string {
  return linesOf(login, {
    login: (username, password) => `user = ${curlQuoted(`${username}:${password}`)}`,
    header: (text) => `header = ${curlQuoted(text)}`,
  })
}

/** A value in a configuration of curl. */
export function curlQuoted(text: string): string {
  const escaped = text.replaceAll(/[\\"]/g, String.raw`\$&`)
  return `"${escaped.replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')}"`
}

/** Format: the manual of wget, "Wgetrc Syntax". */
function wgetConfig(login: Login | undefined): string {
  return linesOf(login, {
    login: (username, password) => `user = ${username}\npassword = ${password}\nauth_no_challenge = on`,
    header: (text) => `header = ${text}`,
  })
}

interface Format {
  login(username: string, password: string): string
  header(text: string): string
}

function linesOf(login: Login | undefined, format: Format): string {
  if (login === undefined) return ''
  const { username, password, headers = {} } = login
  const known = username !== undefined || password !== undefined
  const lines = [
    ...(known ? [format.login(username ?? '', revealed(password ?? ''))] : []),
    ...Object.entries(headers).map(([name, value]) => format.header(`${name}: ${revealed(value)}`)),
  ]
  return lines.map((line) => `${line}\n`).join('')
}
