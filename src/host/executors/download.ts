import { defined } from '../../base/defined.ts'
import type { Problem } from '../../base/errors.ts'
import { invalidValue, raw, sh, type ShellText } from '../../base/shell.ts'
import type { Download } from '../action.ts'
import { sha256Of } from '../content.ts'
import type { ActionResult, ExecutionContext, MachineAccess } from '../access.ts'
import { remotePath } from '../paths.ts'
import { loginVariables, wgetWithLogin } from '../login.ts'
import { runJob } from './job.ts'
import { failed, actionTimedOut } from './outcome.ts'

/** Downloads a file on the host, as a job: resumes `PATH.part`, compares its checksum, and renames it. */
export async function download(
  action: Download,
  machine: MachineAccess,
  context: ExecutionContext,
): Promise<ActionResult> {
  const path = remotePath(action.path)
  const { url, sha256 = '', mode = '0644', proxy = '', size, lock, login, timeout } = action
  if (!/^https?:\/\//.test(url)) throw invalidValue(`${JSON.stringify(url)} is not an http or https address`)
  const result = await runJob(
    {
      name: `download-${sha256Of(path).slice(0, 16)}`,
      fingerprint: JSON.stringify([url, path, sha256, mode]),
      script: downloadScript({ url, path, sha256, mode, seconds: timeout ?? 0 }),
      beforehand: sh`proxy=${proxy} ${raw(loginVariables(login))}`,
      watch: { path: `${path}.part`, total: size },
      label: `downloading ${url}`,
      ...defined({ lock }),
    },
    machine,
    context,
  )
  const telling = { failure: `cannot download ${url}`, code: 'download-failed', path }
  switch (result.kind) {
    case 'ended': {
      const { reply } = result
      if (reply.code === 0) return { kind: 'done' }
      const said = /^gpuplay-download (\S+) ?(.*)$/m.exec(reply.stdout)
      const problem = said && explain(said[1] ?? '', said[2] ?? '', action)
      return problem ? { kind: 'failed', problem, reply } : failed(machine, reply, telling)
    }
    case 'timedOut':
      return actionTimedOut(result.reply, telling)
    case 'stale':
    case 'lost':
    case 'failed':
      return result
  }
}

function explain(
  kind: string,
  detail: string,
  { url, sha256 = '', path, timeout }: Download,
): Problem | undefined {
  const failure = `cannot download ${url}`
  switch (kind) {
    case 'http':
      return {
        code: 'http-status',
        message: `${failure}: the server answered ${detail}`,
        hint: statusHint(Number(detail)),
      }
    case 'checksum':
      return {
        code: 'checksum-mismatch',
        message: `${failure}: its sha256 is ${detail}, expected ${sha256}`,
        hint: 'the file at this address changed, or the checksum is wrong; the download was discarded',
      }
    case 'time':
      return {
        code: 'timed-out',
        message: `${failure}: timed out after ${timeout} s`,
        hint: 'run again: the download continues where it stopped, if its checksum is known',
      }
    case 'no-downloader':
      return {
        code: 'no-downloader',
        message: `${failure}: the host has neither curl nor wget`,
        hint: 'install one of them there (apt install curl)',
      }
    case 'no-directory':
      return {
        code: 'write-failed',
        message: `${failure}: the directory of ${path} does not exist`,
        hint: 'create it in an earlier task',
      }
    default:
      return undefined
  }
}

function statusHint(status: number): string {
  if (status === 404 || status === 410) return 'there is no such file: check the version in the address'
  if (status === 401 || status === 403 || status === 407)
    return 'the server or the proxy refuses this login: set `username` and `password`'
  return 'the server failed: retry later, or use a mirror'
}

interface Fetch {
  readonly url: string
  readonly path: string
  readonly sha256: string
  readonly mode: string
  /** 0: no limit. */
  readonly seconds: number
}

/**
 * A resumed file is always checked. Without a checksum that is impossible, so the download starts afresh. A
 * 416 means that the part is complete, or not a part of this file. curl 33 and a refusing wget mean that the
 * server cannot resume.
 */
function downloadScript({ url, path, sha256, mode, seconds }: Fetch): ShellText {
  return sh`url=${url} path=${path} part=${`${path}.part`} want=${sha256} left=0 end=0
[ ${seconds} = 0 ] || end=$(($(date +%s) + ${seconds}))
${raw(wgetWithLogin)}
trap '[ -s "$part" ] || rm -f -- "$part"' EXIT
give_up() { echo "gpuplay-download $*"; exit 1; }
sum_of() { set -- "$(sha256sum < "$1")"; echo "\${1%% *}"; }
if [ -n "$proxy" ]; then http_proxy=$proxy https_proxy=$proxy; export http_proxy https_proxy; fi
[ -d "\${path%/*}/" ] || give_up no-directory
[ -n "$want" ] || rm -f -- "$part"
tries=0
while :; do
  resumed=0; [ -s "$part" ] && resumed=1
  [ "$resumed" = 1 ] && [ "$(sum_of "$part")" = "$want" ] && break
  tries=$((tries+1)) code=000 conflict=0
  if [ "$end" != 0 ]; then left=$((end - $(date +%s))); [ "$left" -gt 0 ] || give_up time; fi
  if command -v curl >/dev/null; then
    code=$(printf '%s' "$curlrc" | curl -K - -sS -L -f --connect-timeout 20 --max-time "$left" --speed-limit 1 --speed-time 60 -C - -o "$part" -w '%{http_code}' -- "$url"); status=$?
    [ "$status" = 33 ] && conflict=1
  elif command -v wget >/dev/null; then
    said=$(export LC_ALL=C; gp_wget -nv -S --tries=1 --timeout=60 -c -O "$part" -- "$url" 2>&1); status=$?
    printf '%s\\n' "$said"
    code=$(printf '%s\\n' "$said" | sed -n 's/^ *HTTP\\/[0-9.]* \\([0-9][0-9]*\\).*/\\1/p' | tail -n 1)
    [ "$status" != 0 ] && [ "$resumed" = 1 ] && [ "$code" = 200 ] && conflict=1
  else
    give_up no-downloader
  fi
  if [ "$status" = 0 ] && [ "$code" != 416 ]; then
    [ -n "$want" ] || break
    got=$(sum_of "$part")
    [ "$got" = "$want" ] && break
    rm -f -- "$part"
    [ "$resumed" = 1 ] || give_up checksum "$got"
    continue
  fi
  if [ "$code" = 416 ] || [ "$conflict" = 1 ]; then
    rm -f -- "$part"
    [ "$resumed" = 1 ] || give_up http "$code"
    continue
  fi
  # Disk full: curl 23, wget 3. Without free space, the partial file cannot be resumed.
  case $status in 23|3) rm -f -- "$part"; echo "No space left on device, or not allowed to write" >&2; exit 1;; esac
  case $code in 408|429|000|2??|3??|'') [ "$tries" -ge 4 ] && exit 1;; 4??) give_up http "$code";; *) [ "$tries" -ge 3 ] && give_up http "$code";; esac
  sleep "$tries"
done
chmod ${mode} -- "$part" && sync -- "$part" && mv -fT -- "$part" "$path"`
}
