/** Finds NVIDIA devices in the configuration of a container. */
import type { ListedConfig } from './cluster-listing.ts'

/** The major number of `/dev/nvidia0`, `/dev/nvidiactl` and `/dev/nvidia-modeset` (NVIDIA's driver, nv.h). */
const nvidiaMajor = 195

/**
 * Returns the device nodes of NVIDIA's driver that the container gets, as `devN` or with raw lines, sorted.
 * A container whose raw lines only allow the major number has `char 195:*`.
 */
export function containerGpus({ settings, lxc }: ListedConfig): readonly string[] {
  const own = Object.entries(settings).flatMap(([key, value]) =>
    /^dev\d+$/.test(key)
      ? nvidiaPath(
          String(value)
            .replace(/^(?:.*,)?path=/, '')
            .replace(/,.*$/s, ''),
        )
      : [],
  )
  const raw = lxc.flatMap(([key, value]) =>
    key === 'lxc.mount.entry' ? nvidiaPath(value.trim().split(/\s+/)[0] ?? '') : [],
  )
  const found = [...new Set([...own, ...raw])].sort()
  const allowed = lxc.some(
    ([key, value]) =>
      /^lxc\.cgroup2?\.devices\.allow$/.test(key) && new RegExp(`^\\s*c\\s+${nvidiaMajor}:`).test(value),
  )
  return found.length > 0 || !allowed ? found : [`char ${nvidiaMajor}:*`]
}

function nvidiaPath(path: string): readonly string[] {
  return path.startsWith('/dev/nvidia') ? [path] : []
}
