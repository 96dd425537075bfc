/** Sends a request from the host to a server, and checks the status of the answer. */
import { lackFor, type NetworkLack, waitForNetwork } from '../../apt/network.ts'
import { defined } from '../../base/defined.ts'
import { Secret } from '../../base/secret.ts'
import type { Action } from '../../host/action.ts'
import type { Host, HttpAnswer } from '../../host/host.ts'
import { curlConfig, curlQuoted, loginOf } from '../../host/login.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import type { Module, Reply } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  /** Undefined for a request that may change something. */
  readonly answer: HttpAnswer | undefined
  /** What a container still lacks to send a request. */
  readonly lack: NetworkLack | undefined
  /** `creates` or `removes` makes the request unnecessary. */
  readonly unneeded: boolean
}

export const uri = {
  name: 'uri',
  summary: 'Sends a request to a web server or an API, and checks the status of the answer.',
  mayChange: ({ method }) => (method === undefined || method === 'GET' || method === 'HEAD' ? [] : ['*']),
  args,
  result,
  exitCode: 5,
  mayBeSecret: ['body', 'headers', 'password', 'proxy'],
  imperative: (given) => reads(given) === undefined,
  probe,
  plan,
  report,
} satisfies Module<Args, Seen>

/** The method of a request that changes nothing (RFC 9110, 9.2.1). */
function reads({ method }: Args): 'GET' | 'HEAD' | undefined {
  return method === 'GET' || method === 'HEAD' ? method : undefined
}

async function probe(given: Args, host: Host): Promise<Seen> {
  const { url, proxy, username, password } = given
  const method = reads(given)
  if (await isUnneeded(given, host)) return { answer: undefined, lack: undefined, unneeded: true }
  const lack = await lackFor(url, proxy, host)
  if (method === undefined || lack !== undefined || given.body !== undefined)
    return { answer: undefined, lack, unneeded: false }
  const login = loginOf({ username, password, headers: given.headers })
  const answer = await host.http(url, {
    method,
    ...defined({
      login,
      proxy: proxy === '' ? undefined : proxy,
      ca: given.ca_path,
      follow: given.follow_redirects === 'none' ? false : undefined,
    }),
  })
  return { answer, lack, unneeded: false }
}

async function isUnneeded({ creates, removes }: Args, host: Host): Promise<boolean> {
  const isThere = async (path: string): Promise<boolean> =>
    (await host.stat(path, { follow: true })) !== undefined
  if (creates !== undefined && (await isThere(creates))) return true
  return removes !== undefined && !(await isThere(removes))
}

function plan(given: Args, { answer, lack, unneeded }: Seen): Plan {
  const { url, method } = given
  if (unneeded) return done()
  if (lack !== undefined) return waitForNetwork(lack)
  if (reads(given) === undefined) {
    const body = bodyOf(given)
    if ('wrong' in body) return refuse({ code: 'invalid-argument', message: body.wrong })
    return actions([request(given, body)])
  }
  if (answer === undefined)
    return refuse({ code: 'invalid-argument', message: `a request with the method ${method} has no body` })
  if (answer.status === 0)
    return refuse({
      code: 'request-failed',
      message: `cannot request ${url}: ${answer.error ?? 'no answer'}`,
      hint: 'check the URL and the proxy',
    })
  if (expected(given).includes(answer.status)) return done()
  return refuse({
    code: 'http-status',
    message: `${url} answered ${answer.status}; expected: ${expected(given).join(', ')}`,
    hint: 'check the URL and the login, or set `status_code`',
  })
}

function expected({ status_code: status }: Args): readonly number[] {
  return [status].flat()
}

interface Body {
  /** Undefined for a request without one. */
  readonly text: string | undefined
  readonly type: string | undefined
}

function bodyOf({ body, body_format: format }: Args): Body | { readonly wrong: string } {
  if (body === undefined) return { text: undefined, type: undefined }
  switch (format) {
    case 'raw':
      if (typeof body !== 'string')
        return { wrong: '`body` is not text; set `body_format: json` for other values' }
      return { text: body, type: undefined }
    case 'json':
      return { text: JSON.stringify(body), type: 'application/json' }
    case 'form-urlencoded': {
      if (typeof body !== 'object' || body === null || Array.isArray(body))
        return { wrong: '`body` must have names and texts for `body_format: form-urlencoded`' }
      const fields = Object.entries(body).map(([name, value]: [string, unknown]): [string, string] => [
        name,
        String(value),
      ])
      return { text: new URLSearchParams(fields).toString(), type: 'application/x-www-form-urlencoded' }
    }
  }
}

/** Prints the body of the answer, a line break and the status, and fails if the status is not among `$1`. */
const script = `out=$(mktemp) || exit
trap 'rm -f -- "$out"' EXIT
code=$(curl -K - -sS --max-time "$2" -o "$out" -w '%{http_code}') || exit
head -c 1048576 -- "$out"
printf '\\n%s' "$code"
case " $1 " in *" $code "*) ;; *) echo "the server answered $code" >&2; exit 22;; esac`

function request(given: Args, { text, type }: Body): Action {
  const { url, method, username, password, proxy, timeout } = given
  const named = Object.keys(given.headers ?? {}).some((name) => name.toLowerCase() === 'content-type')
  const headers = { ...given.headers, ...defined({ 'Content-Type': named ? undefined : type }) }
  const config = [
    curlConfig(loginOf({ username, password, headers })),
    ...(
      [
        ['request', method],
        ['location', given.follow_redirects === 'all' ? true : undefined],
        ['url', url],
        ['data-raw', text],
        ['proxy', proxy === '' ? undefined : proxy],
        ['cacert', given.ca_path],
      ] as const
    ).map(([name, value]) => optionLine(name, value)),
  ].join('')
  const secrets = [password ?? '', ...Object.values(given.headers ?? {})]
  return {
    kind: 'run',
    argv: ['sh', '-c', script, 'sh', expected(given).join(' '), String(timeout)],
    stdin: new Secret(
      config,
      secrets.filter((secret) => secret !== ''),
    ),
    timeout: timeout + 10,
    label: `send ${method} ${url}`,
    hint: 'check the URL, the login and the body, or set `status_code`',
  }
}

/** A line of a configuration of curl (curl(1), `--config`); empty for an option that is not set. */
function optionLine(name: string, value: string | true | undefined): string {
  if (value === undefined) return ''
  return value === true ? `${name}\n` : `${name} = ${curlQuoted(value)}\n`
}

function report(given: Args, { answer }: Seen, replies: readonly Reply[]): Readonly<Record<string, unknown>> {
  const { status, content } =
    answer === undefined ? replyOf(replies[0]) : { status: answer.status, content: answer.body }
  return { url: given.url, status, content, ...defined({ json: jsonIn(content) }) }
}

function replyOf(reply: Reply | undefined): { readonly status: number; readonly content: string } {
  const { stdout = '' } = reply ?? {}
  const at = stdout.lastIndexOf('\n')
  return { status: Number.parseInt(stdout.slice(at + 1), 10) || 0, content: stdout.slice(0, Math.max(0, at)) }
}

function jsonIn(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}
