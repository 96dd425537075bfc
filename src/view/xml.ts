/** XML texts. Wraps xmlbuilder2, which takes `&lt;` in a text for an escaped `<`, so it would not show both. */
import { create } from 'xmlbuilder2'

export type XmlAttributes = Readonly<Record<string, string | number>>

export interface XmlElement {
  /** Appends an element and returns it. */
  ele(name: string, attributes?: XmlAttributes): XmlElement
  txt(text: string): void
}

export interface XmlDocument {
  readonly root: XmlElement
  /** One element a line; ends with a line end. */
  text(): string
}

/** Signs that XML has no place for, such as most control characters, become U+FFFD. */
export function xmlDocument(name: string, attributes: XmlAttributes): XmlDocument {
  const document = create({ version: '1.0', encoding: 'UTF-8', invalidCharReplacement: '\ufffd' })
  return {
    root: wrapped(document.ele(name, shown(attributes))),
    text: () => `${document.end({ prettyPrint: true })}\n`,
  }
}

function wrapped(element: ReturnType<ReturnType<typeof create>['ele']>): XmlElement {
  return {
    ele: (name, attributes = {}) => wrapped(element.ele(name, shown(attributes))),
    txt: (text) => void element.txt(escaped(text)),
  }
}

function shown(attributes: XmlAttributes): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === 'string' ? escaped(value) : value,
    ]),
  )
}

/** xmlbuilder2 escapes every `&` except that of an entity. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;')
}
