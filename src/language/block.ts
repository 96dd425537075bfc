/** Reads blocks: `block`, `rescue` and `always`. */
import { FieldReader, isNothing } from './fields.ts'
import { inherit } from './inherited.ts'
import { blockKeywords, taskKeywords } from './keywords.ts'
import type { Loader } from './loader.ts'
import type { TaskOrBlock } from './model.ts'
import { shortModuleName } from './module-schema.ts'
import { readNotify, type TaskSurroundings } from './task.ts'
import type { YamlMap, YamlNode } from './yaml.ts'

/** Reads lists of tasks and blocks: `TaskListReader`. */
interface StepsReader {
  steps(nodes: readonly YamlNode[], around: TaskSurroundings): readonly TaskOrBlock[]
  checkKeys(map: YamlMap, known: ReadonlySet<string>, what: string, also: (key: string) => boolean): void
}

const imports: ReadonlySet<string> = new Set(['import_tasks', 'import_role'])

const parts = ['block', 'rescue', 'always'] as const

/** True if the map has any part of a block, even without the block itself. */
export function isBlock(map: YamlMap): boolean {
  return parts.some((part) => map.entries.has(part))
}

/** Returns the block, or its tasks if it has neither `rescue` nor `always`. */
export function readBlock(
  reader: StepsReader,
  loader: Loader,
  { map, around }: { readonly map: YamlMap; readonly around: TaskSurroundings },
): readonly TaskOrBlock[] {
  const fields = new FieldReader(map, loader.values)
  checkBlock(reader, loader, { map, fields })
  const vars = fields.map('vars')
  const own = vars === undefined ? [] : loader.values.variables(vars)
  const outer = around.inherited
  const inherited = {
    ...inherit(fields, outer, loader),
    vars: new Map([...outer.vars, ...own]),
    notify: [...outer.notify, ...readNotify(fields)],
  }
  const read = (part: (typeof parts)[number]): readonly TaskOrBlock[] =>
    reader.steps(fields.list(part), {
      ...around,
      inherited,
      inRescue: around.inRescue || part === 'rescue',
    })
  const tasks = read('block')
  const rescue = read('rescue')
  const always = read('always')
  if (rescue.length === 0 && always.length === 0) return tasks
  const name = fields.text('name') ?? `the block in ${around.file}, line ${map.where.line}`
  return [{ kind: 'block', name, tasks, rescue, always }]
}

function checkBlock(
  reader: StepsReader,
  loader: Loader,
  { map, fields }: { readonly map: YamlMap; readonly fields: FieldReader },
): void {
  const ofTask = (key: string): boolean =>
    !blockKeywords.has(key) &&
    (taskKeywords.has(key) || imports.has(shortModuleName(key)) || loader.modules.has(shortModuleName(key)))
  reader.checkKeys(map, blockKeywords, 'a block', ofTask)
  for (const [key, { where }] of map.entries) {
    if (!ofTask(key)) continue
    const hint = 'it belongs to a task: write it under "block"'
    loader.report('unknown-keyword', `"${key}" is not a keyword of a block`, { where, hint })
  }
  const block = fields.node('block')
  if (block === undefined) {
    const [part = ''] = parts.filter((name) => map.entries.has(name))
    loader.report('no-block', `"${part}" needs tasks under "block"`, {
      where: fields.entry(part)?.where ?? map.where,
      hint: `put the tasks ${part === 'rescue' ? 'whose failure it handles' : 'that it follows'} under "block", at the same level as "${part}"`,
    })
    return
  }
  for (const part of parts) {
    const node = fields.node(part)
    if (node === undefined || !(isNothing(node) || (node.kind === 'list' && node.items.length === 0)))
      continue
    loader.report('no-block', `"${part}" has no tasks`, {
      where: node.where,
      hint: 'list them, or remove it',
    })
  }
}
