/** Reports of fleets in a real browser. Without Chromium (test/packages.txt) these tests are skipped. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { whyNoBrowser } from '../browser.ts'
import {
  focused,
  type OpenReports,
  openReports,
  violations,
  widerThanScreen,
} from '../whole/support/open-reports.ts'

describe('a report of a fleet in Chromium', { skip: whyNoBrowser() ?? false, timeout: 120_000 }, () => {
  let reports: OpenReports
  before(async () => {
    reports = await openReports()
  })
  after(async () => reports.close())

  test('keys reach and open every cell', async () => {
    const opened = await reports.open('200 hosts')
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
    await reports.done(opened)
  })

  test('filters keep the hosts that failed, or that a text names', async () => {
    const opened = await reports.open('200 hosts')
    const { page } = opened
    const rows = page.locator('table.matrix tbody tr:not([hidden])')
    assert.equal(await rows.count(), 200)
    await page.getByLabel('Show', { exact: true }).selectOption('failed')
    assert.deepEqual(await rows.locator('th').allTextContents(), ['pve20', 'gpu-ct-20-09 !'])
    await page.getByLabel('Show', { exact: true }).selectOption('all')
    await page.getByLabel('Names of hosts with').fill('ct-07')
    assert.equal(await rows.count(), 9)
    assert.equal(await page.locator('#tasks output').textContent(), '9 of 200 hosts')
    await reports.done(opened)
  })

  test('draws a fleet at once, and rows and bars only where they are seen', async () => {
    const opened = await reports.open('200 hosts')
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
    await reports.done(opened)
  })

  test('everything is drawn for paper', async () => {
    const opened = await reports.open('80 hosts')
    const cells = opened.page.locator('td[role=gridcell]')
    assert.ok((await cells.count()) < 80 * 12)
    const pdf = await opened.page.pdf({ preferCSSPageSize: true })
    assert.ok(pdf.length > 50_000)
    assert.equal(await cells.count(), 80 * 12)
    await reports.done(opened)
  })

  for (const size of ['14 hosts', '200 hosts'] as const) {
    test(`the page for ${size} does not scroll sideways on a phone or a desktop`, async () => {
      const opened = await reports.open(size)
      assert.deepEqual(await widerThanScreen(opened.page), [])
      await reports.done(opened)
    })
  }

  test('axe finds nothing against a matrix with a row for each host', async () => {
    // It takes long for the cells of a large fleet.
    const opened = await reports.open('14 hosts', '?theme=dark')
    assert.deepEqual(await violations(opened.page), [])
    await reports.done(opened)
  })
})
