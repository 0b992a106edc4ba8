type Child = Node | string | undefined

/** What an element starts with; `text` children are always text, never markup. */
interface ElementOptions {
  readonly class?: string
  readonly attributes?: Readonly<Record<string, string | number>>
  readonly on?: Readonly<Record<string, (event: Event) => void>>
}

/** Makes an HTML element. Strings become text nodes. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  options: ElementOptions = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const node = document.createElement(tag)
  if (options.class) node.className = options.class
  decorate(node, options, children)
  return node
}

/** Makes an SVG element. */
export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  options: ElementOptions = {},
  ...children: Child[]
): SVGElementTagNameMap[Tag] {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag)
  if (options.class) node.setAttribute('class', options.class)
  decorate(node, options, children)
  return node
}

/** Makes a plain button. */
export function button(label: string, onClick: () => void, options: ElementOptions = {}): HTMLButtonElement {
  const node = element('button', options, label)
  node.type = 'button'
  node.addEventListener('click', onClick)
  return node
}

/** Makes a section with its heading and a line that says what it shows. */
export function section(id: string, title: string, lead: string, ...children: Child[]): HTMLElement {
  return element(
    'section',
    { attributes: { id, 'aria-labelledby': `${id}-title` } },
    element(
      'div',
      { class: 'section-head' },
      element('h2', { attributes: { id: `${id}-title` } }, title),
      element('p', { class: 'lead' }, lead),
    ),
    ...children,
  )
}

/** Makes the line that stands where a section has nothing to show. */
export function emptyState(text: string): HTMLElement {
  return element('p', { class: 'empty' }, text)
}

function decorate(node: Element, { attributes = {}, on = {} }: ElementOptions, children: Child[]): void {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value))
  for (const [name, listener] of Object.entries(on)) node.addEventListener(name, listener)
  node.append(...children.filter((child) => child !== undefined))
}
