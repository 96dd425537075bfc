/**
 * Links of the Markdown files, which lead through the repository, become links of the site. A link to a page
 * leads to its route, one to a JSON Schema to the copy of that file. Other files and folders of the repository
 * are not on the site: their links become plain text.
 */
import { basename, dirname, join } from 'node:path/posix'
import { pages, type SitePage } from './pages.ts'

/** The parts of markdown-it's tokens that links need. */
interface LinkToken {
  type: string
  content: string
  children: LinkToken[] | null
  attrGet(name: string): string | null
  attrSet(name: string, value: string): void
}

/** What VitePress passes to the rules of markdown-it; `path` is absolute. */
interface LinkState {
  readonly tokens: LinkToken[]
  readonly env: { readonly path: string }
}

/** Folders whose files the site contains as they are. */
export const copied: readonly string[] = ['schemas']

/**
 * A core rule of markdown-it that changes all links of a page.
 * @param content The folder with the pages, each under its route
 */
export function siteLinks(content: string): (state: LinkState) => void {
  return ({ tokens, env }) => {
    const page = pages.find(({ route }) => join(content, `${route}.md`) === env.path)
    if (page === undefined) throw new Error(`${env.path} is not a page of site/pages.ts`)
    for (const { children } of tokens) if (children !== null) changeLinks(children, page.source)
  }
}

function changeLinks(tokens: LinkToken[], source: string): void {
  let plain = false
  for (const [index, token] of tokens.entries()) {
    if (token.type === 'link_close') {
      if (plain) asText(token)
      plain = false
    }
    if (token.type !== 'link_open') continue
    const target = siteLink(source, token.attrGet('href') ?? '')
    plain = target === undefined
    if (target === undefined) asText(token)
    else {
      token.attrSet('href', target)
      nameOfPage(tokens[index + 1])
    }
  }
}

/** A link whose text is a file, such as `guide.md`, gets the title of the page. */
function nameOfPage(text: LinkToken | undefined): void {
  if (text?.type !== 'text') return
  const page = pages.find(({ source }) => source === text.content || basename(source) === text.content)
  if (page !== undefined && text.content !== 'README.md') text.content = page.title
}

/** The path of a page on the site. */
export function pathOf({ route }: SitePage): string {
  return route === 'index' ? '/' : `/${route}`
}

function asText(token: LinkToken): void {
  token.type = 'text'
}

/**
 * @param source The file with the link, relative to the repository
 * @returns the link on the site; undefined for a file or folder that the site lacks
 */
export function siteLink(source: string, href: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:|^#/i.test(href)) return href
  const [path = '', anchor] = href.split('#')
  const file = join(dirname(source), path)
  const page = pages.find((one) => one.source === file)
  if (page !== undefined) return `${pathOf(page)}${anchor === undefined ? '' : `#${anchor}`}`
  return copied.some((folder) => file.startsWith(`${folder}/`)) ? `/${file}` : undefined
}
