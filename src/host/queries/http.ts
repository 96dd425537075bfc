import { raw, sh, type ShellText } from '../../base/shell.ts'
import type { HttpAnswer } from '../host.ts'
import { type Login, loginVariables, wgetWithLogin } from '../login.ts'
import { count, found, lastLine, type QueryKind, readFailed } from './query.ts'

export interface HttpRequest {
  readonly url: string
  readonly method: 'HEAD' | 'GET'
  readonly proxy?: string
  readonly login?: Login
  /** A file with certificates of authorities, instead of those of the host. */
  readonly ca?: string
  /** Returns the checksum of the body instead of the body, which may have any size. For GET. */
  readonly digest?: boolean
  /** False: an answer that names another address is final. Default: it is followed. */
  readonly follow?: boolean
  /** Seconds; default 30. */
  readonly timeout?: number
}

const usualSeconds = 30
const largestBody = 1024 * 1024

/** Tries again after errors that pass; not after a page "not found". */
const again = sh`--retry 2 --retry-max-time 15`
function wgetAgain(seconds: number): ShellText {
  return sh`--tries=3 --waitretry=2 --timeout=${Math.max(1, Math.floor(seconds / 3))} --retry-on-http-error=429,500,502,503,504`
}

/**
 * Sends one request from the host with curl or wget. The relevant headers (redirects are followed) go to
 * stderr, the body to stdout. curl cannot write to /dev/stderr by path, because it may be a socket.
 */
export const http: QueryKind<HttpRequest, HttpAnswer> = {
  kind: 'http',
  mergeLimit: 1,
  answerBytes: largestBody,
  timeout: ([request]) => ((request?.timeout ?? usualSeconds) + 15) * 1000,
  script: ([request = { url: '', method: 'GET' }]) => {
    const { url, method, proxy = '', login, ca = '', digest = false, follow = true } = request
    const { timeout: seconds = usualSeconds } = request
    const head = method === 'HEAD' ? 1 : 0
    const curlOptions = follow ? sh`-sSL` : sh`-sS`
    const wgetFollows = follow ? sh`` : sh`--max-redirect=0`
    // The exit status of the first program of a pipe is lost.
    const print = digest
      ? sh`{ gp_get || echo "gp-failed $?" >&2; } | sha256sum`
      : sh`gp_get | head -c ${largestBody + 1}`
    return sh`p=${proxy} ${raw(loginVariables(login))}
${raw(wgetWithLogin)}
ca=${ca}
if [ -n "$ca" ]; then CURL_CA_BUNDLE=$ca; export CURL_CA_BUNDLE; fi
if [ -n "$p" ]; then http_proxy=$p https_proxy=$p; export http_proxy https_proxy; fi
if command -v curl >/dev/null; then
  gp_head() { printf '%s' "$curlrc" | curl -K - ${raw(curlOptions)} -I ${raw(again)} --max-time ${seconds} -- ${url} >&2; }
  gp_get() { printf '%s' "$curlrc" | curl -K - ${raw(curlOptions)} -f ${raw(again)} --max-time ${seconds} -w '%{stderr}HTTP/1.1 %{http_code}\\n' -- ${url}; }
elif command -v wget >/dev/null; then
  gp_head() { gp_wget -nv -S ${raw(wgetAgain(seconds))} ${raw(wgetFollows)} \${ca:+--ca-certificate="$ca"} --spider -- ${url}; }
  gp_get() { gp_wget -nv -S ${raw(wgetAgain(seconds))} ${raw(wgetFollows)} \${ca:+--ca-certificate="$ca"} -O - -- ${url}; }
else
  exit 127
fi
if [ ${head} = 1 ]; then gp_head; else ${raw(print)}; fi`
  },
  parse: ({ stdout, stderr, code }, [request]) => {
    const url = request?.url ?? ''
    if (code === 127)
      return [
        readFailed(`cannot request ${url}: the host has neither curl nor wget`, 'install curl on the host'),
      ]
    if (stdout.length > largestBody) return [readFailed(`the answer from ${url} is larger than 1 MiB`)]
    const said = answer(stdout, stderr.toString('utf8'))
    return [found(request?.digest === true ? asDigest(said, stderr.toString('utf8')) : said)]
  },
}

/** A body that did not come whole has no checksum. */
function asDigest(said: HttpAnswer, stderr: string): HttpAnswer {
  const [, sha256] = /^([0-9a-f]{64}) /.exec(said.body) ?? []
  const partial = said.status < 300 && (sha256 === undefined || /^gp-failed /m.test(stderr))
  const lines = stderr.split('\n').filter((line) => !/^(gp-failed |HTTP\/1.1 \d+$)/.test(line))
  return partial
    ? { ...said, status: 0, error: lastLine(lines.join('\n')) || 'the transfer ended early', body: '' }
    : { ...said, body: said.status < 300 ? (sha256 ?? '') : '' }
}

function answer(stdout: Buffer, headers: string): HttpAnswer {
  const said = headers.split('\n').map((line) => line.trim())
  // curl prints this status if it got no answer.
  const lines = said.filter((line) => line !== 'HTTP/1.1 000')
  const last = lines.findLastIndex((line) => /^HTTP\/[0-9.]+ [0-9]{3}/.test(line))
  if (last === -1) {
    const error = lastLine(lines.join('\n'))
    return { status: 0, error: error === '' ? 'no answer' : error, length: undefined, body: '' }
  }
  const length = lines
    .slice(last)
    .map((line) => /^content-length: *([0-9]+)$/i.exec(line)?.[1])
    .find((text) => text !== undefined)
  return {
    status: Number(/ ([0-9]{3})/.exec(lines[last] ?? '')?.[1] ?? 0),
    length: count(length),
    body: stdout.toString('utf8'),
  }
}
