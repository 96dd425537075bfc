/** Hints for filters, tests and functions of Jinja without an equivalent. */

const functions: Readonly<Record<string, string>> = {
  lookup: 'gpuplay has no lookups: put the value into vars or the inventory, or use -e name=value',
  query: 'gpuplay has no lookups: put the value into vars or the inventory, or use -e name=value',
  q: 'gpuplay has no lookups: put the value into vars or the inventory, or use -e name=value',
  range: 'write the numbers as a list: [0, 1, 2]',
  dict: 'write the map in YAML, or as {"key": value}',
  namespace: 'set the variable under "vars"',
  now: 'run date with "command", "reads: true" and "register"',
  super: 'templates cannot extend each other: write one template',
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
    `gpuplay has no function "${name}": docs/reference.md lists the functions`
  )
}

export function filterAdvice(name: string): string {
  return (
    (Object.hasOwn(filters, name) ? filters[name] : undefined) ??
    `gpuplay has no equivalent of "${name}": set a variable to its result, or see docs/reference.md`
  )
}

/** Methods of Python's strings, lists and dicts, and their equivalents. */
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
  keys: 'a map iterates over its keys: x.exists(key, key == "...")',
  values: 'iterate over the keys: x.all(key, x[key] == "...")',
  items: 'iterate over the keys: x.all(key, x[key] == "...")',
  length: 'write x.size()',
  len: 'write x.size()',
  lookup: functions['lookup'] ?? '',
  query: functions['query'] ?? '',
  range: functions['range'] ?? '',
}
