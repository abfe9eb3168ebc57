import {catchError, EMPTY, type MonoTypeOperatorFunction} from 'rxjs';

/**
 * The element of this page with an id.
 * @throws Error if the page has none of this kind
 */
export function element<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`expected the page to have a ${kind.name} #${id}`);
  return found;
}

/** The first element inside another that a selector finds. */
export function inside<Kind extends Element>(parent: ParentNode, selector: string, kind: new () => Kind): Kind {
  const found = parent.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`expected the page to have a ${kind.name} '${selector}'`);
  return found;
}

/** Writes text into the element with an id. */
export function write(id: string, text: string): void {
  element(id, HTMLElement).textContent = text;
}

/** A new element with text or children. */
export function made<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<HTMLElementTagNameMap[Tag]>,
  ...children: ReadonlyArray<Node | string>
): HTMLElementTagNameMap[Tag] {
  const created = Object.assign(document.createElement(tag), properties);
  created.append(...children);
  return created;
}

/** Says in the page what went wrong, until it is dismissed or the next job begins. */
export function showProblem(error: unknown): void {
  const alert = element('alert', HTMLElement);
  inside(alert, 'p', HTMLElement).textContent = messageOf(error);
  alert.hidden = false;
}

/** Says what went wrong, and ends the stream: for streams inside others, which shall go on. */
export function orProblem<Value>(): MonoTypeOperatorFunction<Value> {
  return catchError((error: unknown) => {
    showProblem(error);
    return EMPTY;
  });
}

/** Takes the message away. */
export function clearProblem(): void {
  element('alert', HTMLElement).hidden = true;
}

/** '87.3 %' */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** '9.8 kB' */
export function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

function messageOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'QuotaExceededError') {
    return (
      'The browser has no room left for this model. Free some of its storage, or compress to fewer bits, ' +
      'and save again.'
    );
  }
  return error instanceof Error ? error.message : String(error);
}
