/** Reports of invented runs in a real browser. */
import assert from 'node:assert/strict'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { pageScript } from '../../../src/base/built.ts'
import { reportPage } from '../../../src/view/report/report-page.ts'
import type { FleetSize } from '../../../src/view/testing/sample-fleet.ts'
import { sampleReport } from '../../../src/view/testing/sample-report.ts'
import { type OpenPage, startBrowser } from '../../browser.ts'

const sizes = {
  '1 host': { nodes: 1, containers: 0, tasks: 30 },
  '8 hosts': { nodes: 4, containers: 1, tasks: 12 },
  '14 hosts': { nodes: 2, containers: 6, tasks: 6 },
  '80 hosts': { nodes: 8, containers: 9, tasks: 6 },
  '200 hosts': { nodes: 20, containers: 9, tasks: 30 },
} satisfies Record<string, FleetSize>

export interface OpenReports {
  /** Opens the report of a run of this size. */
  open(size: keyof typeof sizes, query?: string): Promise<OpenPage>
  /** Closes the page, which must have had nothing to complain about. */
  done(opened: OpenPage): Promise<void>
  close(): Promise<void>
}

export async function openReports(): Promise<OpenReports> {
  const script = pageScript()
  const browser = await startBrowser()
  return {
    open: async (size, query = '') =>
      browser.open(`${size.replace(' ', '-')}.html`, reportPage(sampleReport(sizes[size]), script), {
        viewport: { width: 1280, height: 900 },
        query,
      }),
    async done({ page, context, complaints }) {
      const text = await page.locator('body').innerText()
      await context.close()
      assert.deepEqual(complaints, [])
      assert.doesNotMatch(text, /undefined|NaN|\[object/)
    },
    close: async () => browser.close(),
  }
}

/** The name of the element with the focus. */
export async function focused(page: Page): Promise<string> {
  return page.evaluate<string>('document.activeElement?.getAttribute("aria-label") ?? ""')
}

/** The widths of screens, of a desktop and a phone, on which the page scrolls sideways. */
export async function widerThanScreen(page: Page): Promise<readonly number[]> {
  const found: number[] = []
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 900 })
    if ((await page.evaluate<number>('document.documentElement.scrollWidth')) > width) found.push(width)
  }
  return found
}

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

/** What axe, an accessibility checker, finds: a line for each kind, with the first element. */
export async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const { violations: found } = await page.evaluate<{ violations: readonly Violation[] }>(
    'axe.run(document, { resultTypes: ["violations"] })',
  )
  return found.map(
    ({ id, nodes }) => `${id} (${nodes.length}): ${nodes[0]?.html ?? ''} ${nodes[0]?.failureSummary ?? ''}`,
  )
}
