import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InputError } from '../base/errors.ts'
import { memoryFiles } from '../language/testing/memory-files.ts'
import { modules } from '../modules/catalogue.ts'
import { createArguments } from './arguments.ts'
import { prepared } from './testing/prepared.ts'

function taskOf(text: string): ReturnType<typeof prepared> {
  return prepared(text, { files: { '/p/files/data/a': 'a', '/p/templates/t': '{{ it }}' } })
}

test('files are searched next to the playbook, and a trailing slash stays', () => {
  const { tasks, context } = taskOf('- copy: { src: data/, dest: /x }')
  const [task] = tasks
  assert.ok(task)
  const scope = context.host.variables.scope()
  assert.deepEqual(context.arguments.resolve(task, { src: 'data/' }, scope), { src: '/p/files/data/' })
  assert.deepEqual(context.arguments.resolve(task, { src: '/abs', remote_src: true }, scope), {
    src: '/abs',
    remote_src: true,
  })
})

test('a missing file is a mistake with its place and a hint', () => {
  const { tasks, context } = taskOf('- copy: { src: data/, dest: /x }')
  const [task] = tasks
  assert.ok(task)
  assert.throws(
    () => context.arguments.resolve(task, { src: 'nothing' }, context.host.variables.scope()),
    (error: unknown) =>
      error instanceof InputError &&
      error.problems[0]?.message === 'there is no file "nothing"' &&
      error.problems[0].where?.line === 4 &&
      error.problems[0].hint === 'put it into files/ of the role, or next to the playbook',
  )
})

test('a template file is read once a run, and rendered for every task and host', () => {
  const { tasks, context } = taskOf('- template: { src: t, dest: /x }')
  const [task] = tasks
  assert.ok(task)
  const files = memoryFiles({ '/p/templates/t': 'it is {{ it }}' })
  const read: string[] = []
  const given = createArguments(modules, {
    ...files,
    read(path) {
      read.push(path)
      return files.read(path)
    },
  })
  const { variables } = context.host
  const contents = ['one', 'two'].map((value) => {
    variables.register('it', value)
    return given.resolve(task, { src: 't' }, variables.scope())['content']
  })
  assert.deepEqual(contents, ['it is one', 'it is two'])
  assert.deepEqual(read, ['/p/templates/t'])
})
