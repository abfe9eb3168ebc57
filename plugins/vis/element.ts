/** What an element holds: elements, and texts that are escaped when they are written. */
export type Child = Node | string | undefined;

/** A new element with its attributes and children; those that are undefined are left out. */
export function element(
  document: Document,
  tag: string,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElement {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  for (const child of children) if (child !== undefined) made.append(child);
  return made;
}
