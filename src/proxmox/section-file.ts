/** Proxmox's section files, such as storage.cfg (`PVE::SectionConfig` of pve-common). */

export interface StoredSection {
  readonly type: string
  readonly name: string
  /** A key without a value is a switch that is on. */
  readonly values: ReadonlyMap<string, string>
}

/** Parses `TYPE: NAME` at the start of a line, then indented `KEY VALUE`. */
export function sections(text: string): readonly StoredSection[] {
  return text.split(/^(?=\S)/m).flatMap((section) => {
    const [, type, name] = /^([\w-]+):\s*(\S+)/.exec(section) ?? []
    if (type === undefined || name === undefined) return []
    const values = [...section.matchAll(/^[ \t]+([\w-]+)(?:[ \t]+(\S.*?))?[ \t]*$/gm)]
    return [{ type, name, values: new Map(values.map(([, key = '', value = '1']) => [key, value])) }]
  })
}
