/** A report in a real browser. Without Chromium (test/packages.txt) these tests are skipped. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { whyNoBrowser } from '../browser.ts'
import {
  focused,
  type OpenReports,
  openReports,
  violations,
  widerThanScreen,
} from './support/open-reports.ts'

describe('a report in Chromium', { skip: whyNoBrowser() ?? false, timeout: 120_000 }, () => {
  let reports: OpenReports
  before(async () => {
    reports = await openReports()
  })
  after(async () => reports.close())

  test('shows the result, the outcomes, the failure, the times, the GPUs and the differences', async () => {
    const opened = await reports.open('8 hosts')
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
    await reports.done(opened)
  })

  test('a click on a cell shows its diff, and Escape returns to the cell', async () => {
    const opened = await reports.open('8 hosts')
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
    await reports.done(opened)
  })

  test('the failure in the summary opens its output', async () => {
    const opened = await reports.open('1 host')
    const { page } = opened
    await page.locator('#summary .failures button').click()
    assert.match(
      (await page.getByRole('dialog').textContent()) ?? '',
      /exit status 1.*No space left on device/s,
    )
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await reports.done(opened)
  })

  test('the theme follows the system, the choice or the address', async () => {
    const opened = await reports.open('1 host')
    const { page } = opened
    const ground = (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor')
    const light = await ground()
    await page.emulateMedia({ colorScheme: 'dark' })
    const dark = await ground()
    assert.notEqual(dark, light)
    await page.getByLabel('Theme').selectOption('light')
    assert.equal(await ground(), light)
    await reports.done(opened)
    const asked = await reports.open('1 host', '?theme=dark')
    assert.equal(await asked.page.evaluate('getComputedStyle(document.body).backgroundColor'), dark)
    await reports.done(asked)
  })

  for (const size of ['1 host', '8 hosts'] as const) {
    test(`the page for ${size} does not scroll sideways on a phone or a desktop`, async () => {
      const opened = await reports.open(size)
      assert.deepEqual(await widerThanScreen(opened.page), [])
      await reports.done(opened)
    })
  }

  for (const [size, theme] of [
    ['1 host', 'dark'],
    ['8 hosts', 'light'],
  ] as const) {
    test(`axe finds nothing against ${size}, ${theme}`, async () => {
      const opened = await reports.open(size, `?theme=${theme}`)
      assert.deepEqual(await violations(opened.page), [])
      await opened.page.locator('.o-changed[role=gridcell]').first().click()
      assert.deepEqual(await violations(opened.page), [])
      await reports.done(opened)
    })
  }
})
