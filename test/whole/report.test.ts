/** A report in a real browser. Without Chromium (test/packages.txt) these tests are skipped. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { pageScript } from '../../src/base/built.ts'
import { reportPage } from '../../src/view/report/report-page.ts'
import type { FleetSize } from '../../src/view/testing/sample-fleet.ts'
import { sampleReport } from '../../src/view/testing/sample-report.ts'
import { type OpenPage, type PageBrowser, startBrowser, whyNoBrowser } from '../browser.ts'

const sizes = {
  '1 host': { nodes: 1, containers: 0, tasks: 30 },
  '8 hosts': { nodes: 4, containers: 1, tasks: 12 },
  '14 hosts': { nodes: 2, containers: 6, tasks: 6 },
  '80 hosts': { nodes: 8, containers: 9, tasks: 6 },
  '200 hosts': { nodes: 20, containers: 9, tasks: 30 },
} satisfies Record<string, FleetSize>

type Size = keyof typeof sizes

describe('a report in Chromium', { skip: whyNoBrowser() ?? false, timeout: 120_000 }, () => {
  let browser: PageBrowser
  const texts = new Map<Size, string>()
  before(async () => {
    const script = pageScript()
    for (const size of ['1 host', '8 hosts', '14 hosts', '80 hosts', '200 hosts'] as const)
      texts.set(size, reportPage(sampleReport(sizes[size]), script))
    browser = await startBrowser()
  })
  after(async () => browser.close())

  const open = async (
    size: Size,
    { width = 1280, height = 900, ...more }: { width?: number; height?: number; query?: string } = {},
  ): Promise<OpenPage> =>
    browser.open(`${size.replace(' ', '-')}.html`, texts.get(size) ?? '', {
      viewport: { width, height },
      ...more,
    })

  /** Closes the page, which must have had nothing to complain about. */
  const done = async ({ page, context, complaints }: OpenPage): Promise<void> => {
    const text = await page.locator('body').innerText()
    await context.close()
    assert.deepEqual(complaints, [])
    assert.doesNotMatch(text, /undefined|NaN|\[object/)
  }

  test('shows the result, the outcomes, the failure, the times, the GPUs and the differences', async () => {
    const opened = await open('8 hosts')
    const { page } = opened
    assert.match(await page.title(), /^playbooks\/site\.yml: /)
    assert.equal(await page.locator('section').count(), 5)
    assert.match((await page.locator('.tiles').textContent()) ?? '', /8 hosts.*1 failed/)
    assert.match(
      (await page.locator('#summary .failures').textContent()) ?? '',
      /pve04.*no space left on device/,
    )
    assert.match((await page.locator('#summary .warnings').textContent()) ?? '', /a reboot loads it/)
    assert.ok((await page.locator('rect.span').count()) > 50)
    assert.match((await page.locator('path.path').getAttribute('d')) ?? '', /^M2\d\.\d,/)
    assert.match((await page.locator('#times table').first().textContent()) ?? '', /\d %/)
    const drifted = page.locator('article.node.s-problem')
    assert.match((await drifted.textContent()) ?? '', /pve04.*580\.95\.05.*sees none of its 1 GPU/s)
    assert.match((await page.locator('#changes table').textContent()) ?? '', /pve04.*ok.*failed/s)
    await done(opened)
  })

  test('a click on a cell shows its diff, and Escape returns to the cell', async () => {
    const opened = await open('8 hosts')
    const { page } = opened
    const cell = page
      .getByRole('gridcell', { name: /Write the settings.*|pve01: changed/ })
      .and(page.locator('.o-changed'))
      .first()
    await cell.click()
    const dialog = page.getByRole('dialog')
    await dialog.waitFor()
    assert.match((await dialog.locator('pre.diff .added').first().textContent()) ?? '', /^\+/)
    await dialog.locator('summary').first().click()
    assert.match((await dialog.locator('details pre').first().textContent()) ?? '', /Installing the driver/)
    assert.doesNotMatch(await dialog.innerText(), /undefined/)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    assert.equal(await focused(page), await cell.getAttribute('aria-label'))
    await done(opened)
  })

  test('the failure in the summary opens its output', async () => {
    const opened = await open('1 host')
    const { page } = opened
    await page.locator('#summary .failures button').click()
    assert.match(
      (await page.getByRole('dialog').textContent()) ?? '',
      /exit status 1.*No space left on device/s,
    )
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await done(opened)
  })

  test('keys reach and open every cell', async () => {
    const opened = await open('200 hosts')
    const { page } = opened
    await page.getByLabel('Show', { exact: true }).focus()
    await page.keyboard.press('Tab')
    assert.match(await focused(page), /^pve01, nvidia_driver : /)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowRight')
    assert.match(await focused(page), /^pve02, nvidia_driver : .* 2: /)
    await page.keyboard.press('Control+End')
    assert.match(await focused(page), /^gpu-ct-20-09.*, lxc_passthrough : .* 30: did not run/)
    await page.keyboard.press('PageUp')
    await page.keyboard.press('Home')
    assert.match(await focused(page), /^pve20, nvidia_driver|^gpu-ct-\d\d-\d\d, nvidia_driver : .* 1: /)
    await page.keyboard.press('Control+Home')
    await page.keyboard.press('Enter')
    assert.match((await page.getByRole('dialog').textContent()) ?? '', /pve01: nvidia_driver/)
    await page.keyboard.press('Escape')
    assert.match(await focused(page), /^pve01, /)
    await done(opened)
  })

  test('filters keep the hosts that failed, or that a text names', async () => {
    const opened = await open('200 hosts')
    const { page } = opened
    const rows = page.locator('table.matrix tbody tr:not([hidden])')
    assert.equal(await rows.count(), 200)
    await page.getByLabel('Show', { exact: true }).selectOption('failed')
    assert.deepEqual(await rows.locator('th').allTextContents(), ['pve20', 'gpu-ct-20-09 !'])
    await page.getByLabel('Show', { exact: true }).selectOption('all')
    await page.getByLabel('Names of hosts with').fill('ct-07')
    assert.equal(await rows.count(), 9)
    assert.equal(await page.locator('#tasks output').textContent(), '9 of 200 hosts')
    await done(opened)
  })

  test('draws a fleet at once, and rows and bars only where they are seen', async () => {
    const opened = await open('200 hosts')
    const { page } = opened
    const cells = await page.locator('td[role=gridcell]').count()
    assert.ok(cells >= 60 * 10 && cells < 60 * 150, `${cells} cells`)
    const last = page.locator('table.matrix tbody tr').last()
    await last.scrollIntoViewIfNeeded()
    await last.locator('td').nth(59).waitFor({ state: 'attached' })
    const bars = page.locator('rect.span')
    const whole = await bars.count()
    assert.ok(whole < 3000, `${whole} bars`)
    for (const _ of [1, 2, 3]) await page.getByRole('button', { name: 'Zoom in' }).click()
    const line = page.locator('svg.spans')
    assert.ok(Number(await line.getAttribute('width')) > 5000)
    await page.getByRole('button', { name: 'Show the whole run' }).click()
    assert.ok(Number(await line.getAttribute('width')) < 1280)
    await done(opened)
  })

  test('everything is drawn for paper', async () => {
    const opened = await open('80 hosts')
    const cells = opened.page.locator('td[role=gridcell]')
    assert.ok((await cells.count()) < 80 * 12)
    const pdf = await opened.page.pdf({ preferCSSPageSize: true })
    assert.ok(pdf.length > 50_000)
    assert.equal(await cells.count(), 80 * 12)
    await done(opened)
  })

  for (const size of ['1 host', '8 hosts', '200 hosts'] as const) {
    test(`the page for ${size} does not scroll sideways on a phone or a desktop`, async () => {
      const opened = await open(size, { width: 1280 })
      for (const width of [1280, 360]) {
        await opened.page.setViewportSize({ width, height: 900 })
        const wide = await opened.page.evaluate<number>('document.documentElement.scrollWidth')
        assert.ok(wide <= width, `${wide} pixels`)
      }
      await done(opened)
    })
  }

  test('the theme follows the system, the choice or the address', async () => {
    const opened = await open('1 host')
    const { page } = opened
    const ground = (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor')
    const light = await ground()
    await page.emulateMedia({ colorScheme: 'dark' })
    const dark = await ground()
    assert.notEqual(dark, light)
    await page.getByLabel('Theme').selectOption('light')
    assert.equal(await ground(), light)
    await done(opened)
    const asked = await open('1 host', { query: '?theme=dark' })
    assert.equal(await asked.page.evaluate('getComputedStyle(document.body).backgroundColor'), dark)
    await done(asked)
  })

  for (const [size, theme] of [
    ['1 host', 'dark'],
    ['8 hosts', 'light'],
    // Hosts are rows, as in every fleet; axe takes long for the cells of a large one.
    ['14 hosts', 'dark'],
  ] as const) {
    test(`axe finds nothing against ${size}, ${theme}`, async () => {
      const opened = await open(size, { query: `?theme=${theme}` })
      assert.deepEqual(await violations(opened.page), [])
      await opened.page.locator('.o-changed[role=gridcell]').first().click()
      assert.deepEqual(await violations(opened.page), [])
      await done(opened)
    })
  }
})

/** The name of the element with the focus. */
async function focused(page: Page): Promise<string> {
  return page.evaluate<string>('document.activeElement?.getAttribute("aria-label") ?? ""')
}

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

/** What axe, an accessibility checker, finds: a line for each kind, with the first element. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const { violations: found } = await page.evaluate<{ violations: readonly Violation[] }>(
    'axe.run(document, { resultTypes: ["violations"] })',
  )
  return found.map(
    ({ id, nodes }) => `${id} (${nodes.length}): ${nodes[0]?.html ?? ''} ${nodes[0]?.failureSummary ?? ''}`,
  )
}
