import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { modules } from '../modules/catalogue.ts'
import { keywordMeanings } from './keyword-meanings.ts'
import {
  blockKeywords,
  handlerKeywords,
  loopControls,
  playKeywords,
  roleArguments,
  roleKeywords,
} from './keywords.ts'
import { playbookSchema } from './playbook-schema.ts'

const schema = playbookSchema(modules)
const check = new Ajv2020({ strict: false }).compile(schema)

test('the included JSON Schema matches the modules (npm run schemas)', () => {
  const shipped: unknown = JSON.parse(
    readFileSync(new URL('../../schemas/playbook.json', import.meta.url), 'utf8'),
  )
  assert.deepEqual(shipped, JSON.parse(JSON.stringify(schema)))
})

test('the included playbooks are valid according to the JSON Schema', () => {
  for (const name of ['site', 'nodes', 'containers', 'verify']) {
    const text = readFileSync(new URL(`../../playbooks/${name}.yml`, import.meta.url), 'utf8')
    assert.equal(check(parse(text)), true, `${name}: ${JSON.stringify(check.errors)}`)
  }
})

test('the JSON Schema explains every keyword', () => {
  const keywords = [playKeywords, handlerKeywords, blockKeywords, roleKeywords, loopControls, roleArguments]
  const known = new Set(keywords.flatMap((each) => [...each]))
  assert.deepEqual(Object.keys(keywordMeanings).toSorted(), [...known, 'file'].toSorted())
  const { items } = schema as { readonly items: { readonly properties: object } }
  for (const [name, property] of Object.entries(items.properties))
    assert.equal(property.description, keywordMeanings[name], name)
})

test('the JSON Schema refuses unknown modules, arguments and keywords', () => {
  const task = (text: string): boolean => check([{ hosts: 'all', tasks: [parse(text)] }])
  assert.equal(task('copy: { content: x, dest: /x }'), true)
  assert.equal(task('command: echo hi'), true)
  assert.equal(task('import_tasks: more.yml'), true)
  assert.equal(task('import_role: { name: web, tasks_from: more }'), true)
  assert.equal(task('import_role: { nam: web }'), false)
  assert.equal(task('copi: { dest: /x }'), false)
  assert.equal(task('copy: { dst: /x }'), false)
  assert.equal(task('{ debug: { msg: x }, whn: true }'), false)
  assert.equal(task('{ debug: { msg: x }, loop: [1], loop_control: { label: x } }'), true)
  assert.equal(task('{ debug: { msg: x }, loop: [1], loop_control: { lable: x } }'), false)
})
