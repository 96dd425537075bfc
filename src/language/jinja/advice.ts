/** What to do where Jinja has a filter, a test or a function and nothing here is like it. */

const functions: Readonly<Record<string, string>> = {
  lookup: 'lookups do not exist here: put the value into vars or the inventory, or use -e name=value',
  query: 'lookups do not exist here: put the value into vars or the inventory, or use -e name=value',
  q: 'lookups do not exist here: put the value into vars or the inventory, or use -e name=value',
  range: 'write the numbers as a list: [0, 1, 2]',
  dict: 'write the map in YAML, or as {"key": value}',
  namespace: 'set the variable under "vars"',
  now: 'run date with "command", "reads: true" and "register"',
  super: 'templates do not extend each other here: write one template',
}

const filters: Readonly<Record<string, string>> = {
  regex_replace: 'use {{replace text "from" "to"}} for fixed text, or set a variable to the result',
  regex_findall: 'use x.matches("...") to test the text, or set a variable to the result',
  password_hash: 'set a variable to the hash, for example with -e @file',
  from_json: 'run the program with a format that needs no parsing, or set a variable to the result',
  from_yaml: 'write the value in YAML where the variable is set',
  combine: 'write the merged map in YAML, or use a YAML merge: "<<: [*b, *a]"',
  dict2items: 'write the map as a list of maps with "key" and "value"',
  items2dict: 'write the list as a map',
  dictsort: 'write the map as a list in the order that you need',
  comment: 'write the characters of the comment in the template',
}

export function functionAdvice(name: string): string {
  return (
    (Object.hasOwn(functions, name) ? functions[name] : undefined) ??
    `there is no function "${name}" here: docs/reference.md lists those that exist`
  )
}

export function filterAdvice(name: string): string {
  return (
    (Object.hasOwn(filters, name) ? filters[name] : undefined) ??
    `there is no counterpart of "${name}" here: set a variable to its result; docs/reference.md lists what exists`
  )
}

/** Methods of Python's text, lists and maps that have another name here. */
export function methodAdvice(name: string): string | undefined {
  return Object.hasOwn(methods, name) ? methods[name] : undefined
}

const methods: Readonly<Record<string, string>> = {
  startswith: 'write x.startsWith("...")',
  endswith: 'write x.endsWith("...")',
  strip: 'write x.trim()',
  find: 'write x.indexOf("...")',
  replace: 'write x.split("from").join("to")',
  get: 'write default(x.key, "...")',
  keys: 'a map is its keys: x.exists(key, key == "...")',
  values: 'go over the keys: x.all(key, x[key] == "...")',
  items: 'go over the keys: x.all(key, x[key] == "...")',
  length: 'write x.size()',
  len: 'write x.size()',
  lookup: functions['lookup'] ?? '',
  query: functions['query'] ?? '',
  range: functions['range'] ?? '',
}
