/**
 * The documentation site in Chromium, at the width of a phone and of a desktop, without a network. Builds it
 * first (`npm run site`).
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pathOf } from '../../site/links.ts'
import { pages } from '../../site/pages.ts'
import { type OpenPage, type PageBrowser, startBrowser, whyNoBrowser } from '../browser.ts'
import { run } from '../lab/process.ts'
import { root } from '../whole/support/gpuplay.ts'

const built = join(root, 'build/site')
const origin = 'http://site.test'
const sizes = [
  { name: 'a phone', viewport: { width: 390, height: 844 } },
  { name: 'a desktop', viewport: { width: 1280, height: 900 } },
]

/** The path and the anchor of every link and of every heading of a page. */
interface PageAddresses {
  readonly links: readonly string[]
  readonly anchors: readonly string[]
}

/** The values of an attribute of all elements. As text, because only browsers have the types of elements. */
function attributes(page: OpenPage['page'], selector: string, name: string): Promise<readonly string[]> {
  const [elements, attribute] = [JSON.stringify(selector), JSON.stringify(name)]
  return page.evaluate(
    `[...document.querySelectorAll(${elements})].map((one) => one.getAttribute(${attribute}))`,
  )
}

describe('the site', { skip: whyNoBrowser() ?? false, timeout: 600_000 }, () => {
  let browser: PageBrowser
  const addresses = new Map<string, PageAddresses>()
  before(async () => {
    await run(['npm', 'run', '-s', 'site'], { cwd: root, timeout: 400_000 })
    browser = await startBrowser()
  })
  after(async () => browser?.close())

  /** Opens a page as a static server would serve it. Files that the site lacks stay unanswered. */
  const visit = async (file: string, viewport = { width: 1280, height: 900 }): Promise<OpenPage> => {
    const opened = await browser.open('empty.html', '', { viewport })
    await opened.context.route(`${origin}/**`, async (route) => {
      const path = join(built, decodeURIComponent(new URL(route.request().url()).pathname))
      await (existsSync(path) ? route.fulfill({ path }) : route.abort())
    })
    await opened.page.goto(`${origin}/${file}`)
    await opened.page.locator('.vp-doc h1').waitFor()
    return opened
  }

  /** Closes the page, which must have had nothing to complain about. */
  const done = async ({ context, complaints }: OpenPage): Promise<void> => {
    await context.close()
    assert.deepEqual(
      complaints.filter((complaint) => !complaint.startsWith(`asked for ${origin}/`)),
      [],
    )
  }

  for (const { name, viewport } of sizes)
    for (const { source, route } of pages)
      it(`shows ${source} on ${name} without horizontal scrolling`, async () => {
        const opened = await visit(`${route}.html`, viewport)
        const { page } = opened
        const width = await page.evaluate<number>('document.documentElement.scrollWidth')
        assert.ok(width <= viewport.width, `the page is ${width} pixels wide`)
        addresses.set(pathOf({ source, route, title: '' }), {
          links: await attributes(page, 'a[href]', 'href'),
          anchors: await attributes(page, '[id]', 'id'),
        })
        await done(opened)
      })

  it('has only links that lead to a page and a heading', () => {
    const broken = [...addresses].flatMap(([from, { links }]) =>
      links.filter((link) => !leads(from, link)).map((link) => `${from}: ${link}`),
    )
    assert.ok([...addresses.values()].flatMap(({ links }) => links).length > 1000)
    assert.deepEqual(broken, [])
  })

  function leads(from: string, link: string): boolean {
    if (/^https?:/.test(link)) return true
    const { pathname, hash } = new URL(link, `${origin}${from}`)
    const page = addresses.get(pathname.replace(/\.html$/, ''))
    if (page === undefined) return existsSync(join(built, pathname))
    return hash === '' || page.anchors.includes(decodeURIComponent(hash.slice(1)))
  }

  it('draws the flowcharts of the guide', async () => {
    const opened = await visit('guide.html')
    await opened.page.locator('.flowchart svg').nth(1).waitFor()
    assert.match((await opened.page.locator('.flowchart').first().textContent()) ?? '', /Install Docker/)
    await done(opened)
  })

  for (const [words, link] of [
    ['module type', /^\/modules\.html#nvidia_driver$/],
    ['lxc_passthrough_mode', /^\/roles\.html#lxc_passthrough$/],
    ['host key not known', /^\/command-line\.html#connections-and-host-keys$/],
    ['exit codes', /^\/command-line\.html#exit-codes$/],
  ] as const)
    it(`finds "${words}"`, async () => {
      const opened = await visit('index.html')
      const { page } = opened
      await page.getByRole('button', { name: 'Search' }).first().click()
      await page.locator('#localsearch-input').fill(words)
      await page.locator('#localsearch-list a').first().waitFor()
      const found = (await attributes(page, '#localsearch-list a', 'href')).slice(0, 5)
      assert.ok(
        found.some((one) => link.test(one)),
        found.join(' '),
      )
      await done(opened)
    })
})
