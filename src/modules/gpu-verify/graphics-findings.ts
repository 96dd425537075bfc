/** The findings about displays and rendering: /dev/nvidia-modeset and /dev/dri. Pure. */
import type { Finding } from '../../host/plan.ts'
import type { ContainerSeen } from './read-container.ts'

export function graphicsFindings(
  { node, graphics, forbidden }: Pick<ContainerSeen, 'node' | 'graphics' | 'forbidden'>,
  fix: string,
): readonly Finding[] {
  return [
    ...graphics.without.map((pci) => ({
      message: `the GPU at ${pci} has no device nodes in /dev/dri, which graphics needs`,
      cause: `the driver of ${node} has not loaded nvidia_drm`,
      fix: `set nvidia_host_graphics: true for ${node}, then gpuplay run site.yml -i INVENTORY`,
    })),
    ...forbidden.map((path) => ({
      message: `${path} cannot be opened`,
      cause:
        "with lxc_passthrough_style lxc, the device node has the node's owner and mode, which udev limits to a group",
      fix: `${fix}, with lxc_passthrough_style: devn`,
    })),
  ]
}

/** A sentence if the container can render, but programs that need a display controller do not work. */
export function graphicsWarning({ name, node, graphics }: ContainerSeen): string | undefined {
  if (graphics.own.length === 0 || graphics.modeset !== false) return undefined
  return `${name} can render, but programs that use GBM or Wayland do not work: nvidia_drm of ${node} is loaded without modeset=1; add "options nvidia-drm modeset=1" to a file in /etc/modprobe.d on ${node} and reboot it`
}
