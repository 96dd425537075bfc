/** Python for the hosts, which Ansible needs and gpuplay does not. All tools use the same image. */
import { join } from 'node:path'
import { cached } from '../test/lab/cache.ts'
import { aptSources } from '../test/lab/image/image.ts'
import { run } from '../test/lab/process.ts'

/** The overlay's directory directly above that of the image. */
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
