/** The argument that names a systemd unit. */
export const unitProperty = {
  type: 'string',
  pattern: '^[A-Za-z0-9:_.\\\\@][A-Za-z0-9:_.\\\\@-]*$',
  description: 'A systemd unit; `.service` can be omitted',
} as const
