/** A report as one HTML file that opens offline. */
import { createHash } from 'node:crypto'
import { jsonText } from '../json-text.ts'
import { pageStyle } from './page-style.ts'
import type { ReportData } from './report-data.ts'

/**
 * The policy of the page lets a browser load nothing and run only this script: a text of a host that became
 * markup would still do nothing.
 * @param script The page's script (`pageScript`), one line end after each line
 * @throws Error if the script would end its element
 */
export function reportPage(data: ReportData, script: string): string {
  if (/<\/script|<!--|\r/i.test(script)) throw new Error('the script of the page cannot stand in HTML')
  const policy = [
    "default-src 'none'",
    'img-src data:',
    `style-src '${digestOf(pageStyle)}'`,
    `script-src '${digestOf(script)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  const title = `${data.playbooks.join(' ') || 'gpuplay'}: ${data.result}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${textOf(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<noscript>This report needs JavaScript. It loads nothing from the network.</noscript>
<script type="application/json" id="data">${embedded(data)}</script>
<script>${script}</script>
</body>
</html>
`
}

/** JSON in which nothing can end the element or begin a comment in it. */
function embedded(data: ReportData): string {
  return jsonText(data).replaceAll('<', '\\u003c')
}

function textOf(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

/** As in a content security policy: https://www.w3.org/TR/CSP3/#grammardef-hash-source */
function digestOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}
