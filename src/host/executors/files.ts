/** Actions on files: each one script, atomic where the file system is. */
import { HostError } from '../../base/errors.ts'
import { commandLine, quote, raw, sh, type ShellText } from '../../base/shell.ts'
import type { MakeDirectory, MakeLink, Remove, SetAttributes, WriteFile } from '../action.ts'
import { revealed } from '../content.ts'
import { ConnectionLostError } from '../errors.ts'
import type { ActionResult, ExecutionContext, MachineAccess } from '../machine.ts'
import { remotePath } from '../paths.ts'
import { runGuarded } from './guarded.ts'
import { outcome } from './outcome.ts'

const fileTimeout = 60_000

export async function writeFile(
  action: WriteFile,
  machine: MachineAccess,
  context: ExecutionContext,
): Promise<ActionResult> {
  const path = remotePath(action.path)
  const { content } = action
  if (content.kind === 'unknown') throw new Error(`the content of ${path} is only predicted: ${content.why}`)
  const telling = { failure: `cannot write ${path}`, code: 'write-failed', path }
  const lock = action.lock === undefined ? {} : { lock: action.lock }
  if (content.kind === 'text') {
    const stdin = Buffer.from(revealed(content.text))
    const receive = sh`cat > "$tmp" && [ "$(wc -c < "$tmp")" -eq ${stdin.length} ] || fail "the content arrived incomplete"`
    const body = writeScript(action, path, receive)
    return outcome(
      machine,
      await runGuarded(machine, context, { body, stdin, timeout: fileTimeout, ...lock }),
      telling,
    )
  }
  // The name does not depend on the attempt, so that what an interrupted one left behind is overwritten.
  const staged = stagedPath(path)
  const sent = await send(content, staged, { machine, context })
  if (sent) return sent
  const receive = sh`rm -f -- "$tmp"; tmp=${staged}
sum=$(sha256sum < "$tmp") || fail "the content did not arrive"
[ "\${sum%% *}" = ${content.sha256} ] || fail "the content arrived changed (sha256 \${sum%% *}, wanted ${raw(quote(content.sha256))})"`
  const body = writeScript(action, path, receive)
  const result = await runGuarded(machine, context, { body, timeout: 10 * fileTimeout, ...lock })
  if (result.kind === 'stale' || result.kind === 'locked' || result.kind === 'failed') {
    const shell = await machine.shell()
    await shell.run(sh`rm -f -- ${staged}`, { timeout: fileTimeout, signal: machine.signal })
  }
  return outcome(machine, result, telling)
}

/** Sends the content; what went wrong, if anything did. */
async function send(
  content: Extract<WriteFile['content'], { kind: 'controllerFile' }>,
  to: string,
  { machine, context }: { readonly machine: MachineAccess; readonly context: ExecutionContext },
): Promise<ActionResult | undefined> {
  context.signal.throwIfAborted()
  try {
    await machine.upload(content.path, to, {
      size: content.size,
      sha256: content.sha256,
      signal: machine.signal,
      progress: (done) => context.progress?.(`sending ${content.path}`, done, content.size),
    })
    return undefined
  } catch (error) {
    if (error instanceof ConnectionLostError) return { kind: 'lost', why: error.message }
    if (error instanceof HostError) return { kind: 'failed', problem: error.problem }
    throw error
  }
}

function stagedPath(path: string): string {
  const slash = path.lastIndexOf('/')
  return `${path.slice(0, slash)}/.gpuplay-upload-${path.slice(slash + 1)}`
}

/** Parts that both ways of writing share; `receive` leaves the new content in `$tmp`. */
function writeScript(action: WriteFile, path: string, receive: ShellText): ShellText {
  const { mode, owner, group, plain = false } = action
  return sh`${raw(helpers)}
p=${path}
if [ -L "$p" ]; then p=$(readlink -f -- "$p") || fail "the link leads nowhere"; fi
[ ! -d "$p" ] || fail "it is a directory"
d=\${p%/*}; [ -n "$d" ] || d=/
[ -d "$d" ] || fail "the directory $d does not exist"
tmp=$(mktemp "$d/.gpuplay-XXXXXXXX") || exit 1
trap 'rm -f -- "$tmp"' EXIT
trap 'exit 143' HUP INT TERM
${raw(receive)}
${raw(plain ? ('' as ShellText) : attributeScript({ mode, owner, group }))}
${raw(validateScript(action.validate))}
${raw(action.backup === true ? backupScript(action.backupDirectory) : ('' as ShellText))}
sync -- "$tmp" || exit 1
mv -fT -- "$tmp" "$p" || exit 1
trap - EXIT
sync -- "$d" 2>/dev/null || :`
}

const helpers = `fail() { echo "$*" >&2; exit 1; }` as ShellText

interface Ownership {
  readonly mode: string | undefined
  readonly owner: string | undefined
  readonly group: string | undefined
}

