import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { slug } from 'github-slugger'
import { defineConfig, type DefaultTheme } from 'vitepress'
import { copied, pathOf, siteLinks } from '../links.ts'
import { pages, sections } from '../pages.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const content = fileURLToPath(new URL('../content', import.meta.url))

/** Copies the pages into the folder of the site, below which Vite finds its packages, each under its route. */
function copyPages(): void {
  rmSync(content, { recursive: true, force: true })
  mkdirSync(content)
  for (const { source, route } of pages) cpSync(join(repository, source), join(content, `${route}.md`))
  const pictures = join(repository, 'docs/pictures')
  if (existsSync(pictures)) cpSync(pictures, join(content, 'pictures'), { recursive: true })
  for (const folder of copied)
    cpSync(join(repository, folder), join(content, 'public', folder), { recursive: true })
}

/** A card with its fan. */
const icon = `data:image/svg+xml,${encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="none" stroke="#3a9" stroke-width="2">
  <rect x="1" y="3" width="14" height="9" rx="1"/><circle cx="8" cy="7.5" r="2"/><path d="M3 13.5h6"/></svg>`,
)}`

const sidebar: DefaultTheme.SidebarItem[] = sections.map((section) => ({
  text: section.title,
  items: section.pages.map((page) => ({ text: page.title, link: pathOf(page) })),
}))

/**
 * The words of a text for the search: whole names as well as their parts, so that both `module type` and
 * `nvidia_host_module_type` are found. VitePress sends this function to the browser as text.
 */
function searchWords(text: string): string[] {
  const parts = text.split(/[\n\r\p{Z}\p{P}]+/u)
  const names = text.match(/[\p{L}\p{N}]+(?:[_.-][\p{L}\p{N}]+)+/gu) ?? []
  return [...parts, ...names]
}

copyPages()

export default defineConfig({
  title: 'gpuplay',
  description:
    'NVIDIA drivers on Proxmox VE nodes, GPUs in LXC containers, and CUDA, kept in a declared state',
  lang: 'en-US',
  // For a site in a folder of a server: SITE_BASE=/gpuplay/
  base: process.env['SITE_BASE'] ?? '/',
  srcDir: content,
  outDir: join(repository, 'build/site'),
  cacheDir: join(repository, 'build/site-cache'),
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: icon }]],
  themeConfig: {
    sidebar,
    outline: { level: [2, 3] },
    search: {
      provider: 'local',
      options: {
        miniSearch: {
          options: { tokenize: searchWords },
          // The changes name everything, and explain little.
          searchOptions: { boostDocument: (page) => (page.includes('/changes.') ? 0.2 : 1) },
        },
      },
    },
  },
  markdown: {
    // The Markdown files contain no HTML. Names such as site.yml are not addresses.
    html: false,
    linkify: false,
    // The anchors of GitHub, to which the files link.
    anchor: { slugify: (heading) => slug(heading) },
    config(md) {
      md.core.ruler.push('site-links', siteLinks(content))
      // To Vue, `{{` would begin an expression; VitePress excludes only blocks of code.
      for (const kind of ['text', 'code_inline']) {
        const rule = md.renderer.rules[kind]
        md.renderer.rules[kind] = (...args) => (rule?.(...args) ?? '').replaceAll('{{', '&#123;&#123;')
      }
      const fence = md.renderer.rules.fence
      md.renderer.rules.fence = (tokens, index, ...rest) => {
        const token = tokens[index]
        if (token?.info.trim() !== 'mermaid') return fence?.(tokens, index, ...rest) ?? ''
        return `<Flowchart source="${encodeURIComponent(token.content)}" />\n`
      }
    },
  },
})
