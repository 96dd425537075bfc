/** Hints for filters, tests and functions of Jinja without an equivalent. */

const lookups =
  'gpuplay looks up only files and the environment: write file("name") or env("NAME"); put other values into vars, or use -e name=value'

const functions: Readonly<Record<string, string>> = {
  lookup: lookups,
  query: lookups,
  q: lookups,
  dict: 'write the map in YAML, or as {"key": value}',
  namespace: 'set the variable under "vars"',
  now: 'run date with "command", "reads: true" and "register"',
  format: 'use the patterns of printf: format("%s", x)',
  super: 'templates cannot extend each other: write one template',
}

const filters: Readonly<Record<string, string>> = {
  password_hash: 'set a variable to the hash, for example with -e @file',
  dictsort: 'write !cel \'x.dict2items().sort("key")\'',
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
  get: 'write default(x.key, "...")',
  items: 'iterate over the keys: x.keys().map(k, k + "=" + x[k])',
  length: 'write x.size()',
  len: 'write x.size()',
  lookup: functions['lookup'] ?? '',
  query: functions['query'] ?? '',
}
