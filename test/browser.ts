/** A real browser for tests and pictures of pages: Debian's Chromium, without a window and without a network. */
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core'

const program = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** Why this machine has no browser; undefined if it has one. */
export function whyNoBrowser(): string | undefined {
  try {
    accessSync(program, constants.X_OK)
    return undefined
  } catch {
    return `needs Chromium as ${program} (Debian's package chromium; CHROMIUM names another program)`
  }
}

/** An open page, and everything that it should not do. */
export interface OpenPage {
  readonly page: Page
  readonly context: BrowserContext
  /** Messages on the console, uncaught errors, and addresses of the network that the page asked for. */
  readonly complaints: readonly string[]
}

export interface PageBrowser {
  /** Opens the text as a file with this name. The context has no network. */
  open(
    file: string,
    text: string,
    options?: BrowserContextOptions & { readonly query?: string },
  ): Promise<OpenPage>
  close(): Promise<void>
}

export async function startBrowser(): Promise<PageBrowser> {
  const browser = await chromium.launch({ executablePath: program, args: quiet })
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-pages-'))
  return {
    async open(file, text, { query = '', ...options } = {}) {
      const path = join(folder, file)
      writeFileSync(path, text)
      return await opened(browser, `${pathToFileURL(path).href}${query}`, options)
    },
    async close() {
      await browser.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const quiet = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

async function opened(browser: Browser, address: string, options: BrowserContextOptions): Promise<OpenPage> {
  const context = await browser.newContext({ offline: true, reducedMotion: 'reduce', ...options })
  const complaints: string[] = []
  context.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
  context.on('weberror', (error) => complaints.push(String(error.error())))
  context.on('request', (request) => {
    if (!/^(file|data|blob):/.test(request.url())) complaints.push(`asked for ${request.url()}`)
  })
  const page = await context.newPage()
  await page.goto(address)
  return { page, context, complaints }
}
