/** Files in which apt, dpkg and systemd keep their state. */
export const books = [/^\/var\/cache\//, /^\/var\/lib\/(apt|dpkg|systemd)\//, /^\/var\/backups\//] as const
