/** Keeps a block of lines between two markers in a file, and leaves all other lines as they are. */
import type { Plan } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { filesAt } from '../support/may-change.ts'
import { planTextFile, probeTextFile, type SeenText } from '../support/text-file.ts'
import { linePlace } from '../support/text-lines.ts'
import { args, type Args, result } from './args.ts'
import { type BlockRequest, withBlock } from './block-text.ts'

export const blockinfile = {
  name: 'blockinfile',
  summary: 'Adds, replaces or removes a block of lines between markers in a file.',
  mayChange: ({ path }) => filesAt(path),
  args,
  result,
  mayBeSecret: ['block'],
  probe: probeTextFile,
  plan,
} satisfies Module<Args, SeenText>

function plan(given: Args, seen: SeenText): Plan {
  const { path } = given
  const request = requestOf(given)
  return planTextFile(given, seen, (before) => {
    if ('wrong' in request) return request
    const after = withBlock(before, request)
    if (typeof after !== 'string')
      return { wrong: `${path}: ${after.wrong}`, hint: 'correct the file by hand, or use another `marker`' }
    const removes = request.block === undefined
    return { after, label: `${removes ? 'remove the block from' : 'set the block in'} ${path}`, removes }
  })
}

function requestOf(given: Args): BlockRequest | { readonly wrong: string } {
  const { block, marker, state } = given
  const place = linePlace(given)
  if ('wrong' in place) return place
  const lines = block.replace(/\r?\n$/, '').split(/\r?\n/)
  return {
    begin: marker.replaceAll('{mark}', given.marker_begin),
    end: marker.replaceAll('{mark}', given.marker_end),
    block: state === 'absent' || block === '' ? undefined : lines,
    place,
  }
}
