import { randomBytes } from 'node:crypto'
import { UnreachableError } from '../base/errors.ts'
import { quote } from '../base/shell.ts'
import { describeEnd } from './channel.ts'
import type { Connection, Privilege } from './connection.ts'
import { launch, type Launched } from './launch.ts'
import { lastSaid } from './said.ts'

/**
 * A connection to the same machine as another user. `open` runs programs under `sudo`, or directly if the
 * login is already that user.
 *
 * The password is written to sudo's standard input once per channel, only after sudo has printed our prompt.
 * A refused password is never tried again on this connection, because more attempts may lock the account.
 */
export function becomeConnection(
  connection: Connection,
  become: NonNullable<Privilege['become']>,
): Connection {
  const { user, password } = become
  let refused: UnreachableError | undefined
  return {
    kind: connection.kind,
    async open(command, signal) {
      if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*\$?$/.test(user)) throw problem('become-unknown-user', user, '')
      if (refused !== undefined) throw refused
      const prompt = `gpuplay-${randomBytes(16).toString('hex')}:`
      let asked = 0
      const launched = await launch(
        connection,
        {
          command,
          line: (farSide) => commandFor(user, prompt, farSide),
        },
        {
          signal,
          timeout: 30_000,
          onStderr: (text, channel) => {
            const prompts = text.split(prompt).length - 1
            if (prompts <= asked) return
            asked = prompts
            if (asked === 1 && password !== undefined) channel.stdin.write(`${password.reveal()}\n`)
            // No second attempt: sudo exits at the end of its input.
            else channel.stdin.end()
          },
        },
      )
      if (launched.kind === 'started') return launched.channel
      if (launched.kind === 'noShell') throw noLoginShell(launched)
      const said = launched.stderr.replaceAll(prompt, '').trim()
      const why = launched.kind === 'timedOut' ? 'sudo did not answer in time' : describeEnd(launched.end)
      if (launched.kind === 'failed' && launched.end.kind === 'lost') {
        throw new UnreachableError({
          code: 'connection-lost',
          message: `the connection was lost while becoming ${user}: ${why}`,
          hint: 'check that the host is up, then run again',
        })
      }
      const code = classify(said, { asked, password: password !== undefined })
      const error = problem(code, user, said === '' ? why : said)
      if (code === 'become-password-wrong') refused = error
      throw error
    },
    close: () => connection.close(),
  }
}

/**
 * `-k` with a command ignores cached credentials, `-S` reads the password from standard input, `-p` sets our
 * prompt (sudo(8)). A root login without sudo, as in many containers, uses `su`, which needs no password for
 * root.
 */
function commandFor(user: string, prompt: string, farSide: string): string {
  const who = quote(user)
  const script = `if [ "$(id -un)" = ${who} ]; then exec /bin/sh -c "$1"; fi
if [ "$(id -u)" = 0 ] && ! command -v sudo >/dev/null 2>&1; then exec su -s /bin/sh ${who} -c "$1"; fi
export LC_ALL=C
exec sudo -k -S -p ${quote(prompt)} -u ${who} -- /bin/sh -c "$1"`
  return `/bin/sh -c ${quote(script)} sh ${farSide}`
}

/** The failure before sudo starts: the account's own shell does not run the given command. */
export function noLoginShell({ end, said }: Extract<Launched, { kind: 'noShell' }>): UnreachableError {
  if (end?.kind === 'lost') {
    return new UnreachableError({
      code: 'connection-lost',
      message: `the connection was lost before a shell started: ${end.why}`,
      hint: 'check that the host is up, then run again',
    })
  }
  const why = end === undefined ? 'it did not answer in time' : describeEnd(end)
  return new UnreachableError({
    code: 'no-shell',
    message: `the login succeeded, but no shell started: ${why}${said === '' ? '' : ` (${lastSaid(said)})`}`,
    hint: 'check the login shell of this account (nologin, an expired password, a forced command) and its start-up files',
  })
}

type BecomeCode = keyof typeof texts

function classify(said: string, { asked, password }: { asked: number; password: boolean }): BecomeCode {
  if (/sudo: (?:command )?not found|sudo: No such file/.test(said)) return 'become-missing'
  if (/unknown user|does not exist|invalid user/i.test(said)) return 'become-unknown-user'
  if (/must have a tty|a terminal is required/i.test(said) && asked === 0) return 'become-needs-tty'
  if (/not in the sudoers|not allowed to (?:execute|run)|may not run/i.test(said)) return 'become-not-allowed'
  if (asked > 0 && !password) return 'become-password-needed'
  if (asked > 0) return 'become-password-wrong'
  return 'become-failed'
}

const texts = {
  'become-missing': ['sudo is not installed on the host', 'install sudo on the host, or log in as that user'],
  'become-unknown-user': ['the user does not exist', 'check `become_user`'],
  'become-needs-tty': [
    'sudo requires a terminal',
    'remove `requiretty` from sudoers for this user: `Defaults:LOGIN !requiretty`',
  ],
  'become-not-allowed': [
    'sudo does not allow it',
    'add the login user to sudoers, for example to the group sudo',
  ],
  'become-password-needed': [
    'sudo requires a password, but none is set',
    'set `become_password`, or use NOPASSWD in sudoers',
  ],
  'become-password-wrong': [
    'sudo refused the password (tried once)',
    'check `become_password`: it is the password of the login user',
  ],
  'become-failed': ['sudo failed', 'run `sudo -u USER true` on the host to see why'],
} as const

function problem(code: BecomeCode, user: string, said: string): UnreachableError {
  const [what, hint] = texts[code]
  return new UnreachableError({
    code,
    message: `cannot become ${user}: ${what}${said === '' ? '' : ` (${lastSaid(said)})`}`,
    hint,
  })
}
