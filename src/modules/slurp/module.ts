/** Reports the content of a file, for later tasks. */
import { defined } from '../../base/defined.ts'
import { isUnknown } from '../../base/unknown.ts'
import type { Host, SeenFile } from '../../host/host.ts'
import { done, type Plan, refuse } from '../../host/plan.ts'
import { base64Content } from '../../host/questions/encoded-content.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly status: SeenFile | undefined
  /** Undefined unless it is a file that is small enough. */
  readonly content: { readonly base64: string; readonly text: string | undefined } | undefined
}

export const slurp = {
  name: 'slurp',
  summary: 'Reports the content of a file. Changes nothing.',
  args,
  result,
  probe,
  plan,
  report,
} satisfies Module<Args, Seen>

/** Bytes. In base64 it is a third more, and an answer has at most 1 MiB. */
const largest = 700 * 1024

async function probe({ path }: Args, host: Host): Promise<Seen> {
  const status = await host.stat(path, { follow: true })
  const large = status !== undefined && !isUnknown(status.size) && status.size > largest
  if (status?.kind !== 'file' || large) return { status, content: undefined }
  // A prediction knows the text. Bytes that are not UTF-8 became U+FFFD.
  const text = (await host.text(path)) ?? ''
  const content = text.includes('\u{fffd}')
    ? await host.ask(base64Content({ path }))
    : { base64: Buffer.from(text).toString('base64'), text }
  return { status, content }
}

function plan({ path }: Args, { status, content }: Seen): Plan {
  if (status === undefined) return refuse({ code: 'file-not-found', message: `${path} does not exist` })
  if (status.kind !== 'file')
    return refuse({ code: 'wrong-kind-of-file', message: `${path} is a ${status.kind}, not a file` })
  return content === undefined
    ? refuse({ code: 'file-too-large', message: `${path} is larger than ${largest / 1024} KiB` })
    : done()
}

function report({ path }: Args, { content }: Seen): Readonly<Record<string, unknown>> {
  return {
    source: path,
    encoding: 'base64',
    content: content?.base64 ?? '',
    ...defined({ text: content?.text }),
  }
}
