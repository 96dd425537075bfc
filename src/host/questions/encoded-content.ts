/** Questions about the content of files. */
import { isUtf8 } from 'node:buffer'
import { HostError } from '../../base/errors.ts'
import { one, questionAbout } from '../question.ts'

/** The bytes of a file in base64, and its text if it is UTF-8. */
export const base64Content = questionAbout({
  words: ['base64', '-w0', one('path', /\/[^]*/)],
  reads: ({ path }) => [`file:${path}`],
  parse({ code, stdout, stderr }, { path }) {
    if (code === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(stdout)) {
      const bytes = Buffer.from(stdout, 'base64')
      return { base64: stdout, text: isUtf8(bytes) ? bytes.toString('utf8') : undefined }
    }
    const said = stderr.trim()
    throw new HostError({
      code: 'read-failed',
      message: `cannot read ${path}${said === '' ? '' : `: ${said}`}`,
    })
  },
})
