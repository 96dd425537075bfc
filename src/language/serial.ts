/** Reads the keywords of a play that divide its hosts into batches and limit how many may fail. */
import { type FieldReader, isNothing } from './fields.ts'
import type { BatchSize } from './batch-size.ts'
import type { Play } from './model.ts'
import { problem } from './source.ts'
import type { YamlNode } from './yaml.ts'

export function readBatches(fields: FieldReader): Pick<Play, 'serial' | 'maxFailPercentage'> {
  return { serial: readSerial(fields), maxFailPercentage: readMaxFail(fields) }
}

function readSerial(fields: FieldReader): Play['serial'] {
  const node = fields.node('serial')
  if (node === undefined || isNothing(node)) return undefined
  const items = node.kind === 'list' ? node.items : [node]
  const sizes = items.flatMap((item) => sizeOf(fields, item) ?? [])
  if (items.length === 0) wrongSize(fields, node, 'an empty list')
  return sizes.length === 0 ? undefined : { sizes, where: node.where }
}

function sizeOf(fields: FieldReader, node: YamlNode): BatchSize | undefined {
  const text = writtenIn(fields, node, 'serial')
  if (text === undefined) return undefined
  if (/^[1-9]\d*$/.test(text)) return { kind: 'hosts', count: Number(text) }
  const percent = percentOf(text)
  if (percent !== undefined && percent > 0 && percent <= 100) return { kind: 'share', percent }
  return wrongSize(fields, node, text)
}

function wrongSize(fields: FieldReader, node: YamlNode, found: string): undefined {
  fields.report(
    problem(
      'invalid-keyword',
      `"serial" must be a number of hosts from 1, a percentage up to 100%, or a list of these, not ${found}`,
      {
        where: node.where,
        hint:
          found === '0'
            ? 'leave it out: all hosts are then one batch'
            : 'write 1, "30%" or [1, 5, "100%"]; the last entry of a list repeats',
      },
    ),
  )
  return undefined
}

function readMaxFail(fields: FieldReader): number | undefined {
  const node = fields.node('max_fail_percentage')
  if (node === undefined || isNothing(node)) return undefined
  const text = writtenIn(fields, node, 'max_fail_percentage')
  if (text === undefined) return undefined
  const percent = percentOf(text) ?? percentOf(`${text}%`)
  if (percent !== undefined && percent <= 100) return percent
  fields.report(
    problem('invalid-keyword', `"max_fail_percentage" must be a number from 0 to 100, not ${text}`, {
      where: node.where,
      hint: 'write the share of hosts that may fail, such as 30; 0 allows no failure',
    }),
  )
  return undefined
}

/** Returns the text of a number or a percentage as written; reports templates. */
function writtenIn(fields: FieldReader, node: YamlNode, name: string): string | undefined {
  if (node.kind !== 'scalar') return node.kind === 'list' ? 'a list' : 'a map'
  const { value } = node
  if (typeof value === 'string' && fields.refusesTemplate(value, node, { name })) return undefined
  return typeof value === 'string' ? value.trim() : node.source
}

function percentOf(text: string): number | undefined {
  const [, number] = /^(\d+(?:\.\d+)?)\s*%$/.exec(text) ?? []
  return number === undefined ? undefined : Number(number)
}
