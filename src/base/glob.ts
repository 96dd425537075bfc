/**
 * Patterns of names: of hosts in an inventory, of machines in OpenSSH's files, of packages.
 *
 * A library for paths (picomatch) gives meaning to `/`, a leading dot, `!`, `(`, `|` and braces; in names they are letters.
 */

/**
 * The whole text fits `glob`: `*` stands for any characters, `?` for one. With `classes`, `[abc]`, `[a-c]` and `[!abc]`
 * stand for one of, or none of, some characters, as in a shell.
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
