/** Drawings of graphs in a real browser. Without Chromium (test/packages.txt) these tests are skipped. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readFlow } from '../../src/engine/read-flow.ts'
import { facts } from '../../src/host/facts.ts'
import { diskFiles } from '../../src/language/read-files.ts'
import { modules } from '../../src/modules/catalogue.ts'
import { graphSvg } from '../../src/view/graph/graph-svg.ts'
import { type PageBrowser, startBrowser, whyNoBrowser } from '../browser.ts'
import { repository } from './command-line.ts'

describe('the drawing of the shipped playbooks', { skip: whyNoBrowser() ?? false, timeout: 60_000 }, () => {
  let browser: PageBrowser
  before(async () => {
    browser = await startBrowser()
  })
  after(async () => browser.close())

  test('has every text inside its box', async () => {
    const playbooks = ['site.yml', 'upgrade.yml'].map((name) => join(repository, 'playbooks', name))
    const plays = readFlow({ playbooks, rolesPaths: [] }, { files: diskFiles, modules, facts })
    const { page, context, complaints } = await browser.open('graph.svg', graphSvg(plays))
    const outside = await page.evaluate<readonly string[]>(`[...document.querySelectorAll('g > text')]
      .filter((text) => {
        const inner = text.getBBox()
        const outer = text.parentNode.querySelector('rect, polygon').getBBox()
        return inner.x < outer.x || inner.x + inner.width > outer.x + outer.width ||
          inner.y < outer.y || inner.y + inner.height > outer.y + outer.height
      })
      .map((text) => text.textContent)`)
    assert.ok((await page.locator('g.task, g.conditional').count()) > 50)
    assert.deepEqual(outside, [])
    const ground = (): Promise<string> =>
      page.evaluate("getComputedStyle(document.querySelector('.ground')).fill")
    const light = await ground()
    await page.emulateMedia({ colorScheme: 'dark' })
    assert.notEqual(await ground(), light)
    await context.close()
    assert.deepEqual(complaints, [])
  })
})
