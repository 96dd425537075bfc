/**
 * States which configuration every initramfs contains: `nvidia_blacklist` writes it after a rebuild. Whoever
 * changes modules or their configuration removes it, and the images are rebuilt.
 */
export const initramfsNote = '/var/lib/gpuplay/v1/initramfs-nvidia'
