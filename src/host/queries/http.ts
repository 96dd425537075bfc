import { sh } from '../../base/shell.ts'
import type { HttpAnswer } from '../host.ts'
import { count, found, lastLine, type QueryKind, readFailed } from './query.ts'

export interface HttpRequest {
  readonly url: string
  readonly method: 'HEAD' | 'GET'
  readonly proxy?: string
}

const seconds = 30
const largestBody = 1024 * 1024

/** One request from the host by curl or wget; the headers of the last answer (redirects are followed) go to stderr, the body to stdout. */
export const http: QueryKind<HttpRequest, HttpAnswer> = {
  kind: 'http',
  mergeLimit: 1,
  answerBytes: largestBody,
  timeout: () => (seconds + 15) * 1000,
  script: ([request = { url: '', method: 'GET' }]) => {
    const { url, method, proxy = '' } = request
    const head = method === 'HEAD' ? 1 : 0
    return sh`p=${proxy}
if [ -n "$p" ]; then http_proxy=$p https_proxy=$p; export http_proxy https_proxy; fi
if command -v curl >/dev/null; then
  if [ ${head} = 1 ]; then
    exec curl -sSLI --max-time ${seconds} -o /dev/stderr -- ${url}
  else
    curl -sSL --max-time ${seconds} -D /dev/stderr -- ${url} | head -c ${largestBody + 1}
  fi
elif command -v wget >/dev/null; then
  if [ ${head} = 1 ]; then
    exec wget -nv -S --tries=1 --timeout=${seconds} --spider -- ${url}
  else
    { wget -nv -S --tries=1 --timeout=${seconds} -O - -- ${url}; } | head -c ${largestBody + 1}
  fi
else
  exit 127
fi`
  },
  parse: ({ stdout, stderr, code }, [request]) => {
    const url = request?.url ?? ''
    if (code === 127)
      return [readFailed(`cannot ask for ${url}: the host has neither curl nor wget`, 'install curl there')]
    if (stdout.length > largestBody) return [readFailed(`the answer of ${url} is larger than 1 MiB`)]
    return [found(answer(stdout, stderr.toString('utf8')))]
  },
}

function answer(stdout: Buffer, headers: string): HttpAnswer {
  const lines = headers.split('\n').map((line) => line.trim())
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
