/**
 * Elements of the page. Texts become text nodes and attributes, never HTML, so no text of a host can act as
 * markup.
 */

export type Child = Node | string | undefined

export type ElementAttributes = Readonly<Record<string, string | undefined>>

/** @param attributes An undefined one is left out; the policy of the page forbids `style`. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: ElementAttributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) made.setAttribute(name, value)
  made.append(...children.filter((child) => child !== undefined))
  return made
}

/** A section of the page with its heading; `id` is the target of its link. */
export function section(id: string, title: string, ...children: readonly Child[]): HTMLElement {
  const heading = `${id}-heading`
  return element(
    'section',
    { id, 'aria-labelledby': heading },
    element('h2', { id: heading }, title),
    ...children,
  )
}

/** A button that looks like a link. */
export function linkButton(text: string, act: () => void): HTMLButtonElement {
  const button = element('button', { type: 'button', class: 'link' }, text)
  button.addEventListener('click', act)
  return button
}

/** @param options.caption What a screen reader says before the table. */
export function dataTable(
  columns: readonly string[],
  rows: readonly (readonly Child[])[],
  {
    caption,
    rowClass,
  }: { readonly caption: string; readonly rowClass?: (index: number) => string | undefined },
): HTMLElement {
  const head = element('tr', {}, ...columns.map((column) => element('th', { scope: 'col' }, column)))
  const body = rows.map(([first, ...cells], index) =>
    element(
      'tr',
      { class: rowClass?.(index) },
      element('th', { scope: 'row' }, first),
      ...cells.map((cell) => element('td', { class: isLong(cell) ? 'long' : undefined }, cell)),
    ),
  )
  return scrollBox(
    caption,
    element(
      'table',
      { class: 'data' },
      element('caption', { class: 'hidden' }, caption),
      element('thead', {}, head),
      element('tbody', {}, ...body),
    ),
  )
}

/** Takes several lines, so the column needs a width. */
function isLong(cell: Child): boolean {
  return typeof cell === 'string' && cell.length > 24
}

/** A box that scrolls in both directions, with the keyboard too. */
export function scrollBox(label: string, ...children: readonly Child[]): HTMLDivElement {
  return element('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': label }, ...children)
}

/** Runs the functions around printing: only then everything has to be drawn. */
export function whenPrinted(before: () => void, after: () => void = () => undefined): void {
  addEventListener('beforeprint', before)
  addEventListener('afterprint', after)
}
