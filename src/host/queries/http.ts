import { raw, sh } from '../../base/shell.ts'
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
}

const seconds = 30
const largestBody = 1024 * 1024

/** Tries again after errors that pass; not after a page "not found". */
const again = sh`--retry 2 --retry-max-time 15`
const wgetAgain = sh`--tries=3 --waitretry=2 --timeout=${Math.floor(seconds / 3)} --retry-on-http-error=429,500,502,503,504`

/**
 * Sends one request from the host with curl or wget. The relevant headers (redirects are followed) go to
 * stderr, the body to stdout. curl cannot write to /dev/stderr by path, because it may be a socket.
 */
export const http: QueryKind<HttpRequest, HttpAnswer> = {
  kind: 'http',
  mergeLimit: 1,
  answerBytes: largestBody,
  timeout: () => (seconds + 15) * 1000,
  script: ([request = { url: '', method: 'GET' }]) => {
    const { url, method, proxy = '', login, ca = '' } = request
    const head = method === 'HEAD' ? 1 : 0
    return sh`p=${proxy} ${raw(loginVariables(login))}
${raw(wgetWithLogin)}
ca=${ca}
if [ -n "$ca" ]; then CURL_CA_BUNDLE=$ca; export CURL_CA_BUNDLE; fi
if [ -n "$p" ]; then http_proxy=$p https_proxy=$p; export http_proxy https_proxy; fi
if command -v curl >/dev/null; then
  if [ ${head} = 1 ]; then
    printf '%s' "$curlrc" | curl -K - -sSLI ${raw(again)} --max-time ${seconds} -- ${url} >&2
  else
    printf '%s' "$curlrc" | curl -K - -sSLf ${raw(again)} --max-time ${seconds} -w '%{stderr}HTTP/1.1 %{http_code}\\n' -- ${url} | head -c ${largestBody + 1}
  fi
elif command -v wget >/dev/null; then
  if [ ${head} = 1 ]; then
    gp_wget -nv -S ${raw(wgetAgain)} \${ca:+--ca-certificate="$ca"} --spider -- ${url}
  else
    { gp_wget -nv -S ${raw(wgetAgain)} \${ca:+--ca-certificate="$ca"} -O - -- ${url}; } | head -c ${largestBody + 1}
  fi
else
  exit 127
fi`
  },
  parse: ({ stdout, stderr, code }, [request]) => {
    const url = request?.url ?? ''
    if (code === 127)
      return [
        readFailed(`cannot request ${url}: the host has neither curl nor wget`, 'install curl on the host'),
      ]
    if (stdout.length > largestBody) return [readFailed(`the answer from ${url} is larger than 1 MiB`)]
    return [found(answer(stdout, stderr.toString('utf8')))]
  },
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
