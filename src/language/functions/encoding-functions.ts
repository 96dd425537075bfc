/** Functions that convert between values and their encodings. */
import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { stringify } from 'yaml'
import { SourceFile } from '../source.ts'
import { readYaml, yamlData } from '../yaml.ts'
import { FunctionError, needed, optional, shared, type SharedFunction } from './shared-function.ts'

const value = needed('value', 'any')
const text = needed('text', 'text')

export const encodingFunctions: Readonly<Record<string, SharedFunction>> = {
  json: shared({
    parameters: [value, optional('indent', 'number')],
    returns: 'text',
    meaning: 'The value as JSON; with a number, indented by that many spaces',
    expression: 'json(letters)',
    template: '{{json letters}}',
    gives: '["a","b"]',
    apply: ([given, indent]) => JSON.stringify(given, undefined, indent ?? 0),
  }),
  fromJson: shared({
    parameters: [text],
    returns: 'any',
    meaning: 'The value of a JSON text',
    expression: "fromJson('[1, 2]')",
    template: '{{join (fromJson \'[1, 2]\') ","}}',
    gives: [1, 2],
    apply: ([given]) => fromJson(given),
  }),
  yaml: shared({
    parameters: [value],
    returns: 'text',
    meaning: 'The value as YAML, without the line end at its end',
    expression: 'yaml(table)',
    template: '{{yaml table}}',
    gives: 'key: value',
    apply: ([given]) => stringify(given).trimEnd(),
  }),
  fromYaml: shared({
    parameters: [text],
    returns: 'any',
    meaning: 'The value of a YAML 1.2 text',
    expression: 'fromYaml("[1, 2]")',
    template: '{{join (fromYaml "[1, 2]") ","}}',
    gives: [1, 2],
    apply: ([given]) => fromYaml(given),
  }),
  base64: shared({
    parameters: [text],
    returns: 'text',
    meaning: 'The text (UTF-8) in base64, on one line',
    expression: 'base64(text)',
    template: '{{base64 text}}',
    gives: 'VGV4dA==',
    apply: ([given]) => Buffer.from(given).toString('base64'),
  }),
  fromBase64: shared({
    parameters: [text],
    returns: 'text',
    meaning: 'The text that base64 encodes; also in the alphabet of URLs, and on several lines',
    expression: 'fromBase64("VGV4dA==")',
    template: '{{fromBase64 "VGV4dA=="}}',
    gives: 'Text',
    apply: ([given]) => fromBase64(given),
  }),
  sha256: shared({
    parameters: [text],
    returns: 'text',
    meaning: 'The SHA-256 digest of the text (UTF-8), in hexadecimal',
    expression: 'sha256(text)',
    template: '{{sha256 text}}',
    gives: '71988c4d8e0803ba4519f0b2864c1331c14a1890bf8694e251379177bfedb5c3',
    apply: ([given]) => createHash('sha256').update(given).digest('hex'),
  }),
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new FunctionError('"fromJson" got text that is not JSON', {
      detail: error instanceof Error ? error.message : undefined,
    })
  }
}

function fromYaml(text: string): unknown {
  const { root, problems } = readYaml(new SourceFile('text', text))
  const [found] = problems
  if (found !== undefined) {
    const line = found.where === undefined ? '' : ` (line ${found.where.line})`
    throw new FunctionError(`"fromYaml" got text that is not valid YAML${line}`, { detail: found.message })
  }
  return root === undefined ? null : yamlData(root)
}

function fromBase64(text: string): string {
  const packed = text.replaceAll(/\s/g, '')
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(packed) || packed.replace(/=+$/, '').length % 4 === 1)
    throw new FunctionError('"fromBase64" got text that is not base64')
  // Node also reads the alphabet of URLs.
  const bytes = Buffer.from(packed, 'base64')
  if (!isUtf8(bytes)) throw new FunctionError('"fromBase64" got the base64 of bytes that are not UTF-8 text')
  return bytes.toString('utf8')
}
