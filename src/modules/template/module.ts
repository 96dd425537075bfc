/**
 * Writes a file from a template and the task's variables. The engine renders it before the module gets it.
 */
import type { Host } from '../../host/host.ts'
import type { Plan } from '../../host/plan.ts'
import { filesAt } from '../support/may-change.ts'
import type { Module } from '../module.ts'
import {
  type ContentSeen,
  keptName,
  planContent,
  probeContent,
  reportContent,
  type Source,
} from '../support/file-content.ts'
import { sha256Of } from '../../host/content.ts'
import { args, type Args, result } from './args.ts'

export const template = {
  name: 'template',
  summary: 'Renders a template and writes the result to a file.',
  mayChange: ({ dest }) => filesAt(dest),
  args,
  result,
  files: { src: 'templates' },
  mayBeSecret: ['content'],
  probe,
  plan,
  report: (given, seen) => reportContent(sourceOf(given), seen),
} satisfies Module<Args, ContentSeen>

async function probe(given: Args, host: Host): Promise<ContentSeen> {
  return probeContent(given, keptName(given.src, '.hbs'), sourceOf(given).sha256, host)
}

function plan(given: Args, seen: ContentSeen): Plan {
  return planContent(given, sourceOf(given), seen)
}

function sourceOf({ content }: Args): Source {
  if (content === undefined) throw new Error('a template reached its module before it was rendered')
  return { content: { kind: 'text', text: content }, sha256: sha256Of(content), text: content }
}