/** What exists keeps what is not given; what is new gets 0644 and the user's own ids. */
function attributeScript({ mode, owner, group }: Ownership): ShellText {
  const ids = ownerOf(owner, group)
  return sh`if [ -e "$p" ]; then
  [ "$(stat -c %u:%g -- "$p")" = "$(stat -c %u:%g -- "$tmp")" ] || chown --reference="$p" -- "$tmp" || exit 1
  chmod --reference="$p" -- "$tmp" || exit 1
else
  chmod 0644 -- "$tmp" || exit 1
fi
${raw((ids === '' ? '' : sh`chown ${ids} -- "$tmp" || exit 1`) as ShellText)}
${raw((mode === undefined ? '' : sh`chmod ${mode} -- "$tmp" || exit 1`) as ShellText)}`
}

function ownerOf(owner: string | undefined, group: string | undefined): string {
  if (owner?.startsWith('-') === true) throw new Error(`not an owner: ${owner}`)
  return group === undefined ? (owner ?? '') : `${owner ?? ''}:${group}`
}

function validateScript(validate: readonly string[] | undefined): ShellText {
  if (validate === undefined) return '' as ShellText
  const words = validate.map((word) =>
    word
      .split('%s')
      .map((part) => (part === '' ? '' : quote(part)))
      .join('"$tmp"'),
  )
  return sh`${raw(words.join(' ') as ShellText)} </dev/null >&2 || fail "the new content is not valid (see above); the old file was left as it is"`
}

function backupScript(directory: string | undefined): ShellText {
  const to = directory === undefined ? '"$p"' : `${quote(directory)}/"\${p##*/}"`
  const make = directory === undefined ? ('' as ShellText) : sh`mkdir -p -- ${directory} || exit 1`
  return sh`if [ -e "$p" ]; then
${raw(make)}
cp -p -- "$p" ${raw(to as ShellText)}.gpuplay-"$(date -u +%Y%m%dT%H%M%SZ)" || exit 1
fi`
}

export async function setAttributes(
  action: SetAttributes,
  machine: MachineAccess,
  context: ExecutionContext,
): Promise<ActionResult> {
  const path = remotePath(action.path)
  const body = sh`p=${path}
${raw(applyAttributes(action))}`
  const result = await runGuarded(machine, context, withLock(action, body))
  return outcome(machine, result, {
    failure: `cannot change the attributes of ${path}`,
    code: 'attributes-failed',
    path,
  })
}

/** Owner before mode: chown clears setuid. */
function applyAttributes({
  mode,
  owner,
  group,
}: {
  mode?: string
  owner?: string
  group?: string
}): ShellText {
  const ids = ownerOf(owner, group)
  const lines = [
    ...(ids === '' ? [] : [sh`chown ${ids} -- "$p" || exit 1`]),
    ...(mode === undefined ? [] : [sh`chmod ${mode} -- "$p" || exit 1`]),
    sh`exit 0`,
  ]
  return lines.join('\n') as ShellText
}

export async function makeDirectory(
  action: MakeDirectory,
  machine: MachineAccess,
  context: ExecutionContext,
): Promise<ActionResult> {
  const path = remotePath(action.path)
  const body = sh`p=${path}
mkdir -p -- "$p" || exit 1
${raw(applyAttributes(action))}`
  const result = await runGuarded(machine, context, withLock(action, body))
  return outcome(machine, result, {
    failure: `cannot make the directory ${path}`,
    code: 'write-failed',
    path,
  })
}

export async function makeLink(
  action: MakeLink,
  machine: MachineAccess,
  context: ExecutionContext,
): Promise<ActionResult> {
  const path = remotePath(action.path)
  const body = sh`${raw(helpers)}
p=${path}
if [ -d "$p" ] && [ ! -L "$p" ]; then fail "it is a directory"; fi
tmp="\${p%/*}/.gpuplay-link-$$"
trap 'rm -f -- "$tmp"' EXIT
trap 'exit 143' HUP INT TERM
rm -f -- "$tmp" && ln -s -- ${action.target} "$tmp" && mv -fT -- "$tmp" "$p"`
  const result = await runGuarded(machine, context, withLock(action, body))
  return outcome(machine, result, { failure: `cannot link ${path}`, code: 'write-failed', path })
}

export async function remove(
  action: Remove,
  machine: MachineAccess,
  context: ExecutionContext,
): Promise<ActionResult> {
  const path = remotePath(action.path)
  if (action.recursive === true && path.split('/').length < 3) {
    throw new Error(`refusing to remove ${path} with everything in it`)
  }
  const body =
    action.recursive === true
      ? commandLine(['rm', '-rf', '--one-file-system', '--', path])
      : sh`p=${path}
if [ -d "$p" ] && [ ! -L "$p" ]; then echo "it is a directory" >&2; exit 1; fi
exec rm -f -- "$p"`
  const result = await runGuarded(machine, context, { ...withLock(action, body), timeout: 5 * fileTimeout })
  return outcome(machine, result, { failure: `cannot remove ${path}`, code: 'remove-failed', path })
}

function withLock(
  action: { readonly lock?: WriteFile['lock'] },
  body: ShellText,
): Parameters<typeof runGuarded>[2] {
  return { body, timeout: fileTimeout, ...(action.lock === undefined ? {} : { lock: action.lock }) }
}
