/** Adds, replaces or removes one line of a file and keeps all others. */
import { defined } from '../../base/defined.ts'
import type { SeenFile, Host } from '../../host/host.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import { filesAt } from '../support/may-change.ts'
import type { Module } from '../module.ts'
import { attributeAction, attributeDiffs, givenAttributes, knowAttributes } from '../support/attributes.ts'
import { parentOf } from '../../base/posix-paths.ts'
import { compilePattern } from '../support/regular-expression.ts'
import { contentDiff } from '../support/content-diff.ts'
import { args, type Args, result } from './args.ts'
import { countLines, type LineRequest, withLine } from './lines.ts'

export interface Seen {
  readonly status: SeenFile | undefined
  readonly text: string | undefined
  readonly parent: boolean
}

export const lineinfile = {
  name: 'lineinfile',
  summary: 'Adds, replaces or removes a line in a file.',
  mayChange: ({ path }) => filesAt(path),
  args,
  result,
  mayBeSecret: ['line', 'regexp'],
  probe,
  plan,
  report,
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const { path } = given
  // Read together, but used only for a file. A device is not read, since reading may consume its data.
  const asked = path.startsWith('/dev/') ? undefined : host.text(path)
  asked?.catch(() => undefined)
  const [status, parent] = await Promise.all([
    host.stat(path, { follow: true }),
    host.stat(parentOf(path), { follow: true }),
  ])
  knowAttributes(given, status)
  const text = status?.kind === 'file' ? await (asked ?? host.text(path)) : undefined
  return { status, text, parent: parent?.kind === 'directory' }
}

function plan(given: Args, { status, text, parent }: Seen): Plan {
  const { path } = given
  const request = requestOf(given)
  if ('wrong' in request) return refuse({ code: 'invalid-argument', message: request.wrong })
  if (status !== undefined && status.kind !== 'file')
    return refuse({ code: 'wrong-kind-of-file', message: `${path} is a ${status.kind}, not a file` })
  if (status === undefined && request.state === 'absent') return done()
  if (status === undefined && !given.create)
    return refuse({
      code: 'file-not-found',
      message: `${path} does not exist`,
      hint: '`create: true` creates it',
    })
  if (status === undefined && !parent)
    return refuse({
      code: 'no-directory',
      message: `there is no directory ${parentOf(path)}`,
      hint: 'create it first with `file` and `state: directory`',
    })
  const after = withLine(text ?? '', request)
  if (status !== undefined && after === text)
    return actions([attributeAction(path, given, status)], { diffs: attributeDiffs(path, given, status) })
  return actions(
    [
      {
        kind: 'writeFile',
        path,
        content: { kind: 'text', text: after },
        ...givenAttributes(given),
        ...defined({ backup: given.backup && status !== undefined ? true : undefined }),
        label: `${request.state === 'absent' ? 'remove the line from' : 'set the line in'} ${path}`,
      },
    ],
    { diffs: [contentDiff({ title: path, before: text, after })] },
  )
}

function requestOf(given: Args): LineRequest | { readonly wrong: string } {
  const { line } = given
  if (given.state === 'present' && line === undefined)
    return { wrong: '`line` is required unless `state` is `absent`' }
  const matches = finder('regexp', given.regexp)
  const after = given.insertafter === 'EOF' ? 'EOF' : finder('insertafter', given.insertafter)
  const before = given.insertbefore === 'BOF' ? 'BOF' : finder('insertbefore', given.insertbefore)
  for (const each of [matches, after, before]) if (typeof each === 'object') return each
  return {
    state: given.state,
    line,
    matches: typeof matches === 'function' ? matches : undefined,
    after: typeof after === 'object' ? undefined : after,
    before: typeof before === 'object' ? undefined : before,
  }
}

function finder(
  name: string,
  source: string | undefined,
): ((line: string) => boolean) | { readonly wrong: string } | undefined {
  if (source === undefined) return undefined
  const compiled = compilePattern(source)
  return 'wrong' in compiled ? { wrong: `\`${name}\`: ${compiled.wrong}` } : compiled.matches
}

function report(given: Args, { text }: Seen): Readonly<Record<string, unknown>> {
  const request = requestOf(given)
  return { found: 'wrong' in request ? 0 : countLines(text ?? '', request) }
}
