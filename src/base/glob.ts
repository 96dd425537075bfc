/**
 * Name patterns: hosts in an inventory, machines in OpenSSH's files, packages.
 *
 * Path libraries (picomatch) treat `/`, a leading dot, `!`, `(`, `|` and braces specially; in names they are
 * ordinary.
 */

/**
 * Returns a pattern that matches the whole text: `*` matches any characters, `?` one. With `classes`,
 * `[abc]`, `[a-c]` and `[!abc]` match one character in or outside the set, as in a shell.
 */
export function globPattern(glob: string, { classes = false }: { readonly classes?: boolean } = {}): RegExp {
  const parts = classes ? /\[!?[^\]]+\]|\*+|[?$()+.[\\\]^{|}]/g : /\*+|[?$()+.[\\\]^{|}]/g
  const source = glob.replaceAll(parts, (part) => {
    if (part.startsWith('*')) return '.*'
    if (part === '?') return '.'
    if (part.length === 1) return `\\${part}`
    return part.replace('[!', '[^').replaceAll('\\', '\\\\')
  })
  return new RegExp(`^${source}$`, 'su')
}
