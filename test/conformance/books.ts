/** Where apt, dpkg and systemd keep books of their own. */
export const books = [/^\/var\/cache\//, /^\/var\/lib\/(apt|dpkg|systemd)\//, /^\/var\/backups\//] as const
