/** The specification of the lab node on which a stand-in runs. */
import { type NodeSpec, nodeSpecFile } from '../hardware.ts'
import { textOf } from './system.ts'

export function nodeSpec(): NodeSpec {
  return JSON.parse(textOf(nodeSpecFile) ?? '{}')
}
