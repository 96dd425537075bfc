/** Python on the hosts, which Ansible needs there; gpuplay needs nothing. One image for all, so that all meet the same. */
import { join } from 'node:path'
import { cached } from '../test/lab/cache.ts'
import { aptSources } from '../test/lab/image/image.ts'
import { run } from '../test/lab/process.ts'

/** The directory that lies over the image's. */
export async function pythonLayer(image: readonly string[], say: (line: string) => void): Promise<string> {
  const script = join(import.meta.dirname, 'python-layer.sh')
  const directory = await cached(
    {
      kind: 'bench',
      inputs: [script],
      salt: image.join(':'),
      build: async (out) => {
        await run([script, out, image.join(':'), ...aptSources()], { timeout: 600_000 })
      },
    },
    say,
  )
  return join(directory, 'layer')
}
