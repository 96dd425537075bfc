/** Questions about archives. */
import { HostError } from '../../base/errors.ts'
import { one, questionAbout } from '../question.ts'

const path = /\/[^\n]*/

/**
 * The number of entries of an archive that are missing in a directory, or have another content or mode there
 * (tar(1)). Other owners and times are no difference.
 */
export const differsFromArchive = questionAbout({
  words: [
    'tar',
    '--compare',
    // A colon would name another machine.
    '--force-local',
    '--file',
    one('archive', path),
    '--directory',
    one('directory', path),
    '--strip-components',
    one('strip', /[0-9]{1,2}/),
  ],
  timeout: 300_000,
  reads: ({ archive, directory }) => [
    `file:${archive}`,
    `file:${directory}`,
    `file:${directory === '/' ? '' : directory}/*`,
  ],
  parse({ code, stdout, stderr }, { archive }): number {
    const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line !== '')
    if (code !== 0 && code !== 1) {
      const said = lines.find((line) => !/: Warning: /.test(line)) ?? `tar failed with exit status ${code}`
      throw new HostError({
        code: 'read-failed',
        message: `cannot read the archive ${archive}: ${said}`,
        hint: 'archives of tar can be unpacked, also compressed ones if their program (xz, zstd) is installed',
      })
    }
    // A name of which nothing is left (`strip`) is empty.
    const counted = lines.filter((line) => !/: (?:Uid|Gid|Mod time) differs$|^tar: : Warning: /.test(line))
    return new Set(counted.map((line) => line.replace(/^tar: /, '').replace(/: [^:]*(?:: [^:]*)?$/, ''))).size
  },
})
